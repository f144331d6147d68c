"""What happens to a value in the course of a proof, and when promtool looks: in steps, of which a run has two.

It goes beyond the limit, stays there until its alert fires, then dips or is lost for a run of three, and heals at last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.spec import Symptom

PER_RUN = 2
"""Steps of one run: every reading is scraped and judged twice, as with the default interval of a probe."""

BEYOND, INSIDE, GONE = "beyond", "inside", "gone"

Stretch = tuple[str, int]
"""Where the value is (one of the words above), and for how many steps."""


@dataclass(frozen=True)
class Pace:
    """`step`: seconds between two scrapes and two evaluations. In steps: `wait` until an alert fires, `keep` after."""

    step: float
    wait: int
    keep: int

    @property
    def dips(self) -> tuple[int, int]:
        """The last steps of two runs that do not confirm it; two runs that do follow each."""
        return self.wait + PER_RUN, self.wait + 4 * PER_RUN

    @property
    def last(self) -> int:
        """The last step of a value beyond its limit, before it heals."""
        return self.dips[1] + 2 * PER_RUN

    @property
    def resolved(self) -> int:
        """The first step at which no alert fires any more, and the end of the proof."""
        return self.last + 1 + self.keep

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.resolved + 1

    def throughout(self, where: str) -> tuple[Stretch, ...]:
        """The whole time there."""
        return ((where, self.steps),)

    def dipping(self, where: str) -> tuple[Stretch, ...]:
        """Beyond until the alert fires, for one run of three `where`, and there for good in the end."""
        dip, back = (where, PER_RUN), (BEYOND, 2 * PER_RUN)
        return (BEYOND, self.wait + 1), dip, back, dip, back, (where, self.keep + 1)

    def never_long(self, symptom: Symptom) -> tuple[Stretch, ...]:
        """Beyond for one run less than anybody is told after, time and again."""
        short = max(PER_RUN * (symptom.runs - 1), math.ceil(symptom.hold / self.step))
        return ((BEYOND, short), (INSIDE, PER_RUN)) * math.ceil(self.steps / (short + PER_RUN))


def pace_of(wait: float, keep: float, interval: float) -> Pace:
    """The pace for an alert with these seconds of waiting, whose probe runs every `interval` seconds."""
    step = interval / PER_RUN
    return Pace(step, _steps(wait, step), _steps(keep, step))


def _steps(seconds: float, step: float) -> int:
    return math.ceil(round(seconds / step, 6))


def written(stretches: Iterable[Stretch], values: dict[str, float], growth: float = 0.0) -> str:
    """A series' values as promtool reads them; `values`: where -> value at the start, `growth`: of each per step."""
    found, at = [], 0
    for where, steps in stretches:
        if where == GONE:
            found.append(" ".join(["stale", *["_"] * (steps - 1)]))
        else:
            found.append(_run(values[where] + at * growth, growth, steps))
        at += steps
    return " ".join(found)


def _run(start: float, growth: float, steps: int) -> str:
    """Promtool's `a+bxn` is n + 1 values."""
    more = f"{growth:+.15g}" if growth else ""
    return f"{start:.15g}{more}x{steps - 1}" if steps > 1 else f"{start:.15g}"
