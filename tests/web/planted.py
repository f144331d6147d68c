"""A cloud whose answers are planted: the real sheets and symptoms, on a board of hosts that nobody has to build.

Pages are tried against the symptoms that operators will see; only what a run found out is made up.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from cs_exporter.board import FLEET, Board
from cs_exporter.history import History
from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason, Unsupported
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Metric, Sample
from cs_exporter.web.painter import Painter
from cs_exporter.web.picture import Picture
from cs_exporter.web.watch import Watch

NOW = 50_000.0
"""The monotonic clock of a planted board."""
WALL = float(round(time.time()))
"""The wall clock at that moment: the real one, since a server in a test reads that."""
INTERVAL = 30.0

Rows = Mapping[str, Iterable[Sample]]
"""Metric -> its samples."""


@dataclass(frozen=True)
class Told:
    """A reading: whatever the test says."""

    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=lambda: MappingProxyType({}))


def _read(name: str, reading: Told) -> Iterable[Sample]:
    return reading.samples.get(name, ())


def _told(metric: Metric[object]) -> Metric[Told]:
    return Metric(metric.name, metric.help, partial(_read, metric.name), metric.kind, metric.labels, metric.per_host)


def probes() -> tuple[AnySpec, ...]:
    """The sheets of all probes, for readings that are told."""
    return tuple(replace(sheet, reading=Told, metrics=tuple(map(_told, sheet.metrics))) for sheet in PROBES)


def derived() -> tuple[AnyDerived, ...]:
    """Those of all derived probes."""
    return tuple(replace(sheet, reading=Told, metrics=tuple(map(_told, sheet.metrics))) for sheet in DERIVED)


@dataclass
class Cloud:
    """Hosts and what is told of them; the board is made at the end, so that order does not matter."""

    hosts: dict[str, Host] = field(default_factory=dict)
    results: dict[tuple[str, str], dict[str, tuple[Sample, ...]] | Failure | Unsupported] = field(default_factory=dict)
    late: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, host: Host, readings: Mapping[str, Rows]) -> None:
        """A host and, by probe, what its runs have found out."""
        self.hosts[host.name] = host
        for probe, samples in readings.items():
            self.tell(host.name, probe, samples)

    def tell(self, host: str, probe: str, samples: Rows) -> None:
        """Metrics of one probe's latest reading, besides what was told before."""
        before = self.results.get((probe, host))
        kept = before if isinstance(before, dict) else {}
        self.results[probe, host] = {**kept, **{name: tuple(rows) for name, rows in samples.items()}}

    def tell_all(self, probe: str, samples: Rows) -> None:
        """More samples of a derived probe, each with the host that it is about."""
        before = self.results.get((probe, FLEET))
        kept = before if isinstance(before, dict) else {}
        added = {name: (*kept.get(name, ()), *rows) for name, rows in samples.items()}
        self.results[probe, FLEET] = {**kept, **added}

    def fail(self, host: str, probe: str, reason: Reason, detail: str, *, for_seconds: float = 600.0) -> None:
        """The latest runs have not found out, for so long; what was told before has been forgotten if that is long."""
        self.results[probe, host] = Failure(reason, detail)
        self.late[probe, host] = for_seconds

    def board(self) -> Board:
        """All of it, landed."""
        board = Board(Inventory(dict(self.hosts)))
        for outcome in self.outcomes():
            board.land(outcome, INTERVAL)
        board.health.first_sweep_done = True
        return board

    def history(self) -> History:
        """What is remembered: answers for an hour, then what came of it."""
        history = History()
        for outcome in self.outcomes():
            if isinstance(outcome.result, Failure):
                back = self.late[outcome.probe, outcome.host]
                for age in range(3600, 0, -int(INTERVAL)):
                    result = outcome.result if age <= back else Told()
                    history.record(replace(outcome, started=WALL - age, result=result))
            else:
                history.record(outcome)
        return history

    def outcomes(self) -> Iterable[Outcome]:
        """The latest one of each probe on each host."""
        for (probe, host), result in self.results.items():
            content = Told(MappingProxyType(result)) if isinstance(result, dict) else result
            yield Outcome(probe, host, started=WALL - 4.0, finished_monotonic=NOW - 4.0, duration=0.21, result=content)


def picture_of(cloud: Cloud, *, lasting: float = 900.0) -> Picture:
    """The picture of a cloud in which all that is told has lasted for so many seconds."""
    watch, painter = Watch(probes(), derived()), Painter(probes(), derived())
    snapshot = cloud.board().snapshot(NOW)
    watch.look(snapshot, WALL - lasting)
    return painter.paint(snapshot, watch.look(snapshot, WALL), WALL)
