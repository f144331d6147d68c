"""A captured Galera cluster second by second: one frozen, two frozen, both back with old views, one held by a backup.

What is red in each second, and nothing else: a node that is frozen is mute, one without a majority says so, a donor is
at work, and a cluster that changes between two looks is not split.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cs_exporter.probes.mysql.galera_cluster import SPEC
from tests.probes.mysql.galera_course import INTERVAL, NODES, Cluster, Red, course, replay, timeline

IN_TURN = {"db1": 0, "db2": 5, "db3": 10}
E4 = {"G1": 0, "G2": 25, "G3": 55, "G4": 80}
"""All of it: db3 is frozen from 0 on, db2 from 25 on, both go on from 55 on, and db3 is locked from 80 on."""


def frozen(name: str) -> Red:
    """What tells of a node that is stopped."""
    return frozenset({(name, "MysqlMute"), (name, "MysqlUnavailable"), (name, "GaleraMemberSilent")})


def refusing(name: str) -> Red:
    """What tells of a node without a majority, but for its size."""
    return frozenset({(name, "GaleraNotPrimary"), (name, "GaleraNotReady")})


def small(*names: str) -> Red:
    """What tells of a cluster that has lost members."""
    return frozenset((name, "GaleraTooSmall") for name in names)


WELL: Red = frozenset()
SPLIT: Red = frozenset({("", "GaleraSplit")})


async def test_the_whole_course_asked_every_15_seconds() -> None:
    """Each symptom at the first look after its fault, and gone with the first look after the mend."""
    expected = {
        -15: WELL,
        10: frozen("db3"),  # frozen for 10 s; db1 and db2 were asked when they still counted three
        15: frozen("db3") | small("db1"),  # db2's word is of second 5: no contradiction
        20: frozen("db3") | small("db1", "db2"),
        35: frozen("db3") | frozen("db2") | small("db1"),
        45: frozen("db3") | frozen("db2") | refusing("db1") | small("db1"),
        65: frozen("db3") | small("db2") | refusing("db1") | small("db1"),  # db2: "2 members, Primary, Synced, ready"
        70: small("db2") | refusing("db1") | small("db1"),
        75: small("db2"),
        80: WELL,
    }
    assert expected == await replay(course(**E4), IN_TURN)


@pytest.mark.parametrize("late", range(INTERVAL))
async def test_whoever_is_asked_first(late: int) -> None:
    """Whenever nodes have their turn: frozen ones are found in 15 s, nothing lingers, and a lock of 40 s is no symptom.

    A split may be seen while there is one: while db2 goes on with its old view, in seconds 58 to 70.
    """
    turns = {"db1": late, "db2": (late * 4 + 3) % INTERVAL, "db3": (late * 7 + 1) % INTERVAL}
    found = await replay(course(**E4), turns)

    def at(second: int) -> Red:
        return found[max(moment for moment in found if moment <= second)]

    assert frozen("db3") | small("db1", "db2") == at(24)
    assert frozen("db3") | frozen("db2") | refusing("db1") | small("db1") == at(54)
    assert WELL == at(85) == at(134)
    assert all(58 <= second <= 85 for second, red in found.items() if SPLIT <= red)
    seen = {name for red in found.values() for _, name in red}
    assert seen <= {
        *("MysqlMute", "MysqlUnavailable", "GaleraMemberSilent", "GaleraTooSmall"),
        *("GaleraNotPrimary", "GaleraNotReady", "GaleraSplit"),
    }


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("G1", {0: WELL, 2: frozen("db3"), 7: frozen("db3") | small("db1", "db2")}),
        (
            "G2",
            {
                2: frozen("db2") | frozen("db3") | small("db1"),
                10: frozen("db2") | frozen("db3") | small("db1") | refusing("db1"),
            },
        ),
        (
            "G3",
            {
                # Three nodes, three views; db2 alone would be green but for its size, and db3 altogether.
                3: SPLIT | small("db1", "db2") | refusing("db1"),
                6: SPLIT | small(*NODES) | refusing("db1") | refusing("db3"),
                12: SPLIT | small(*NODES) | refusing("db1") | refusing("db2") | refusing("db3"),
                15: WELL,
            },
        ),
        ("G4", {7: WELL}),
    ],
)
async def test_all_asked_at_once_at_every_captured_look(part: str, expected: Mapping[int, Red]) -> None:
    """Nothing stays green that is not, and what is well again is green again."""
    cluster, found = Cluster(), dict[int, Red]()
    for second, views in timeline(part).items():
        cluster.clock.now = 1000.0 + second
        for name in NODES:
            await cluster.ask(name, views.get(name))
        red = cluster.red()
        if not found or red != found[max(found)]:
            found[second] = red
    assert expected == found


async def test_a_lock_that_does_not_end() -> None:
    """The donor of the captured course, which goes on as it began: its queue is told after a minute and a bit."""
    looks = {second: views for second, views in timeline("G4").items() if second <= 35}
    for second in range(42, 120, 7):
        db3 = {**looks[35]["db3"], "local_recv_queue": str(second)}
        looks[second] = {**looks[35], "db3": db3}
    queue = frozenset({("db3", "GaleraQueueGrows")})
    assert {-15: WELL, 100: queue} == await replay(looks, IN_TURN)


async def test_a_split_that_lasts() -> None:
    """Each was begun anew with the same data: it says Primary and ready, and has the same number of change."""
    well = timeline("G1")[0]
    begun = {name: {**well[name], "c_size": "1"} for name in NODES}
    expected = {
        -15: WELL,
        20: small("db2"),
        25: small("db2", "db3"),
        30: small(*NODES),
        35: small(*NODES) | SPLIT,
    }
    assert expected == await replay({0: well, 20: begun, 59: begun}, IN_TURN)


def test_a_split_pages_after_three_looks() -> None:
    """Longer than the old view of a node that comes back, which lasted for less than twelve seconds."""
    [row] = [symptom for symptom in SPEC.symptoms if symptom.name == "CsGaleraSplit"]
    assert (3, "critical") == (row.runs, row.severity.value)
