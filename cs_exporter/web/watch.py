"""Since when each symptom has been there: what tells one that has lasted long enough from one that was just seen.

Alerts wait, so that a lost packet wakes nobody; a page that turned red at once would cry wolf where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cs_exporter.board import Snapshot
from cs_exporter.spec import AnyDerived, AnySpec
from cs_exporter.symptoms import Holding, holding

Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A symptom that holds. `since`: wall clock of the look that found it first; `wait`: seconds it has to last."""

    held: Holding
    since: float
    wait: float

    def due(self, now: float) -> bool:
        """Whether it has lasted for as long as its alert waits."""
        return now - self.since >= self.wait


class Watch:
    """Compares each look with the one before. Not safe to use in two threads at once."""

    def __init__(self, probes: Sequence[AnySpec], derived: Sequence[AnyDerived]) -> None:
        self._derived = tuple(derived)
        self._sheets = _judged((*probes, *derived))
        self._probe_of = {symptom.name: sheet.name for sheet in self._sheets for symptom in sheet.symptoms}
        self._since: dict[Key, float] = {}

    def look(self, snapshot: Snapshot, wall: float) -> tuple[Seen, ...]:
        """What holds now; `wall` is the wall clock. One judgement of the whole board."""
        intervals = _intervals(snapshot, self._derived)
        held = [(_key(one), one) for one in holding(snapshot, self._sheets, wall)]
        # A clock that was set back must not make something last for ever.
        self._since = {key: min(self._since.get(key, wall), wall) for key, _ in held}
        return tuple(
            Seen(one, self._since[key], one.symptom.wait(intervals.get(self._probe_of[one.symptom.name], 0.0)))
            for key, one in held
        )


def _judged(sheets: tuple[AnySpec | AnyDerived, ...]) -> tuple[AnySpec | AnyDerived, ...]:
    """The sheets with only those metrics that a symptom asks for: the others would be read for nothing."""
    symptoms = [symptom for sheet in sheets for symptom in sheet.symptoms]
    wanted = {name for symptom in symptoms for name in (symptom.metric, symptom.limit.value)}
    return tuple(
        replace(sheet, metrics=tuple(metric for metric in sheet.metrics if metric.name in wanted)) for sheet in sheets
    )


def _intervals(snapshot: Snapshot, derived: Sequence[AnyDerived]) -> Mapping[str, float]:
    """Seconds between two runs by probe: of the host that is asked least often, as the alerts have it."""
    longest: dict[str, float] = {}
    for entry in snapshot.entries:
        probe = entry.latest.probe
        longest[probe] = max(longest.get(probe, 0.0), entry.interval)
    for sheet in derived:
        longest[sheet.name] = max((longest[name] for name in sheet.inputs if name in longest), default=0.0)
    return longest


def _key(held: Holding) -> Key:
    return held.symptom.name, held.host, tuple(held.labels.values())
