"""Metric families as plain data, and the sheets' metrics turned into them for one moment of the board.

It knows no exposition format: what is shown is decided here, how it is written is pages.py's business.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from cs_exporter.board import FLEET, Entry
from cs_exporter.spec import AnyDerived, AnySpec, Metric, Sample

SERIES_LIMIT = 1000
"""Series one host may have before metrics are left out; a typical hypervisor has about 80."""

READ_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a mistake in a sheet's `read` raises: it costs that metric its samples, never anyone the page."""

_METRIC_NAME = re.compile(r"cs_[a-z0-9_]*[a-z0-9]")
_LABEL_NAME = re.compile(r"[a-z][a-z0-9_]*")

_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """One series: its label values in the head's order."""

    labels: tuple[str, ...]
    value: float


class Head(NamedTuple):
    """What a family is. Where a host is meant, `host` is the first label."""

    name: str
    help: str
    kind: Literal["gauge", "counter"] = "gauge"
    labels: tuple[str, ...] = ()

    @property
    def per_host(self) -> bool:
        """Whether its series belong to a host each."""
        return self.labels[:1] == ("host",)


@dataclass(frozen=True, slots=True)
class Family:
    """A head and its rows; no two rows have equal labels."""

    head: Head
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Owned:
    """A family of the sheets: its head and, by probe, the metrics that give its rows (nearly always one)."""

    head: Head
    metrics: tuple[tuple[str, Metric[Any]], ...]


@dataclass
class Tally:
    """What one page has shown so far, and what it left out and why. Hosts and probes by name."""

    limit: int = SERIES_LIMIT
    shown: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def charge(self, family: Family) -> Family:
        """Count a family that is always shown."""
        if family.head.per_host:
            self.shown.update(row.labels[0] for row in family.rows)
        return family

    def admit(self, family: Family) -> Family:
        """Leave the family out, whole, for every host that it would bring beyond the limit.

        A smaller family that comes later may still fit, so that one monster does not hide the rest.
        """
        if not family.head.per_host:
            return family
        counts = Counter(row.labels[0] for row in family.rows)
        over = {host for host, count in counts.items() if host != FLEET and self.shown[host] + count > self.limit}
        if not over:
            self.shown.update(counts)
            return family
        for host, count in counts.items():
            (self.dropped if host in over else self.shown)[host] += count
        return Family(family.head, [row for row in family.rows if row.labels[0] not in over])


Readings = Mapping[str, Sequence[tuple[str, object]]]
"""Probe -> (host, reading) of everything that is fresh."""

Heard = Callable[[str, Sequence[Row]], None]
"""Takes a metric's name and its rows."""


def fresh_readings(entries: Iterable[Entry], monotonic: float) -> Readings:
    """The readings whose values may be shown at `monotonic`, by probe, in the entries' order."""
    readings: dict[str, list[tuple[str, object]]] = {}
    for entry in entries:
        reading = entry.fresh_reading(monotonic)
        if reading is not None:
            readings.setdefault(entry.latest.probe, []).append((entry.latest.host, reading))
    return readings


class Catalogue:
    """Every metric that the sheets declare, once per name, in the sheets' order."""

    def __init__(self, probes: Iterable[AnySpec], derived: Iterable[AnyDerived], reserved: Iterable[Head] = ()) -> None:
        """Raises ValueError for a name that no page could carry, or that two sheets declare differently."""
        self.families: tuple[Owned, ...] = _catalogue([*probes, *derived], reserved)
        self._told: set[str] = set()

    def read(self, readings: Readings, tally: Tally, heard: Heard = lambda _metric, _rows: None) -> Iterator[Family]:
        """The families of these readings, one at a time so that a page's rows never all exist at once.

        `heard` is given all rows of each, those included that the tally then leaves out.
        """
        for owned in self.families:
            rows = self._rows(owned, readings, tally)
            if rows:
                heard(owned.head.name, rows)
                yield tally.admit(Family(owned.head, rows))

    def _rows(self, owned: Owned, readings: Readings, tally: Tally) -> list[Row]:
        rows: dict[tuple[str, ...], Row] = {}
        for probe, metric in owned.metrics:
            for host, reading in readings.get(probe, ()):
                for row in self._read_one(probe, metric, host, reading, tally):
                    if row.labels in rows:
                        tally.duplicates[probe] += 1
                    else:
                        rows[row.labels] = row
        return list(rows.values())

    def _read_one(self, probe: str, metric: Metric[Any], host: str, reading: object, tally: Tally) -> Sequence[Row]:
        try:
            return [_row(metric, host, sample) for sample in metric.read(reading)]
        except READ_FAULTS:
            tally.faults[probe] += 1
            if metric.name not in self._told:
                self._told.add(metric.name)
                _log.exception("probe %s: metric %s can't be read from a reading of %s", probe, metric.name, host)
            return ()


def _row(metric: Metric[Any], host: str, sample: Sample) -> Row:
    if len(sample.labels) != len(metric.labels):
        raise ValueError(f"{metric.name}: {len(metric.labels)} labels declared, the sample has {sample.labels!r}")
    values = tuple(_text(value) for value in sample.labels)
    if metric.per_host:
        values = (host if sample.host is None else _text(sample.host), *values)
    return Row(values, float(sample.value))


def _text(value: str) -> str:
    """A label value that every format can carry: no lone surrogates, and no NUL, which ends Prometheus' lexer."""
    text = str(value)
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _catalogue(sheets: Iterable[AnySpec | AnyDerived], reserved: Iterable[Head]) -> tuple[Owned, ...]:
    found: dict[str, Owned] = {}
    taken = {base_name(head.name) for head in reserved}
    for sheet in sheets:
        for metric in sheet.metrics:
            head = _head(metric)
            before = found.get(base_name(head.name))
            if base_name(head.name) in taken or (before and before.head[2:] != head[2:]):
                raise ValueError(f"{metric.name}: probe {sheet.name} declares it unlike another owner of that name")
            metrics = (*before.metrics, (sheet.name, metric)) if before else ((sheet.name, metric),)
            found[base_name(head.name)] = Owned(before.head if before else head, metrics)
    return tuple(found.values())


def base_name(name: str) -> str:
    """The family's name in OpenMetrics, where a counter's `_total` belongs to its sample only."""
    return name.removesuffix("_total")


def _head(metric: Metric[Any]) -> Head:
    names_ok = _METRIC_NAME.fullmatch(metric.name) and all(_LABEL_NAME.fullmatch(name) for name in metric.labels)
    if not names_ok or "host" in metric.labels or len(set(metric.labels)) != len(metric.labels):
        raise ValueError(f"{metric.name}: not a metric name, or its labels {metric.labels!r} are not label names")
    if metric.name.endswith("_total") != (metric.kind == "counter"):
        raise ValueError(f"{metric.name}: `_total` ends the names of counters, and only theirs")
    return Head(metric.name, metric.help, metric.kind, ("host", *metric.labels) if metric.per_host else metric.labels)
