"""What reports tell of the clock that stamps them: bounds of its difference from the clock that ages are told by.

A report is never from the future, and one that was not there when we last looked is no older than that look: each gives
two bounds, and some in a row narrow it down to seconds. Whose clock it is: writers.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ROUNDING = 1.0
"""Seconds by which an age may be off, either way: stamps are of whole seconds."""

KEPT = 4
"""Reports whose bounds are kept."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds that the writer's clock is ahead: at least `low`, at most `high`; infinite where nothing is known."""

    low: float = -math.inf
    high: float = math.inf

    def shifted(self, by: float) -> Bounds:
        """The same, of a reference that is behind by so much more."""
        return Bounds(self.low + by, self.high + by)

    @property
    def likely(self) -> float:
        """The middle; the one that there is of two bounds."""
        if math.isinf(self.high):
            return self.low
        return self.high if math.isinf(self.low) else (self.low + self.high) / 2

    def beyond(self, tolerance: float) -> float:
        """By how much the clock is ahead (positive) or behind (negative) at the least; 0 within the tolerance."""
        if self.low > tolerance:
            return self.low
        return self.high if self.high < -tolerance else 0.0


Edges = tuple[float, ...]
"""Low and high of the latest reports in turn, the newest last: of tens of thousands of agents, numbers alone are
nothing that garbage is looked for in."""

UNKNOWN = Bounds()
"""Nothing has been told of a clock yet."""


def standing(age: float) -> Bounds:
    """What a report tells of which only its age is known: it is not from the future."""
    return Bounds(low=-age - ROUNDING)


def arrived(age: float, within: float) -> Bounds:
    """What one tells that was stamped within the last `within` seconds."""
    return Bounds(-age - ROUNDING, max(within - age, -age) + ROUNDING)


def narrowed(reports: Sequence[float]) -> Bounds:
    """What the latest reports tell together, as in Edges: back to the first one that contradicts them."""
    return _together(zip(reports[-2::-2], reports[::-2], strict=True))


def agreed(clocks: Iterable[Bounds], tolerance: float) -> float:
    """By how much most clocks are ahead of the one that ages are told by; 0 unless more than half say otherwise.

    So it is that one which is wrong, and not all of theirs.
    """
    known = [clock for clock in clocks if math.isfinite(clock.high)]
    lows, highs = sorted(clock.low for clock in known), sorted(clock.high for clock in known)

    def holding(point: float) -> int:
        return bisect_right(lows, point) - bisect_left(highs, point)

    best, most = 0.0, holding(0.0)
    for point in sorted((*lows, *highs), key=abs):
        found = holding(point)
        if found > most:
            best, most = point, found
    return best if most > len(known) / 2 and abs(best) > tolerance else 0.0


def apart(known: Sequence[Bounds]) -> float:
    """How much the two differ that differ most, as far as is known; 0 where all of them may be right.

    Clocks that may be the same are taken to be: together they are known better.
    """
    if not known or max(clock.low for clock in known) <= min(clock.high for clock in known):
        return 0.0
    ahead = _together((clock.low, clock.high) for clock in sorted(known, key=lambda clock: -clock.low))
    behind = _together((clock.low, clock.high) for clock in sorted(known, key=lambda clock: clock.high))
    return ahead.likely - behind.likely


def _together(clocks: Iterable[tuple[float, float]]) -> Bounds:
    """The first one (low, high), by all that may be the same one after the other."""
    low, high = -math.inf, math.inf
    for least, most in clocks:
        if least > high or most < low:
            break
        low, high = max(low, least), min(high, most)
    return Bounds(low, high)
