"""Small sheets and boards for tests of what is made from sheets: exposition and web.

The reading is a plain table, so that a test can put any label and value on a page in one line.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.board import Board, Snapshot
from cs_exporter.build import Build
from cs_exporter.model import Host, Inventory, Outcome, Place, Role
from cs_exporter.ports import Io
from cs_exporter.spec import DerivedSpec, Latest, ProbeSettings, ProbeSpec, Sample, gauge, rows

BUILD = Build("1.2.3", "", "3.11.2")
KVM1 = Host(
    "kvm1",
    "192.0.2.1",
    "cloudstack",
    frozenset({Role.STORAGE, Role.HYPERVISOR}),
    Place("zone-1", "pod-1", "c-1", "KVM"),
)
KVM2 = Host("kvm2", "192.0.2.2", maintenance=True)
NOW = 5000.0


@dataclass(frozen=True)
class Weights:
    """A reading: one number, or none, and a table of numbers by a label, each perhaps about another host."""

    total: float | None = None
    parts: tuple[Sample, ...] = ()
    events: float = 0.0


class WeightSettings(ProbeSettings):
    """Nothing of its own."""


async def _probe(_host: Host, _io: Io, _settings: WeightSettings) -> Weights:
    return Weights(1.0)


def sheet(name: str = "weight", prefix: str = "cs_weight") -> ProbeSpec[WeightSettings, Weights]:
    """A probe's sheet with a gauge, a table and a counter whose names begin with `prefix`."""
    return ProbeSpec(
        name=name,
        question="How heavy is the host?",
        settings=WeightSettings,
        reading=Weights,
        probe=_probe,
        metrics=(
            gauge(f"{prefix}_grams", "What the host weighs, from its scales.", lambda r: r.total),
            rows(f"{prefix}_part_grams", "What a part weighs, from its scales.", ("part",), lambda r: r.parts),
            rows(
                f"{prefix}_events_total",
                "Times it was weighed, by the scales.",
                (),
                lambda r: (Sample(r.events),),
                kind="counter",
            ),
        ),
        symptoms=(),
    )


@dataclass(frozen=True)
class Mean:
    """A derived reading about the whole fleet."""

    grams: float


def _mean(latest: Latest, _now: float) -> Mean:
    return Mean(float(len(latest.readings)))


MEAN = DerivedSpec(
    name="mean_weight",
    question="What does a host weigh on average?",
    inputs=("weight",),
    reading=Mean,
    derive=_mean,
    metrics=(gauge("cs_weight_mean_grams", "The fleet's mean, by the exporter.", lambda r: r.grams, per_host=False),),
)


def outcome(result: object, host: str = "kvm1", probe: str = "weight", at: float = NOW) -> Outcome:
    """An outcome whose run ended at monotonic time `at`."""
    return Outcome(probe, host, started=1_700_000_000.0, finished_monotonic=at, duration=0.25, result=result)


def board_of(*outcomes: Outcome) -> Board:
    """A board of kvm1 and kvm2 with these outcomes, each due every 30 s."""
    board = Board(Inventory({host.name: host for host in (KVM1, KVM2)}))
    for one in outcomes:
        board.land(one, 30.0)
    return board


def snapshot_of(*outcomes: Outcome, at: float = NOW) -> Snapshot:
    """A snapshot of `board_of` at monotonic time `at`."""
    return board_of(*outcomes).snapshot(at)


def samples(page: bytes, names: Iterable[str] = ()) -> set[str]:
    """The sample lines of a page; only of families whose names begin with one of `names`, if given."""
    lines = (line for line in page.decode().splitlines() if not line.startswith("#"))
    return {line for line in lines if line.startswith(tuple(names) or "")}


def promtool_says(page: bytes) -> str:
    """What the real `promtool check metrics` has to say about a page; empty when it is content."""
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, timeout=60, check=False)
    said = (done.stdout + done.stderr).decode()
    return said if said or done.returncode == 0 else f"exit status {done.returncode}"
