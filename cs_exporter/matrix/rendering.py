"""What the matrix depends on besides the sheets: an operator's limits, intervals, selector and address of runbooks.

The committed files are those of the defaults; an operator renders his own from his configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cs_exporter.limits import in_force
from cs_exporter.model import Inventory
from cs_exporter.spec import AnyDerived, AnySpec, Symptom, whole_interval

RUNBOOKS = "http://cs-exporter:10595/runbooks"
"""Where runbooks are, unless an operator says otherwise: every cs_exporter serves its own."""

KEPT_INTERVALS = 3
"""An alert outlives this many runs that do not confirm it, so that a lost one does not resolve a page."""

KEPT_BASES = 8
"""And so many base intervals: an exporter that is restarted, and is scraped after its first sweep, has said nothing for
five of them, and must not have ended what it goes on to see."""

BASE = 15.0
"""Seconds: global.interval, where nobody gives another."""


def _none() -> Mapping[str, float]:
    return MappingProxyType({})


def _nobody() -> Mapping[str, Mapping[str, float]]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Rendering:
    """`intervals`: probe (derived ones too) -> seconds between two runs, the longest of any host; multiples of `base`.

    `selector`: matchers that every selector gets besides its own, such as `job="cs_exporter"`; may be empty.
    `runbooks`: URL of the folder in which the alerts' runbooks are, without the last slash.
    `limits`: symptom -> limit, where all hosts have another one than its sheet says. `own`: symptom -> host -> limit.
    """

    intervals: Mapping[str, float]
    selector: str = ""
    runbooks: str = RUNBOOKS
    limits: Mapping[str, float] = field(default_factory=_none)
    own: Mapping[str, Mapping[str, float]] = field(default_factory=_nobody)
    base: float = BASE

    @property
    def cloud(self) -> Mapping[str, str]:
        """Labels that tell what these rules record of no host from what another cloud's do, in the same Prometheus."""
        return {"selector": self.selector} if self.selector else {}

    def kept(self, interval: float) -> float:
        """Seconds for which an alert outlives what was seen last, where its probe runs every `interval` seconds."""
        return max(KEPT_INTERVALS * interval, KEPT_BASES * self.base)

    def limit(self, symptom: Symptom) -> float | str:
        """The limit of hosts that have none of their own."""
        return self.limits.get(symptom.name, symptom.limit.value)


def usual(probes: Sequence[AnySpec], derived: Sequence[AnyDerived]) -> Rendering:
    """The rendering that is committed: the sheets' own limits and intervals."""
    return Rendering(_with_derived({spec.name: spec.settings().interval for spec in probes}, derived))


def of_inventory(
    inventory: Inventory,
    probes: Sequence[AnySpec],
    derived: Sequence[AnyDerived],
    base: float,
    *,
    selector: str = "",
    runbooks: str = RUNBOOKS,
) -> Rendering:
    """The rendering for these hosts. `base`: the base interval, of which every probe's is a multiple."""
    longest = {spec.name: whole_interval(spec.settings().interval, base) for spec in probes}
    for spec in probes:
        asked = [host.settings[spec.name].interval for host in inventory if spec.name in host.settings]
        if asked:
            longest[spec.name] = whole_interval(max(asked), base)
    sheets: tuple[AnySpec | AnyDerived, ...] = (*probes, *derived)
    symptoms = [symptom for sheet in sheets for symptom in sheet.symptoms]
    limits = in_force(inventory, symptoms)
    return Rendering(_with_derived(longest, derived), selector, runbooks, limits.usual, limits.own, base)


def _with_derived(intervals: dict[str, float], derived: Sequence[AnyDerived]) -> Mapping[str, float]:
    """A derived probe has something new as often as the slowest of what it looks at."""
    for sheet in derived:
        intervals[sheet.name] = max(intervals[name] for name in sheet.inputs if name in intervals)
    return MappingProxyType(intervals)
