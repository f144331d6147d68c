"""A page of metrics with every family on it that an exporter can ever show, in the board's own way.

A reading of nothing but samples stands in for each probe's; everything else is the exposition as it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cs_exporter.board import FLEET, Board
from cs_exporter.build import Build
from cs_exporter.discovery.clouds import Standing
from cs_exporter.exposition.pages import Exposition
from cs_exporter.model import Failure, Host, HostLimits, Inventory, Outcome, Place, Reason, Role
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Metric, Sample

NOW = 50.0
LIMIT = 500
"""Series per host on this page; the crowded host has more."""

PLACE = Place("zone", "pod", "cluster", "KVM")
OWN = HostLimits(MappingProxyType({"CsClockSkew": 9.0}))
NAMES = {"whole": OWN, "crowded": HostLimits(), "broken": HostLimits()}


@dataclass(frozen=True)
class Planted:
    """A reading. `faulty`: no metric can be read from it. `more`: hosts for which one metric has too many series."""

    faulty: bool = False
    more: Sequence[str] = field(default=())


def _read(metric: Metric[Planted], reading: Planted) -> Iterator[Sample]:
    if reading.faulty:
        raise ValueError("planted")
    labels = tuple("some" for _ in metric.labels)
    sample = Sample(1.0, labels, "whole" if metric.per_host else None)
    yield from (sample, sample)  # the second one is left out, and counted
    if metric.labels and metric.per_host:
        for host in reading.more:
            yield from (Sample(1.0, tuple(f"{number}" for _ in metric.labels), host) for number in range(LIMIT))


def _planted(metric: Metric[Planted]) -> Metric[Planted]:
    return replace(metric, read=lambda reading: _read(metric, reading))


def whole_page(probes: Sequence[AnySpec] = PROBES, derived: Sequence[AnyDerived] = DERIVED) -> str:
    """The text of the page."""
    faked = [replace(sheet, metrics=tuple(map(_planted, sheet.metrics))) for sheet in probes]
    faked_derived = [replace(whole, metrics=tuple(map(_planted, whole.metrics))) for whole in derived]
    one = Host("", "192.0.2.1", "cloudstack", frozenset({Role.HYPERVISOR}), PLACE)
    hosts = {name: replace(one, name=name, limits=limits) for name, limits in NAMES.items()}
    board = Board(Inventory(MappingProxyType(hosts)))
    board.health.collector_mismatches = frozenset({"whole"})
    board.health.discovery = (Standing("cloudstack", 2, 1, NOW),)
    for sheet in probes:
        board.land(Outcome(sheet.name, "whole", NOW, NOW, 0.1, Planted(more=("crowded",))), 30.0)
        board.land(Outcome(sheet.name, "crowded", NOW, NOW, 0.1, Failure(Reason.TIMEOUT, "planted")), 30.0)
    board.land(Outcome(probes[0].name, "broken", NOW, NOW, 0.1, Planted(faulty=True)), 30.0)
    for whole in derived:
        board.land(Outcome(whole.name, FLEET, NOW, NOW, 0.1, Planted()), 30.0)
    exposition = Exposition(faked, faked_derived, Build("1.2.3", "abc", "3.11"))
    return exposition.render(board.snapshot(NOW), series_limit=LIMIT).body.decode()
