"""The rows of the matrix: every symptom with all that alerts, proofs, panels and pages need of it, worked out once.

One shape for all of them, so that whatever is written from the matrix says the same of a symptom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cs_exporter.matrix import records
from cs_exporter.matrix.promql import Series, condition, joined, series_of
from cs_exporter.matrix.rendering import KEPT_INTERVALS, Rendering
from cs_exporter.spec import AnyDerived, AnySpec, Cause, Limit, Severity, Symptom

PLACE = ("platform", "cloud_zone", "cloud_pod", "cloud_cluster")
"""Where a host stands: labels that every alert about one has, as far as they are known."""


def _none() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Proof:
    """One promtool test of a row that no symptom stands behind: what is scraped, and what fires then.

    `series`: selector -> values as promtool writes them, one per minute; recorded series are worked out from those.
    `fires`: the labels of each alert that fires at `at`, besides severity, cause and the row's own; none: nothing does.
    """

    tells: str
    series: Mapping[str, str]
    fires: tuple[Mapping[str, str], ...]
    at: str = "30m"


@dataclass(frozen=True)
class Row:
    """One row. `condition` finds where it holds; `expression` is the alert's: with place, and without maintenance.

    `keys`: the labels that tell the condition's series apart. `wait`, `keep`: seconds, the alert's `for` and
    `keep_firing_for`. `threshold`: the limit of most hosts, None where it is a series or there is none. `labels`: what
    the alert is given besides severity and cause. `symptom`: None for a row of the exporter's own, which has `proofs`.
    """

    name: str
    sees: str
    means: str
    look: tuple[str, ...]
    fix: str
    severity: Severity
    cause: Cause
    probe: str
    keys: tuple[str, ...]
    condition: str
    expression: str
    wait: float
    keep: float
    unit: str = "boolean"
    limit: Limit | None = None
    threshold: float | None = None
    labels: Mapping[str, str] = field(default_factory=_none)
    symptom: Symptom | None = None
    proofs: tuple[Proof, ...] = ()

    @property
    def per_host(self) -> bool:
        """Whether it is about hosts, and not about an exporter or all of them."""
        return "host" in self.keys


def rows_of(probes: Sequence[AnySpec], derived: Sequence[AnyDerived], rendering: Rendering) -> tuple[Row, ...]:
    """All rows that the sheets declare, in the sheets' order."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*probes, *derived)
    series = {metric.name: series_of(metric) for sheet in sheets for metric in sheet.metrics}
    return tuple(
        row_of(symptom, sheet.name, series[symptom.metric], rendering) for sheet in sheets for symptom in sheet.symptoms
    )


def row_of(symptom: Symptom, probe: str, series: Series, rendering: Rendering) -> Row:
    """The row of one symptom."""
    interval = rendering.intervals[probe]
    holds = condition(symptom, series, rendering)
    limit = rendering.limit(symptom)
    return Row(
        name=symptom.name,
        sees=symptom.sees,
        means=symptom.means,
        look=symptom.look,
        fix=symptom.fix,
        severity=symptom.severity,
        cause=symptom.cause,
        probe=probe,
        keys=series.keys,
        condition=holds,
        expression=placed(named(holds, symptom.victims, series.keys), series.keys),
        wait=symptom.wait(interval),
        keep=KEPT_INTERVALS * interval,
        unit=symptom.unit,
        limit=symptom.limit,
        threshold=None if isinstance(limit, str) else limit,
        symptom=symptom,
    )


def named(holds: str, victims: str, keys: tuple[str, ...]) -> str:
    """The condition with the labels by which a cause and those that suffer from it find each other."""
    if victims:
        return f'label_replace(\n  {holds},\n  "{victims}", "$1", "host", "(.+)"\n)'
    if "agent" in keys and "management_server" not in keys:
        return joined(holds, ("host", "agent"), ("management_server",), records.AGENT, keys)
    if "mountpoint" in keys and "server" not in keys:
        return joined(holds, ("host", "mountpoint"), ("server",), records.MOUNT, keys)
    return holds


def placed(holds: str, keys: tuple[str, ...]) -> str:
    """The condition with the hosts' places, and without hosts that are in maintenance."""
    if "host" not in keys:
        return holds
    return f"(\n{_indented(joined(holds, ('host',), PLACE, records.HOST, keys))}\n)\nunless on (host) {records.MUTED}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
