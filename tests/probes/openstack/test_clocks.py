"""What reports tell of the clock that stamps them: bounds that never lie, narrowed by those that come."""

from __future__ import annotations

import math

import pytest

from cs_exporter.probes.openstack.clocks import Bounds, Edges, agreed, apart, arrived, narrowed, standing


def edges(*reports: Bounds) -> Edges:
    """As a row keeps them."""
    return tuple(edge for one in reports for edge in (one.low, one.high))


@pytest.mark.parametrize("skew", [-120, -70, -35, 0, 35, 70])
@pytest.mark.parametrize("phase", range(10))
def test_bounds_hold_the_truth(skew: int, phase: int) -> None:
    """A report every 10 s, a look every 15 s, whole seconds: whatever the phase, the clock's error is within them."""
    found = []
    for look in range(15, 75, 15):
        at = (look - phase) // 10 * 10 + phase
        found.append(arrived(look - at - skew, 15))
        assert found[-1].low <= skew <= found[-1].high
    both = narrowed(edges(*found))
    assert both.low <= skew <= both.high
    assert 15 > both.high - both.low


def test_what_was_there_before_we_looked_may_be_of_any_age() -> None:
    """It is not from the future: that is all."""
    assert Bounds(-501, math.inf) == standing(500)
    assert 69 == standing(-70).low


def test_a_clock_that_was_set_is_known_by_the_next_report() -> None:
    """What contradicts the latest report is of before."""
    assert Bounds(-6, 11) == narrowed(edges(arrived(72, 15), arrived(75, 15), arrived(5, 15)))
    assert Bounds() == narrowed(())


def test_one_clock_of_several_is_wrong() -> None:
    """Theirs, and not the one that ages are told by, as long as no more than half say so."""
    right, wrong = Bounds(-5, 10), Bounds(-75, -60)
    assert 0 == agreed([right, right, wrong], 3)
    assert 0 == agreed([right, wrong], 3)
    assert 0 == agreed([], 3)
    assert 0 == agreed([standing(500)] * 3, 3)


def test_most_clocks_say_that_the_reference_is_wrong() -> None:
    """By as much as they agree on, and no more than is certain."""
    assert -60 == agreed([Bounds(-75, -60), Bounds(-70, -58), Bounds(-5, 10)], 3)
    assert 65 == agreed([Bounds(60, 75), Bounds(65, 80)], 3)
    assert 0 == agreed([Bounds(2, 12), Bounds(1, 9)], 3)


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        ([], 0),
        ([Bounds(-5, 10), Bounds(-9, 3)], 0),
        ([Bounds(-5, 10), Bounds(-45, -30)], 40),
        ([Bounds(-5, 10), Bounds(-45, -30), Bounds(60, 75)], 105),
        ([Bounds(69, math.inf), Bounds(-5, 10)], 66.5),
        ([Bounds(-45, -30), Bounds(-5, 10), Bounds(-2, 14), Bounds(-14, 0)], 36.5),
    ],
)
def test_how_far_two_are_apart(clocks: list[Bounds], expected: float) -> None:
    """From the middle of one to that of the other; clocks that may be the same tell more together."""
    assert expected == apart(clocks)


def test_what_is_certainly_off() -> None:
    """The least of it, with its sign; nothing within the tolerance."""
    assert -60 == Bounds(-75, -60).beyond(3)
    assert 69 == Bounds(69, math.inf).beyond(3)
    assert 0 == Bounds(-75, -2).beyond(3)
    assert 9 == Bounds(-1, 14).shifted(10).beyond(3)
