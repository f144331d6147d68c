"""Prometheus and the exporter's own judge say the same of every symptom, at, just beyond and just inside its limit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cs_exporter.board import FLEET, Board, Snapshot
from cs_exporter.build import this_build
from cs_exporter.exposition.pages import Exposition
from cs_exporter.model import Host, HostLimits, Inventory, Outcome
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Limit, Metric, Op, Sample, Symptom
from cs_exporter.symptoms import holding
from tests.demo.expressions import SPECS, SYMPTOM_LABEL, SYMPTOMS, everything_red
from tests.lab.one_page import free_address, serving
from tests.lab.prometheus import Prometheus, Series
from tests.lab.wait import wait_until

pytestmark = pytest.mark.debian

SERIES_LIMIT = 10.0
"""What a limit that is another metric stands at here."""


@dataclass(frozen=True)
class Planted:
    """A reading of nothing but samples, by metric."""

    samples: Mapping[str, tuple[Sample, ...]]


def metric_of(symptom: Symptom) -> Metric[Any]:
    """The metric that it is about."""
    (found,) = [metric for spec in SPECS for metric in spec.metrics if metric.name == symptom.metric]
    return found


def around(limit: Limit, value: float, now: float) -> dict[str, float]:
    """Values just inside, at and just beyond `value`."""
    side = {Op.ABOVE: limit.step, Op.BELOW: -limit.step, Op.EQUALS: 0.0}[limit.op]
    found = {"beyond": value + side, "at": value, "inside": value - (side or limit.step)}
    if limit.absolute:
        found |= {f"minus-{name}": -number for name, number in found.items()}
    return {name: now - number if limit.age else number for name, number in found.items()}


def own_limit(symptom: Symptom) -> float:
    """Another one than the symptom's."""
    limit = symptom.limit.value
    return (SERIES_LIMIT if isinstance(limit, str) else limit) + 3 * symptom.limit.step


def cases(symptom: Symptom, now: float) -> Iterator[tuple[str, Sample]]:
    """(metric, sample): hosts named after the symptom and the case. "own" ones have a limit of their own."""
    metric, limit = metric_of(symptom), symptom.limit
    usual = SERIES_LIMIT if isinstance(limit.value, str) else limit.value
    labels = tuple(symptom.labels.get(name, "some") for name in metric.labels)
    for kind, value in (("usual", usual), ("own", own_limit(symptom))):
        for case, number in around(limit, value, now).items():
            host = f"{symptom.name}-{kind}-{case}"
            yield metric.name, Sample(number, labels, host)
            if isinstance(limit.value, str):
                yield limit.value, Sample(SERIES_LIMIT, labels, host)
    beyond = around(limit, usual, now)["beyond"]
    if isinstance(limit.value, str):
        yield metric.name, Sample(beyond, labels, f"{symptom.name}-without-limit")
    if symptom.labels:
        yield metric.name, Sample(beyond, ("other",) * len(labels), f"{symptom.name}-other-labels")


def planted(now: float) -> dict[str, tuple[Sample, ...]]:
    """By metric; of one that belongs to no host there is one sample, beyond."""
    found = sorted((case for symptom in SYMPTOMS for case in cases(symptom, now)), key=lambda case: case[0])
    samples = {name: tuple(sample for _, sample in group) for name, group in groupby(found, lambda case: case[0])}
    for metric in map(metric_of, SYMPTOMS):
        if not metric.per_host:
            samples[metric.name] = (replace(samples[metric.name][0], host=None),)
    return samples


def reading(metric: Metric[Any]) -> Metric[Planted]:
    """The metric, read from what is planted."""
    return replace(metric, read=lambda planted: planted.samples.get(metric.name, ()))


def labels_of(series: Series) -> frozenset[tuple[str, str]]:
    """A series' labels as the sheet declares them."""
    added = {"__name__", "job", "instance", "host", SYMPTOM_LABEL}
    return frozenset((name, value) for name, value in series.labels.items() if name not in added)


PLANTED_PROBES = tuple(replace(spec, metrics=tuple(map(reading, spec.metrics))) for spec in PROBES)
PLANTED_DERIVED = tuple(replace(spec, metrics=tuple(map(reading, spec.metrics))) for spec in DERIVED)


def board(now: float) -> Snapshot:
    """All of it on one board."""
    samples = planted(now)
    names = {sample.host for planted in samples.values() for sample in planted if sample.host}
    limits = {symptom.name: MappingProxyType({symptom.name: own_limit(symptom)}) for symptom in SYMPTOMS}
    own = {name: limits[name.partition("-")[0]] for name in names if "-own-" in name}
    hosts = {name: Host(name, "192.0.2.1", limits=HostLimits(own.get(name, MappingProxyType({})))) for name in names}
    made = Board(Inventory(MappingProxyType(hosts)))
    for name, host in (*((spec.name, min(names)) for spec in PROBES), *((spec.name, FLEET) for spec in DERIVED)):
        made.land(Outcome(name, host, now, 50.0, 0.1, Planted(samples)), 30.0)
    return made.snapshot(50.0)


def test_both_judge_alike(tmp_path: Path) -> None:
    """Every symptom there is, with limits of its own, of a host and of another series."""
    now = float(int(time.time()) + 60)  # whole, so that both have it exactly; the scrape comes before it
    snapshot = board(now)
    page = Exposition(PLANTED_PROBES, PLANTED_DERIVED, this_build()).render(snapshot)
    held = holding(snapshot, (*PLANTED_PROBES, *PLANTED_DERIVED), now)
    expected = {(row.symptom.name, row.host, frozenset(row.labels.items())) for row in held}
    assert {symptom.name for symptom in SYMPTOMS} == {name for name, _, _ in expected}
    with serving(page.body) as target, Prometheus(tmp_path, target, listen=free_address(), every=0.5) as prometheus:
        wait_until(prometheus.scraped, 20, "a scrape")
        found = prometheus.query(everything_red(snapshot.inventory), now)
    assert expected == {(series.labels[SYMPTOM_LABEL], series.host, labels_of(series)) for series in found}
