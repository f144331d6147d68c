"""A stand for tests of the probe time_drift: a host whose NTP client says what was captured, and whose clock is given.

Fakes of our own ports only; the real collector and real clients are in test_time_client.py and tests/live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cs_exporter.model import Host, ProbeFailed
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, SectionCall
from cs_exporter.probes.clocks import time_drift
from cs_exporter.probes.clocks.time_drift import TimeDriftReading, TimeDriftSettings
from tests import world

R = TypeVar("R")

CAPTURES = Path(__file__).parents[2] / "captures" / "time"
HOST = Host("kvm1", "192.0.2.1")
NOW = 1_795_250_000.0  # the exporter's wall clock, near the captures' moments


def capture(name: str) -> str:
    """A captured file."""
    return (CAPTURES / f"{name}.txt").read_text(encoding="utf-8")


def chrony(state: str) -> str:
    """The section's answer of a host whose chronyd is in that state."""
    tracking, sources = capture(f"chrony/{state}.tracking"), capture(f"chrony/{state}.sources")
    return f"chrony\n-- tracking\n{tracking}-- sources\n{sources}"


def timesyncd(state: str, stamp: float | None) -> str:
    """The section's answer of a host whose timesyncd is in that state, last synchronised at `stamp`."""
    shown = "" if stamp is None else f"{stamp:.0f}\n"
    return f"timesyncd\n-- status\n{capture(f'timesync/{state}')}-- stamp\n{shown}"


def ntpd(state: str) -> str:
    """The section's answer of a host whose ntpd is in that state."""
    return f"ntpd\n-- status\n{capture(f'ntpq/{state}')}"


def kernel(state: str, clients: str = "") -> str:
    """The section's answer of a host where only adjtimex answers."""
    return f"kernel\n-- status\n{capture(f'adjtimex/{state}')}-- clients\n{clients}"


def sample(skew: float = 0.0, round_trip: float = 0.002, resolution: float = 1e-9) -> ClockSample:
    """An exchange with a host whose clock differs by `skew`."""
    return ClockSample(NOW + round_trip / 2 + skew, resolution, NOW, round_trip)


@dataclass
class FakeShell:
    """ports.Shell: one answer, and clock exchanges one after the other; a ProbeFailed among them is raised."""

    answer: Answer
    clocks: Sequence[ClockSample | ProbeFailed] = (sample(), sample(), sample())
    asked: list[SectionCall] = field(default_factory=list)
    exchanges: int = 0

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        self.asked += calls
        return Answers(await self.clock(), dict.fromkeys(calls, self.answer))

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        found = self.clocks[self.exchanges]
        self.exchanges += 1
        if isinstance(found, ProbeFailed):
            raise found
        return found


class FixedClock:
    """ports.Clock: stands still."""

    def time(self) -> float:
        """See ports.Clock."""
        return NOW

    def monotonic(self) -> float:
        """See ports.Clock."""
        return 1000.0


def said(text: str) -> Answer:
    """The section's answer."""
    return Answer(SectionCall("ntp"), AnswerState.DONE, 0, text.encode())


async def run(shell: FakeShell, **settings: float) -> TimeDriftReading:
    """One run of the probe."""
    io = world.io(shell=shell, clock=FixedClock())
    return await time_drift.probe(HOST, io, TimeDriftSettings.model_validate(settings))


async def poll(answer: Answer | str, *clocks: ClockSample | ProbeFailed, **settings: float) -> TimeDriftReading:
    """One run against a host that answers so; without `clocks` its clock is right."""
    given = said(answer) if isinstance(answer, str) else answer
    return await run(FakeShell(given, clocks or (sample(), sample(), sample())), **settings)
