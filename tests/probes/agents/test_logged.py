"""What servers' logs make of an agent: every row of the table, and what must not alarm anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.logs.reading import Heard, ManagementLogReading
from tests.probes.agents.agent_stand import (
    AGENT,
    KVM1,
    KVM2,
    MS1,
    Fleet,
    at_host,
    at_server,
    closed,
    log,
    own,
    served,
)
from tests.probes.agents.logged_stand import (
    HOSTS,
    LATER,
    LOG,
    MOVING,
    MUTE,
    NOW,
    OTHERS,
    SERVER,
    SILENT,
    SOCKET,
    UNSEEN,
    WELL,
    Readings,
    after,
)


def test_the_task_that_pings_is_stuck() -> None:
    """Commands move both ends of the session, the log has no ping: its silence counts, and the cause is told."""
    found = after(MOVING, ms1=SILENT)
    assert (LOG, {LOG: 100.0, SERVER: 4.0, SOCKET: 4.0}, 40.0) == (found.row.evidence, found.ages, found.left)
    assert (True, True) == (found.row.connected, found.row.stopped)


def test_a_healthy_agent() -> None:
    """Its ping was written down, its session moved later: the ping counts, and nothing has stopped."""
    found = after(MOVING, ms1=log(LATER, {"kvm1": LATER - 50, "kvm2": LATER}))
    assert (LOG, 90.0, False) == (found.row.evidence, found.left, found.row.stopped)


def test_a_frozen_agent() -> None:
    """It answered a command once more after its last ping; then neither log nor socket moves: it is silent."""
    frozen = {**WELL, "ms1": at_server(served(KVM1, NOW + 40))}
    found = after(frozen, ms1=SILENT)
    assert (40.0, False) == (found.left, found.row.stopped)


def test_sockets_say_more_exactly_when_the_ping_came() -> None:
    """The line is seen some seconds after it was written; a look at the socket from before it says nothing."""
    late = log(LATER, {"kvm1": NOW + 12, "kvm2": LATER})
    assert 40.0 == after(WELL, ms1=late).left
    fleet = Fleet(HOSTS, logs={"ms1": late})
    fleet.derive(NOW, WELL)
    assert 52.0 == fleet.row(LATER, {"ms1": NOW + 11, "kvm1": NOW + 11}, **WELL).left


@pytest.mark.parametrize(
    ("readings", "said", "logs", "judges"),
    [
        # The server that has it is known: by its session,
        (MOVING, (), {"ms1": SILENT}, ("ms1",)),
        (MOVING, (), {"ms1": SILENT, "ms2": SILENT}, ("ms1",)),
        (MOVING, (), {"ms2": SILENT}, ()),
        (MOVING, (), {"ms1": MUTE, "ms2": SILENT}, ()),
        # by its host's session,
        ({**MOVING, "ms1": None}, (), {"ms1": SILENT}, ("ms1",)),
        ({**MOVING, "ms1": None}, (), {"ms2": SILENT}, ()),
        # or by the cloud's word.
        ({"ms1": None, "ms2": None, "kvm1": None}, (("kvm1", "Up", "ms1"),), {"ms1": SILENT}, ("ms1",)),
        ({"ms1": None, "ms2": None, "kvm1": None}, (("kvm1", "Up", "ms2"),), {"ms1": SILENT}, ()),
        # It is not known: all logs, or the one in which a host was heard that can't tell.
        ({"ms1": None, "ms2": None, "kvm1": None}, (), {"ms1": SILENT, "ms2": OTHERS}, ("ms1", "ms2")),
        ({"ms1": None, "ms2": None, "kvm1": None}, (), {"ms1": SILENT}, ("ms1",)),
        ({"ms1": None, "ms2": None, "kvm1": None}, (), {"ms1": MUTE}, ()),
        ({"ms1": at_server(), "ms2": None, "kvm1": at_host(own(KVM1, "192.0.2.99", LATER))}, (), {"ms1": SILENT}, ()),
        # No server runs.
        ({"ms1": closed(), "ms2": closed(), "kvm1": None}, (), {"ms1": SILENT, "ms2": SILENT}, ()),
    ],
)
def test_who_judges(
    readings: Readings,
    said: tuple[tuple[str, str, str], ...],
    logs: Mapping[str, ManagementLogReading],
    judges: tuple[str, ...],
) -> None:
    """The table, row by row; who is judged by a log counts from its last ping there."""
    found = after(readings, *said, ms1=logs.get("ms1"), ms2=logs.get("ms2"))
    assert judges == found.row.judges
    assert (LOG in found.row.heard) is bool(judges)
    assert (found.row.evidence is LOG) is bool(judges)


def test_a_log_that_is_switched_off_makes_nobody_late() -> None:
    """Its level was changed: silence is counted no further than to the last ping of anybody, then by sockets alone."""
    fleet = Fleet(HOSTS)
    least = []
    for passed in range(0, 300, 15):
        now = NOW + passed
        kvm1, kvm2 = (NOW + min(passed, end) for end in (45, 30))  # the last pings that are written down
        fleet.logs = {"ms1": log(now, {"kvm1": kvm1 - 45, "kvm2": kvm2})}
        found = fleet.row(now, **{**WELL, "ms1": at_server(served(KVM1, now - 20)), "kvm1": None})
        assert not found.row.stopped
        least.append(found.left)
    assert all(left is not None and left >= 140 - 60 - 15 for left in least)
    assert (120.0, ()) == (least[-1], found.row.judges)


def test_a_server_with_one_agent() -> None:
    """Nobody else's pings are there: whether its own have stopped or the log has can't be told."""
    fleet = Fleet((KVM1, MS1))
    for now in (NOW, LATER):
        fleet.logs = {"ms1": log(now, {"kvm1": NOW})}
        found = fleet.row(now, ms1=at_server(served(KVM1, now - 4)), kvm1=None)
    assert (130.0, False) == (found.left, found.row.stopped), "ten seconds after anybody's last ping"


def test_lines_that_were_lost_may_have_had_a_ping() -> None:
    """The time counts from the gap; how old the last ping is that was seen is told all the same."""
    found = after(MOVING, ms1=replace(SILENT, gap_until=LATER - 30))
    assert (110.0, 100.0, False) == (found.left, found.ages[LOG], found.row.stopped)


@pytest.mark.parametrize(
    ("passed", "evidence", "left"), [(60, SERVER, 136.0), (74, SERVER, 136.0), (76, UNSEEN, 64.0), (100, UNSEEN, 40.0)]
)
def test_an_agent_that_was_never_heard(passed: float, evidence: Source, left: float) -> None:
    """After an interval and some slack in which the log told of others it is silent since we follow it, at least."""
    fleet = Fleet((KVM1, KVM2, MS1))
    for now in (NOW - 20, NOW - 10, NOW + 50, NOW + passed):
        fleet.logs = {"ms1": log(now, {"kvm2": now}, since=NOW)}
        found = fleet.row(now, ms1=at_server(served(KVM1, now - 4)), kvm1=None)
    assert (evidence, left) == (found.row.evidence, found.left)
    assert LOG not in found.row.heard


@pytest.mark.parametrize(
    ("heard", "number", "counts"),
    [
        (Heard(7, LATER - 5, name="node-17"), None, True),  # it is somebody else, as the cloud says
        (Heard(7, LATER - 5), None, False),
        (Heard(7, LATER - 5), 4, True),
    ],
)
def test_an_agent_by_a_name_that_nobody_knows(heard: Heard, number: int | None, counts: bool) -> None:  # noqa: FBT001 (a column)
    """One of those who can be given to nobody may be it, unless the cloud says by what name, or number, it goes."""
    strange = replace(OTHERS, heard={**OTHERS.heard, 7: heard})
    assert SERVER is after(MOVING, first={}, ms1=strange).row.evidence
    said = ("kvm1", "Up", "ms1", number)
    assert (UNSEEN if counts else SERVER) is after(MOVING, said, first={}, ms1=strange).row.evidence
    elsewhere = {"ms1": at_server(), "ms2": at_server(served(KVM1, LATER - 4)), "kvm1": None}
    moved = after(elsewhere, ms1=SILENT, ms2=replace(OTHERS, heard={**OTHERS.heard, 7: heard}))
    assert (SERVER, 136.0) == (moved.row.evidence, moved.left)


def test_a_new_session_begins_anew() -> None:
    """The agent was restarted, or went to another server, where it has had no time to ping."""
    anew = {**MOVING, "ms1": at_server(served(KVM1, LATER - 4, port=50000))}
    found = after(anew, ms1=SILENT)
    assert (136.0, False) == (found.left, found.row.stopped)
    elsewhere = {"ms1": at_server(), "ms2": at_server(served(KVM1, LATER - 4)), "kvm1": None}
    assert 136.0 == after(elsewhere, ms1=SILENT, ms2=OTHERS).left


def test_a_lost_poll_of_the_log() -> None:
    """Silence is counted to when it was due; what it said is believed while it is fresh, then sockets are alone."""
    fleet = Fleet(HOSTS, logs={"ms1": log(NOW - 50, {"kvm1": NOW - 50, "kvm2": NOW - 50})})
    fleet.row(NOW - 50, **{**WELL, "ms1": at_server(served(KVM1, NOW - 50))})
    fleet.logs = {"ms1": log(NOW, {"kvm1": NOW - 50, "kvm2": NOW})}
    found = [
        fleet.row(NOW + passed, **{**WELL, "ms1": at_server(served(KVM1, NOW + passed - 1))}) for passed in (0, 10, 20)
    ]
    assert [90.0, 80.0, 80.0] == [one.left for one in found], "ten seconds after anybody's last ping"
    fleet.logs = {}
    gone = fleet.row(NOW + 45, **{**WELL, "ms1": at_server(served(KVM1, NOW + 44))})
    assert (SERVER, 139.0, None) == (gone.row.evidence, gone.left, gone.row.stopped)


def test_a_log_without_sockets() -> None:
    """No server tells of sockets at all (ss is missing there): the log alone counts down, and finds it connected."""
    fleet = Fleet((KVM1, KVM2, MS1), logs={"ms1": log(NOW, {"kvm1": NOW - 20, "kvm2": NOW})})
    found = fleet.row(NOW, ms1=None, kvm1=None)
    assert (True, LOG, 120.0) == (found.row.connected, found.row.evidence, found.left)
    fleet.logs = {"ms1": log(NOW + 50, {"kvm1": NOW, "kvm2": NOW + 50})}
    fleet.derive(NOW + 50, {"ms1": None, "kvm1": None})
    fleet.logs = {"ms1": SILENT}
    late = fleet.row(LATER, ms1=None, kvm1=None)
    assert (None, LOG, 40.0, False) == (late.row.connected, late.row.evidence, late.left, late.row.stopped)


def test_a_server_that_came_back() -> None:
    """It knows no pings from before: who returns has a whole limit to ping."""
    fleet = Fleet(HOSTS, logs={"ms1": log(NOW, {"kvm1": NOW - 5, "kvm2": NOW})})
    one = {"ms2": closed(), "kvm1": None}
    fleet.row(NOW, ms1=at_server(served(KVM1, NOW - 5)), **one)
    assert None is fleet.row(NOW + 50, ms1=closed(), **one).left
    fleet.logs = {"ms1": log(LATER, {"kvm1": NOW - 5, "kvm2": LATER})}
    assert 140.0 == fleet.row(LATER, ms1=at_server(served(KVM2, LATER)), **one).left


def test_a_log_that_has_news_of_some() -> None:
    """Rows of agents of which neither socket nor log has changed are the same objects."""
    fleet = Fleet(HOSTS, logs={"ms1": log(NOW, {"kvm1": NOW}), "ms2": log(NOW, {"kvm2": NOW})})
    both = {**WELL, "ms2": at_server(served(KVM2, NOW)), "kvm2": None}
    first = fleet.derive(NOW, both).rows
    fleet.logs = {**fleet.logs, "ms1": log(NOW + 15, {"kvm1": NOW + 9})}
    second = fleet.derive(NOW + 15, both, dict.fromkeys(both, NOW)).rows
    assert [False, True] == [first[name, AGENT] is second[name, AGENT] for name in ("kvm1", "kvm2")]
    assert 130.0 == second["kvm1", AGENT].left(NOW + 24), "ten seconds after anybody's last ping"
