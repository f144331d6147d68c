"""How long runs take to come: probes by their intervals, and spans of time that hold so many runs.

Rules about runs must wait as long as the probe takes, so that they fit any interval that an operator gives it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cs_exporter.matrix.rendering import Rendering
from cs_exporter.spec import BETWEEN_RUNS, AnySpec


def wait(runs: int, interval: float) -> float:
    """Seconds within which `runs` runs in a row lie, one every `interval` seconds."""
    return BETWEEN_RUNS * (runs - 1) * interval


def span(runs: int, interval: float) -> str:
    """The same as a range in PromQL, in whole seconds."""
    return f"{max(1, round(wait(runs, interval)))}s"


def by_interval(rendering: Rendering, probes: Sequence[AnySpec]) -> list[tuple[float, list[str]]]:
    """Interval in seconds -> the names of the probes that run so often; the quickest first."""
    found: dict[float, list[str]] = defaultdict(list)
    for spec in probes:
        found[rendering.intervals[spec.name]].append(spec.name)
    return sorted(found.items())


def reaching(probes: Sequence[AnySpec]) -> list[AnySpec]:
    """The probes that can't answer unless the host lets us in over SSH."""
    return [spec for spec in probes if spec.needs_its_word]


def quickest(rendering: Rendering, probes: Sequence[AnySpec]) -> float:
    """Seconds between two runs of the probe that runs most often."""
    return by_interval(rendering, probes)[0][0]


def slowest(rendering: Rendering, probes: Sequence[AnySpec]) -> float:
    """Seconds between two runs of the probe that runs least often."""
    return by_interval(rendering, probes)[-1][0]
