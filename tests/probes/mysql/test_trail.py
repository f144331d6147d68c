"""Differences between readings of a database server: counters that begin anew, queues, and the share of stalls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.parsers.mysql_galera import GaleraNode, NodeState
from cs_exporter.parsers.mysql_status import ServerStatus
from cs_exporter.probes.mysql.trail import ORDINARY, RECENT, Trail, follow, waited

KEPT, ANEW = (1, 100), (2, 7)
STATUS = ServerStatus(5, 1000, 1, 6, 3, 0, 0)
NODE = GaleraNode(
    *("c", frozenset(), "u", "1", 3),
    primary=True,
    connected=True,
    ready=True,
    state=NodeState.SYNCED,
    queue=0,
    number=None,
    paused_ns=0,
)


def seen(refusals: int | None, uptime: int) -> ServerStatus:
    """A status with these."""
    return replace(STATUS, refusals=refusals, uptime=uptime)


@pytest.mark.parametrize(
    ("connection", "refusals", "uptime", "expected"),
    [
        (KEPT, 3, 1015, 0),
        (KEPT, 8, 1015, 5),
        (KEPT, 1, 1015, 1),  # FLUSH STATUS
        (KEPT, 5, 400, 2),  # the host's clock was set back: the connection is the same, so the server is
        (ANEW, 5, 10, 5),  # restarted, and refused more since then than ever before
        (ANEW, 2, 10, 2),
        (ANEW, 5, 1015, 2),  # only the connection was lost
        (ANEW, 5, 1012, 2),
        (ANEW, 5000, 9_000_000, 0),  # the address has moved to another server, which refused them in its long life
        (ANEW, 40, 500, 0),
        (KEPT, None, 1015, 0),
    ],
)
def test_refusals(connection: tuple[int, int], refusals: int | None, uptime: int, expected: int) -> None:
    """What has come since the reading before; never negative, and nothing is lost by a restart."""
    before = follow(None, 1000.0, KEPT, STATUS, None)
    assert 0 == before.recent_refusals
    assert expected == follow(before, 1015.0, connection, seen(refusals, uptime), None).recent_refusals


def test_refusals_are_recent_for_five_minutes() -> None:
    """Also over runs in which the server said nothing."""
    trail = follow(None, 0.0, KEPT, seen(0, 1), None)
    trail = follow(trail, 15.0, KEPT, seen(2, 16), None)
    trail = follow(trail, 200.0, KEPT, seen(3, 201), None)
    assert 3 == trail.recent_refusals
    silent = waited(trail, 15.0 + RECENT)
    assert silent is not None
    assert (1, None) == (silent.recent_refusals, waited(None, 0.0))
    assert 0 == follow(silent, 600.0, KEPT, seen(3, 601), None).recent_refusals


@pytest.mark.parametrize(
    ("before", "now", "passed", "expected"),
    [
        (0, 0, 15.0, 0.0),
        (1_000_000_000, 4_000_000_000, 15.0, 0.2),
        (0, 90_000_000_000, 15.0, 1.0),  # counted by a clock that runs a little faster
        (5, 4, 15.0, None),  # FLUSH STATUS
        (None, 4, 15.0, None),
        (0, 1, 0.0, None),
    ],
)
def test_share_of_stalls(before: int | None, now: int, passed: float, expected: float | None) -> None:
    """Nanoseconds of flow control over the time between the readings."""
    first = follow(None, 10.0, KEPT, STATUS, replace(NODE, paused_ns=before))
    assert first.paused_ratio is None
    assert expected == follow(first, 10.0 + passed, KEPT, STATUS, replace(NODE, paused_ns=now)).paused_ratio


def test_another_servers_stalls_and_queue_are_not_compared() -> None:
    """The address has moved: its counter stood elsewhere, and its queue has a course of its own."""
    first = follow(None, 10.0, KEPT, STATUS, replace(NODE, paused_ns=0, queue=50))
    moved = follow(first, 25.0, ANEW, seen(3, 9_000_000), replace(NODE, paused_ns=6_000_000_000, queue=90))
    assert (None, 0.0) == (moved.paused_ratio, moved.unshrunk_seconds)
    reconnected = follow(first, 25.0, ANEW, seen(3, 1015), replace(NODE, paused_ns=3_000_000_000, queue=90))
    assert (0.2, 15.0) == (reconnected.paused_ratio, reconnected.unshrunk_seconds)


def test_a_queue_that_does_not_shrink() -> None:
    """As captured while a lock held one node: 14, 19, 22, 27, 34, then released; from ORDINARY on it counts."""
    trail: Trail | None = None
    ages = []
    for number, queue in enumerate((0, 14, 19, 22, 27, 34, 33, 34, 0)):
        trail = follow(trail, 7.0 * number, KEPT, STATUS, replace(NODE, queue=queue))
        ages.append(trail.unshrunk_seconds)
    assert [0, 0, 0, 7, 14, 21, 0, 7, 0] == ages


@pytest.mark.parametrize(("queue", "expected"), [(1, 0.0), (ORDINARY - 1, 0.0), (ORDINARY, 105.0)])
def test_a_short_queue_is_everyday_work(queue: int, expected: float) -> None:
    """A busy node has one or two in hand at every look."""
    trail: Trail | None = None
    for number in range(8):
        trail = follow(trail, 15.0 * number, KEPT, STATUS, replace(NODE, queue=queue))
    assert trail is not None
    assert expected == trail.unshrunk_seconds


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 100), st.booleans()), min_size=1))
def test_any_course(course: list[tuple[int, int, bool]]) -> None:
    """Refusals are never negative and never more than all the counters ever said."""
    trail: Trail | None = None
    for at, (refusals, uptime, lost) in enumerate(course):
        trail = follow(trail, float(at), (at if lost else 0, 1), seen(refusals, uptime), None)
        assert 0 <= trail.recent_refusals <= sum(number for number, _, _ in course)
