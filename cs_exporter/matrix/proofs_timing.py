"""What happens to a value in the course of a proof, and when promtool looks: counted in runs of the probe.

After a first run it goes beyond its limit until the alert fires, dips or is lost for a run of three, and heals at last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from cs_exporter.spec import Symptom

BEYOND, INSIDE, GONE = "beyond", "inside", "gone"

Stretch = tuple[str, int]
"""Where the value is (one of the words above), and for how many runs."""


@dataclass(frozen=True)
class Pace:
    """`interval`: seconds between two runs, of which each is scraped and judged once.

    In runs: `wait` until an alert fires, and `keep`, for which it goes on when they do not confirm it.
    """

    interval: float
    wait: int
    keep: int

    @property
    def fires(self) -> int:
        """The run after which its alert fires; the first one, of number 0, is still as it should be."""
        return 1 + self.wait

    @property
    def dips(self) -> tuple[int, int]:
        """Two runs that do not confirm it; two that do follow each."""
        return self.fires + 1, self.fires + 4

    @property
    def resolved(self) -> int:
        """The first run at which no alert fires any more: the end of the proof."""
        return self.dips[1] + 3 + self.keep

    @property
    def runs(self) -> int:
        """How many there are."""
        return self.resolved + 1

    def throughout(self, where: str) -> tuple[Stretch, ...]:
        """There from the second run on."""
        return (INSIDE, 1), (where, self.runs - 1)

    def from_the_start(self, where: str) -> tuple[Stretch, ...]:
        """There when it all begins."""
        return ((where, self.runs),)

    def dipping(self, where: str) -> tuple[Stretch, ...]:
        """Beyond until the alert fires, for one run of three `where`, and there for good in the end."""
        dip, back = (where, 1), (BEYOND, 2)
        return (INSIDE, 1), (BEYOND, self.wait + 1), dip, back, dip, back, (where, self.keep + 1)

    def never_long(self, symptom: Symptom) -> tuple[Stretch, ...]:
        """Beyond for one run less than anybody is told after, time and again."""
        short = max(symptom.runs - 1, _runs(symptom.hold, self.interval))
        return ((INSIDE, 1), (BEYOND, short)) * math.ceil(self.runs / (short + 1))


def pace_of(wait: float, keep: float, interval: float) -> Pace:
    """The pace for an alert with these seconds of waiting, whose probe runs every `interval` seconds."""
    return Pace(interval, _runs(wait, interval), _runs(keep, interval))


def _runs(seconds: float, interval: float) -> int:
    return math.ceil(round(seconds / interval, 6))


def written(stretches: Iterable[Stretch], values: dict[str, float], growth: float = 0.0) -> str:
    """A series' values for promtool; `values`: where -> value at the start, `growth`: of each from run to run."""
    found: list[str] = []
    at = 0
    for value, same in groupby(stretches, lambda stretch: values.get(stretch[0])):
        runs = sum(runs for _, runs in same)
        if value is None:
            found.append(" ".join(["stale", *["_"] * (runs - 1)]))
        else:
            found.append(_stretch(value + at * growth, growth, runs))
        at += runs
    return " ".join(found)


def _stretch(start: float, growth: float, runs: int) -> str:
    """Promtool's `a+bxn` is n + 1 values."""
    more = f"{growth:+.15g}" if growth else ""
    return f"{start:.15g}{more}x{runs - 1}" if runs > 1 else f"{start:.15g}"
