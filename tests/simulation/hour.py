"""The real daemon at its default settings in the simulated cloud, and who looks on every 15 s: what was red, what gone.

What is told to an operator is what Prometheus would tell: a symptom that held at every look for its alert's `for`.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from cs_exporter.board import Snapshot
from cs_exporter.config import load
from cs_exporter.daemon import Daemon
from cs_exporter.exposition.families import Catalogue, Tally, fresh_readings
from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rows import rows_of
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.reachability import silent_hosts
from cs_exporter.spec import Severity, Symptom
from cs_exporter.symptoms import Holding, holding
from tests.lab.ssh_keys import new_key
from tests.simulation.cloud import Cloud
from tests.simulation.virtual_time import VirtualClock, run
from tests.simulation.world import SimulatedWorld

HOUR = 3600.0
LOOK = 15.0
"""Seconds between two looks: how often Prometheus would scrape."""

WAITS = {row.name: row.wait for row in rows_of(PROBES, DERIVED, usual(PROBES, DERIVED))}
"""Symptom -> the seconds after which its alert fires."""

Labels = tuple[tuple[str, str], ...]
Series = tuple[str, tuple[str, ...]]
"""A metric and its label values, the host first."""


@dataclass
class Spell:
    """One time for which a symptom held at every look. Seconds since the beginning."""

    symptom: Symptom
    host: str
    labels: Labels
    began: float
    last: float
    worst: float

    @property
    def told(self) -> bool:
        """Whether an operator is told of it."""
        return self.last - self.began >= WAITS[self.symptom.name] and self.symptom.severity is not Severity.INFO

    def __str__(self) -> str:
        labels = ",".join(f"{name}={value}" for name, value in self.labels)
        return f"{self.symptom.name} {self.host} {labels} at {self.began:.0f} to {self.last:.0f} s: {self.worst:g}"


@dataclass
class Report:
    """What was seen. `looks`: how many times; `seen`: at which looks each series was there.

    `silent`: at how many looks each host was taken for one that can't be asked.
    """

    spells: list[Spell] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    silent: Counter[str] = field(default_factory=Counter)
    seen: dict[Series, list[int]] = field(default_factory=lambda: defaultdict(list))
    runs: int = 0
    failures: int = 0

    def take(self, elapsed: float, held: Iterable[Holding], series: Iterable[Series]) -> None:
        """One look."""
        number = len(self.looks)
        for one in series:
            self.seen[one].append(number)
        going = {
            (spell.symptom.name, spell.host, spell.labels): spell
            for spell in self.spells
            if self.looks and spell.last == self.looks[-1]
        }
        for found in held:
            labels = tuple(sorted(found.labels.items()))
            spell = going.get((found.symptom.name, found.host, labels))
            if spell is None:
                self.spells.append(Spell(found.symptom, found.host, labels, elapsed, elapsed, found.value))
            else:
                spell.last = elapsed
        self.looks.append(elapsed)

    def told(self) -> list[Spell]:
        """Of what an operator would hear."""
        return [spell for spell in self.spells if spell.told]

    def red(self) -> list[Spell]:
        """What was red at any look, critical or warning."""
        return [spell for spell in self.spells if spell.symptom.severity is not Severity.INFO]

    def gaps(self) -> dict[Series, list[float]]:
        """Series that were gone and came back: when they were missed first, each time."""
        found: dict[Series, list[float]] = {}
        for series, numbers in self.seen.items():
            missed = [before + 1 for before, after in pairwise(numbers) if after > before + 1]
            if missed:
                found[series] = [self.looks[number] for number in missed]
        return found

    def ended(self) -> list[Series]:
        """Series that were there at some look and not at the last one."""
        return [series for series, numbers in self.seen.items() if numbers[-1] < len(self.looks) - 1]


@dataclass(frozen=True)
class Event:
    """Something that happens `at` so many seconds."""

    at: float
    happen: Callable[[Cloud], None]


async def _look_on(cloud: Cloud, file: Path, events: Iterable[Event], seconds: float) -> Report:
    daemon = Daemon(lambda: load(file), cloud.clock)
    daemon._world = SimulatedWorld(cloud, daemon, daemon.config)
    catalogue, report, loop = Catalogue(PROBES, DERIVED), Report(), asyncio.get_running_loop()
    await daemon.start()
    for event in events:
        loop.call_later(event.at, event.happen, cloud)
    for number in range(2, int(seconds / LOOK) + 1):
        await cloud.clock.until(number * LOOK)
        snapshot = daemon.snapshot()
        held = holding(snapshot, (*PROBES, *DERIVED), cloud.clock.time())
        report.take(cloud.clock.elapsed, held, _series(catalogue, snapshot))
        report.silent.update(silent_hosts(snapshot, PROBES))
        assert daemon.polls
    report.runs = sum(entry.runs for entry in daemon.snapshot().entries)
    report.failures = sum(sum(entry.failures.values()) for entry in daemon.snapshot().entries)
    await daemon.stop()
    return report


def _series(catalogue: Catalogue, snapshot: Snapshot) -> Iterable[Series]:
    readings = fresh_readings(snapshot.entries, snapshot.monotonic)
    for family in catalogue.read(readings, Tally()):
        for row in family.rows:
            yield family.head.name, row.labels


def watch(directory: Path, seed: int, events: Iterable[Event], seconds: float = HOUR) -> Report:
    """Let the cloud live, with these events, and look on."""

    async def main(clock: VirtualClock) -> Report:
        cloud = Cloud(clock, seed)
        file = directory / "cs_exporter.yml"
        key = directory / "key"
        key.touch(0o600)
        key.write_text(new_key("simulated").private, encoding="utf-8")
        ssh = {"key_file": str(key), "verify_host_key": False}
        file.write_text(json.dumps({"ssh": ssh, **cloud.configuration()}), encoding="utf-8")
        return await _look_on(cloud, file, events, seconds)

    return run(main)
