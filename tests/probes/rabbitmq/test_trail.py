"""Queues over time: what was given out and does not come back, told apart from work that goes on."""

from __future__ import annotations

import pytest

from cs_exporter.parsers.rabbitmq import Queue
from cs_exporter.probes.rabbitmq.queues import QueueRow, Scope
from cs_exporter.probes.rabbitmq.trail import Confirmations, Confirmed, Held, Trail, confirm, follow

KEY = "/", "conductor"


@pytest.mark.parametrize(
    ("counts", "held", "growing"),
    [
        ([0, 0, 0], None, False),
        ([2, 4, 4], Held(0, 2, 4, 0, 4), True),
        ([0, 3, 5, 8], Held(15, 3, 8, 2, 3), True),
        ([1, 1, 1], Held(0, 1, 1, 0, 1), False),  # one long task
        ([5, 3, 4], Held(15, 3, 4, 1, 3), True),  # it worked in between
        ([5, 0, 4], Held(30, 4, 4, 0, 4), False),
        ([4, 6, 0], None, False),
        ([2, None, 4], Held(0, 2, 4, 1, 2), True),  # not told is not nought
        ([None, 4], Held(15, 4, 4, 0, 4), False),
    ],
)
def test_counts(counts: list[int | None], held: Held | None, *, growing: bool) -> None:
    """One look every 15 s."""
    trail: Trail = {}
    for number, count in enumerate(counts):
        row = QueueRow(Scope.TOPIC, Queue("/", "conductor", 0, count, 1))
        trail = follow(trail, [row], 15.0 * number)
    assert held == trail.get(KEY)
    assert growing == (held is not None and held.growing)


@pytest.mark.parametrize(
    ("counts", "climbing"),
    [
        ([3, 5, 8, 10, 13, 15, 18, 20], True),
        ([3, 5, 8, 10, 13, 15, 18], False),
        ([3, 5, 8, 10, 13, 15, 18, 18, 20], False),  # it stood still
        ([10, 12, 14, 16, 18, 20, 22, 24], False),  # something was there before, and was confirmed
    ],
)
def test_a_count_that_climbs(counts: list[int], *, climbing: bool) -> None:
    """Eight looks of which each finds more, and many times as many in the end."""
    trail: Trail = {}
    for number, count in enumerate(counts):
        trail = follow(trail, [QueueRow(Scope.TOPIC, Queue("/", "conductor", 0, count, 1))], 15.0 * number)
    assert climbing == trail[KEY].climbing


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([84, 84, 84], Confirmed(84, 0)),
        ([84, 86, 86], Confirmed(86, 15)),
        ([0, 0, 0], Confirmed(0, 0)),
        ([None, None, 0], Confirmed(0, 0)),  # its first message ever is on its way
        ([None, 5, 5], Confirmed(5, 15)),
        ([5, 0, 0], Confirmed(0, 15)),  # its channel was closed, and another one begins at nought
    ],
)
def test_what_is_confirmed(counts: list[int | None], expected: Confirmed) -> None:
    """Since when it is the same number, one look every 15 s."""
    found: Confirmations = {}
    for number, count in enumerate(counts):
        found = confirm(found, {} if count is None else {KEY: count}, 15.0 * number)
    assert {KEY: expected} == found


def test_a_queue_that_is_gone() -> None:
    """It leaves nothing behind."""
    assert {} == follow({KEY: Held(0, 1, 2)}, [], 15)
