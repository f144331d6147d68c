"""A management server over time: its clock, its life, and the agents that it lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.probes.cloudstack import host_rows
from cs_exporter.probes.cloudstack.host_rows import HostRow
from cs_exporter.probes.cloudstack.server_rows import COMPARED, LATELY, RETIRED, ServerRow, counted, follow
from tests.probes.cloudstack.states_stand import KVM1, MS1, PING


def course(*ages: float | None, state: str = "Up") -> ServerRow:
    """The row after heartbeats of these ages."""
    row: ServerRow | None = None
    for age in ages:
        row = follow(row, replace(MS1, beat_age=age, state=state), 0, 0, 0.0)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ((0.2, 1.4, 0.9), 0.0),
        ((-0.9, -2.2, -1.5), 2.2),
        ((-2.2, *[-0.5] * COMPARED), 0.5),
        ((4.0, 5.1), 0.0),
        ((None, None), None),
    ],
)
def test_a_clock_that_is_ahead(ages: tuple[float | None, ...], expected: float | None) -> None:
    """By the lowest age of some: just after a beat it is by as much less than nothing as the clock is ahead."""
    assert expected == course(*ages).ahead


def test_down_it_writes_nothing() -> None:
    """Its old heartbeats tell nothing of its clock."""
    assert course(-5.0, -5.0, state="Down").ahead is None


@pytest.mark.parametrize(
    ("state", "age", "expected"),
    [("Down", RETIRED + 1, True), ("Down", RETIRED, False), ("Up", RETIRED + 1, False), ("Down", None, False)],
)
def test_retired(state: str, age: float | None, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """Down for a week: its row stays in the database when the machine is given away."""
    assert expected is course(age, state=state).retired


@pytest.mark.parametrize(
    ("age", "watched", "expected"),
    [
        (150.0, 0.0, True),
        (LATELY, 9e9, True),
        (LATELY + 1, 0.0, False),
        (None, LATELY, True),
        (None, LATELY + 1, False),
    ],
)
def test_down_lately(age: float | None, watched: float, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """By its last heartbeat; where the source tells none, by how long the exporter has seen it so."""
    said = replace(MS1, state="Down", beat_age=age)
    row = follow(follow(None, said, 0, 0, 50.0), said, 0, 0, 60.0)
    assert expected is row.down_lately(50.0 + watched)


def test_one_given_away_stays_so_where_its_heartbeat_is_not_told() -> None:
    """As when the API answers in place of the database: it is no news then."""
    said = replace(MS1, state="Down", beat_age=RETIRED + 1)
    assert follow(follow(None, said, 0, 0, 0.0), replace(said, beat_age=None), 0, 0, 15.0).retired


def test_who_is_not_down_has_no_such_time() -> None:
    """It starts anew each time; and a server that goes on purpose owes no heartbeats."""
    down = follow(None, replace(MS1, state="Down", beat_age=None), 0, 0, 50.0)
    back = follow(down, MS1, 0, 0, 60.0)
    again = follow(back, down.said, 0, 0, 9000.0)
    assert (None, MS1.beat_age) == (back.down_lately(9e9), back.beat_age)
    assert (True, None) == (again.down_lately(9000.0), again.beat_age)
    assert follow(None, replace(MS1, state="ShuttingDown"), 0, 0, 0.0).beat_age is None


@pytest.mark.parametrize(("state", "expected"), [("Up", "Up"), ("PreparingForShutDown",) * 2, ("Sick", "other")])
def test_states(state: str, expected: str) -> None:
    """Those that there are, and one word for all others."""
    assert expected == course(0.5, state=state).state


def test_peers_count_while_it_is_up() -> None:
    """A server that is Down is called so rightly."""
    said = replace(MS1, peers_down=2)
    assert 2 == follow(None, said, 0, 0, 0.0).peers_down
    assert follow(None, replace(said, state="Down"), 0, 0, 0.0).peers_down is None


@pytest.mark.parametrize(
    ("agents", "lost", "expected"),
    [(9, 0, 0.0), (10, 2, 0.0), (7, 3, 0.3), (0, 4, 1.0), (0, 0, 0.0), (None, None, None)],
)
def test_the_share_that_is_lost(agents: int | None, lost: int | None, expected: float | None) -> None:
    """Of those that it had; two hosts are no share."""
    assert expected == follow(None, MS1, agents, lost, 0.0).lost_ratio


def test_its_own_count_of_agents_goes_first() -> None:
    """Where the source tells it: agents of system VMs are in it. None that nobody owns says nothing of servers."""
    assert (7, 3) == tuple(follow(None, replace(MS1, agents=own), 3, 0, 0.0).agents for own in (7, None))
    assert follow(None, replace(MS1, agents=0), None, None, 0.0).agents is None


def test_whose_hosts_are_lost() -> None:
    """Theirs who had them last; a host in maintenance is not lost, nor one that another server has."""
    before = [replace(KVM1, uuid=f"h{number}") for number in range(5)]
    gone = replace(KVM1, state="Disconnected", server="")
    after = [gone, gone, replace(gone, resource_state="Maintenance"), replace(KVM1, server="ms2"), KVM1]
    rows = [
        host_rows.follow(HostRow(one, 0.0, "ms1"), other, 15.0, PING, same_source=True)
        for one, other in zip(before, after, strict=True)
    ]
    having, lost = counted(rows)
    assert ({"ms1": 1, "ms2": 1}, {"ms1": 2}) == (dict(having), dict(lost))
