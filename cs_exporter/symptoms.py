"""Which symptoms hold on the board: a pure function, for `probe`, the tests and the status page.

One judge for all of them, so that a terminal and a page never disagree about a host.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cs_exporter.board import Snapshot
from cs_exporter.model import Host
from cs_exporter.spec import AnyDerived, AnySpec, Sample, Symptom

Row = tuple[str, dict[str, str], float]
"""A sample's host, labels and value."""

Samples = Mapping[str, list[Row]]
"""metric name -> its rows"""


@dataclass(frozen=True, slots=True)
class Holding:
    """A symptom beyond its limit now; how long it has been so is Prometheus's business."""

    symptom: Symptom
    host: str
    labels: Mapping[str, str]
    value: float
    limit: float


def holding(snapshot: Snapshot, specs: tuple[AnySpec | AnyDerived, ...], now: float) -> tuple[Holding, ...]:
    """All symptoms beyond their limits; `now` is the wall clock, for symptoms about an age."""
    samples = _samples(snapshot, specs)
    hosts = snapshot.inventory.hosts
    return tuple(
        found
        for spec in specs
        for symptom in spec.symptoms
        for found in _of_symptom(symptom, samples.get(symptom.metric, ()), _limits(symptom, samples), hosts, now)
    )


def _samples(snapshot: Snapshot, specs: tuple[AnySpec | AnyDerived, ...]) -> Samples:
    by_name = {spec.name: spec for spec in specs}
    samples: dict[str, list[Row]] = {}
    for entry in snapshot.entries:
        spec = by_name.get(entry.latest.probe)
        reading = entry.fresh_reading(snapshot.monotonic)
        if spec is None or reading is None:
            continue
        for metric in spec.metrics:
            rows = samples.setdefault(metric.name, [])
            rows.extend(_row(sample, metric.labels, entry.latest.host) for sample in metric.read(reading))
    return samples


def _row(sample: Sample, names: tuple[str, ...], host: str) -> Row:
    return sample.host or host, dict(zip(names, sample.labels, strict=True)), sample.value


def _of_symptom(
    symptom: Symptom, rows: Iterable[Row], limits: Mapping[object, float], hosts: Mapping[str, Host], now: float
) -> Iterator[Holding]:
    for name, labels, value in rows:
        if any(labels.get(key) != wanted for key, wanted in symptom.labels.items()):
            continue
        limit = _limit(symptom, hosts.get(name), limits, _series(name, labels))
        compared = now - value if symptom.limit.age else value
        if limit is not None and symptom.limit.holds(compared, limit):
            yield Holding(symptom, name, labels, compared, limit)


def _limits(symptom: Symptom, samples: Samples) -> Mapping[object, float]:
    """Where the limit is another metric: that metric's values by series, since each of ours looks for its own."""
    metric = symptom.limit.value
    if not isinstance(metric, str):
        return {}
    return {_series(name, labels): value for name, labels, value in samples.get(metric, ())}


def _series(name: str, labels: Mapping[str, str]) -> object:
    return name, frozenset(labels.items())


def _limit(symptom: Symptom, host: Host | None, limits: Mapping[object, float], series: object) -> float | None:
    if host is not None and symptom.name in host.limits.symptoms:
        return host.limits.symptoms[symptom.name]
    wanted = symptom.limit.value
    return limits.get(series) if isinstance(wanted, str) else wanted
