"""Every metric there is, as panels need it: those of the sheets, and those of the frame that no sheet declares.

With each, the matrix' rows about it: they give a panel its limits, colours and runbooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cs_exporter.exposition.frame import HEADS
from cs_exporter.matrix.promql import FLEET_KEYS, series_of
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.usage import metrics_in
from cs_exporter.matrix.whole import Matrix
from cs_exporter.spec import AnyDerived, AnySpec, Cause, Op

FRAME = "exporter"
"""What stands for the probe of metrics that no sheet declares."""

ABOUT_OURSELVES = frozenset({Cause.EXPORTER, Cause.REACHABILITY})
"""The causes of rows that stand by no single metric: about the exporter, and about what it can't see."""

_LESS_IS_WORSE = re.compile(
    r"_(up|running|connected|reachable|supported|success|successful|done|mtu(_min)?_bytes|uptime_seconds)$"
    r"|_(agent|host)_seconds_to_\w+$"
)
"""Names of metrics whose lowest values are the ones to look for, whether or not there is a row about them."""


@dataclass(frozen=True)
class Shown:
    """A metric. `keys`: the labels that tell its series apart. `rows`: those of the matrix about it."""

    name: str
    help: str
    counter: bool
    keys: tuple[str, ...]
    probe: str
    rows: tuple[Row, ...] = ()

    @property
    def per_host(self) -> bool:
        """Whether its series belong to hosts."""
        return "host" in self.keys

    @property
    def information(self) -> bool:
        """Whether its labels say everything."""
        return self.name.endswith("_info") and not self.rows

    @property
    def moment(self) -> bool:
        """Whether it is a time."""
        return self.name.endswith("_timestamp_seconds")

    @property
    def ahead(self) -> bool:
        """Whether it is a time that is yet to come."""
        return self.moment and any((row.threshold or 0) < 0 for row in self.rows)

    @property
    def low_is_bad(self) -> bool:
        """Whether the lowest of several values is the worst."""
        named = _LESS_IS_WORSE.search(self.name) is not None
        return named or self.ahead or any(row.limit is not None and row.limit.op is Op.BELOW for row in self.rows)

    @property
    def either_is_bad(self) -> bool:
        """Whether both ends of its scale are."""
        return any(row.limit is not None and row.limit.absolute for row in self.rows)

    @property
    def limits(self) -> tuple[str, ...]:
        """The metrics that are limits of this one."""
        values = [row.limit.value for row in self.rows if row.limit is not None]
        return tuple(dict.fromkeys(value for value in values if isinstance(value, str)))


def _metric_of(row: Row) -> str:
    """What a row is about; one of the exporter's own about itself or what it can't see stands by no single metric."""
    if row.symptom is not None:
        return row.symptom.metric
    return "" if row.cause in ABOUT_OURSELVES else metrics_in(row.condition)[0]


def metrics_of(matrix: Matrix) -> Mapping[str, Shown]:
    """By name, the frame's first."""
    rows: dict[str, list[Row]] = {}
    for row in matrix.rows:
        rows.setdefault(_metric_of(row), []).append(row)
    found: dict[str, Shown] = {}
    for head in HEADS:
        keys = head.labels if head.per_host else (*FLEET_KEYS, *head.labels)
        found[head.name] = Shown(
            head.name, head.help, head.kind == "counter", keys, FRAME, tuple(rows.get(head.name, ()))
        )
    sheets: tuple[AnySpec | AnyDerived, ...] = (*matrix.probes, *matrix.derived)
    for sheet in sheets:
        for metric in sheet.metrics:
            name, keys = metric.name, series_of(metric).keys
            about = tuple(rows.get(name, ()))
            found[name] = Shown(name, metric.help, metric.kind == "counter", keys, sheet.name, about)
    return found
