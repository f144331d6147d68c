"""A hypervisor over time: since when it is as it is, how often that changed, and pings that do not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cs_exporter.platforms.cloudstack.states import HostState
from cs_exporter.probes.cloudstack.host_rows import IN_A_ROW, LOST, WINDOW, HostRow, follow
from tests.probes.cloudstack.states_stand import KVM1, PING, WALL

Step = tuple[float, HostState]


def course(*steps: Step, same_source: bool = True) -> HostRow:
    """The row after these (moment, word)."""
    row: HostRow | None = None
    for moment, said in steps:
        row = follow(row, said, moment, PING, same_source=same_source)
    assert row is not None
    return row


def moved(by: int, connected: float = 0.0, state: str = "Up", hypervisor: str = "KVM") -> HostState:
    """The host with so many transitions more, and last_ping so many seconds later."""
    transitions, first = (KVM1.transitions or 0) + by, KVM1.connected or 0.0
    return replace(KVM1, transitions=transitions, connected=first + connected, state=state, hypervisor=hypervisor)


INVESTIGATED = [moved(number, 86400 + 60.0 * number) for number in range(1, 5)]
"""An investigation that finds it up, again and again."""

SINCE: dict[str, tuple[Sequence[Step], float]] = {
    "nothing happens": ([(0, KVM1), (15, KVM1), (30, KVM1)], 0),
    "another state": ([(0, KVM1), (15, moved(1, state="Alert")), (30, moved(1, state="Alert"))], 15),
    "there and back between two polls": ([(0, KVM1), (15, moved(3, 86400)), (30, moved(3, 86400))], 15),
    "an investigation that finds it up": ([(0, KVM1), (15, INVESTIGATED[0])], 0),
    "disabled is no state": ([(0, KVM1), (15, replace(KVM1, resource_state="Disabled"))], 0),
}


@pytest.mark.parametrize(("steps", "expected"), SINCE.values(), ids=SINCE)
def test_since_when(steps: Sequence[Step], expected: float) -> None:
    """By the exporter's clock, from first sight."""
    assert expected == course(*steps).since


def test_without_counts_only_what_is_seen_counts() -> None:
    """As by the API, or where the source has changed: an unseen return is none."""
    unknown = replace(KVM1, transitions=None)
    steps = [(0.0, unknown), (15.0, replace(unknown, state="Connecting")), (30.0, unknown)]
    assert (30, 2) == (course(*steps).since, course(*steps).changed)
    assert (0, 0) == (course((0, KVM1), (15, moved(9)), same_source=False).since, course((0, KVM1)).changed)


def test_changes_are_counted_for_a_while() -> None:
    """All that the cloud counted between two polls, and none twice."""
    steps = [(0.0, KVM1), (15.0, moved(3)), (30.0, moved(3)), (45.0, moved(7, state="Connecting"))]
    assert 7 == course(*steps).changed
    assert 4 == course(*steps, (WINDOW + 20, moved(7, state="Connecting"))).changed
    assert 0 == course(*steps, (WINDOW + 50, moved(7, state="Connecting"))).changed
    assert 0 == course((0, moved(9)), (15, KVM1)).changed


PINGS: dict[str, tuple[Sequence[Step], bool]] = {
    "once is the investigation of a lost connection": ([(0, KVM1), (15, INVESTIGATED[0])], False),
    "twice, a ping interval apart": ([(0, KVM1), (15, INVESTIGATED[0]), (75, INVESTIGATED[1])], True),
    "and again": ([(0, KVM1), *((15 + 60 * at, said) for at, said in enumerate(INVESTIGATED))], True),
    "late, for the command timed out": ([(0, KVM1), (15, moved(1, 100)), (195, moved(2, 280))], True),
    "far apart": ([(0, KVM1), (15, moved(1, 100)), (250, moved(2, 330))], False),
    "close together": ([(0, KVM1), (15, moved(1, 100)), (30, moved(2, 110))], False),
    "a reconnect": ([(0, KVM1), (15, moved(3, 100)), (75, moved(6, 160))], False),
    "a reconnect in between": ([(0, KVM1), (15, moved(1, 100)), (45, moved(4, 130)), (75, moved(5, 160))], False),
    "pings came back": ([(0, KVM1), (15, moved(1, 100)), (75, moved(2, 160)), (280, moved(2, 160))], False),
    "it went into Alert": ([(0, KVM1), (15, moved(1, 100)), (75, moved(2, 160)), (90, moved(3, state="Alert"))], False),
    "counted, and last_ping stands still": ([(0, KVM1), (15, moved(1)), (75, moved(2))], False),
    "never Up": (
        [(0, replace(KVM1, state="Alert")), *((15 + 60.0 * at, moved(at, 60.0 * at, state="Alert")) for at in (1, 2))],
        False,
    ),
    "asked by the server itself": (
        [(15 + 60.0 * at, moved(at, 60.0 * at, hypervisor="VMware")) for at in (0, 1, 2)],
        False,
    ),
}


@pytest.mark.parametrize(("steps", "expected"), PINGS.values(), ids=PINGS)
def test_missing_pings(steps: Sequence[Step], expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """last_ping and update_count move together, about once in a ping interval, and the host stays Up."""
    assert expected is course(*steps).pings_missing


def test_investigations_are_no_flapping() -> None:
    """A host whose pings are missing is no host whose state changes."""
    assert 0 == course((0, KVM1), *((15 + 60.0 * at, said) for at, said in enumerate(INVESTIGATED))).changed
    assert 2 == IN_A_ROW


def test_who_lost_it() -> None:
    """The server that had it last, for a while; nobody, once another one has it."""
    gone = replace(KVM1, state="Disconnected", server="")
    assert ("ms1", None) == (course((0, KVM1)).owner, course((0, KVM1)).lost)
    lost = course((0, KVM1), (15, gone), (30, gone))
    assert ("ms1", 15) == (lost.owner, lost.lost)
    assert course((0, KVM1), (15, gone), (16 + LOST, gone)).lost is None
    back = course((0, KVM1), (15, gone), (30, replace(KVM1, server="ms2")))
    assert ("ms2", None) == (back.owner, back.lost)
    assert course((0, KVM1), (15, gone), same_source=False).lost is None


@pytest.mark.parametrize(
    ("state", "expected"), [("Up", "Up"), ("Rebalancing", "Rebalancing"), ("Updating", "other"), ("", "other")]
)
def test_states(state: str, expected: str) -> None:
    """Those that there are, and one word for all others."""
    assert expected == course((0, replace(KVM1, state=state))).state


def test_a_host_of_which_nothing_changes_costs_nothing() -> None:
    """Its row is the one of before."""
    row = follow(None, KVM1, 0.0, PING, same_source=True)
    assert row is follow(row, replace(KVM1), 15.0, PING, same_source=True)
    assert WALL - 86400 == KVM1.connected
