"""A host with ports, as fakes: what each destination does, what the host says of its sockets, who was dialled how.

For the tests of the sheet and of its parts, which need the same world.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cs_exporter.model import Expected, Host, Manner, PortRow, ProbeFailed, UnsupportedError
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Dial, Io, Last, PortState, SectionCall, Talk
from cs_exporter.probes.ports import port_reachability
from cs_exporter.probes.ports.port_reachability import METRICS, PortReachabilityReading, PortReachabilitySettings
from tests import world

R = TypeVar("R")
Result = Dial | ProbeFailed | UnsupportedError

OPEN = Dial(PortState.OPEN, "", connect_seconds=0.001, syn_retransmits=0)


def row(port: int, *, name: str = "", host: str = "ms1", **more: object) -> PortRow:
    """A row that is expected to be open and is connected to, but for what is said."""
    whole = PortRow(host, f"{host}.example", port, name or f"port{port}", 10, Expected.OPEN, Manner.CONNECT)
    return replace(whole, **more)  # type: ignore[arg-type]  # fields by name, as the tests write them


@dataclass
class FakeClock:
    """A clock that the test moves."""

    now: float = 1000.0

    def time(self) -> float:
        """Wall clock."""
        return self.now + 1.8e9

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now


@dataclass
class FakeDialer:
    """Destinations by number; all others are open. `took`: seconds that each dial lets pass."""

    clock: FakeClock
    results: dict[int, Result | Callable[[Talk], Result]] = field(default_factory=dict)
    took: float = 0.0
    asked: list[tuple[str, int, Talk, float]] = field(default_factory=list)
    most: int = 0  # at once
    _open: int = 0

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        self.asked.append((address, port, talk, deadline))
        self._open += 1
        self.most = max(self.most, self._open)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._open -= 1
        self.clock.now += self.took
        found = self.results.get(port, OPEN)
        result = found if isinstance(found, Dial | Exception) else found(talk)
        if isinstance(result, Dial):
            return result
        raise result

    def talks(self, port: int) -> list[Talk]:
        """What was said to one port, dial after dial."""
        return [talk for _, asked, talk, _ in self.asked if asked == port]


@dataclass
class FakeShell:
    """A host that prints `text`, has no ss, is out of reach, or never answers."""

    text: str = ""
    state: AnswerState = AnswerState.DONE
    failure: ProbeFailed | None = None
    silent: bool = False
    asked: list[SectionCall] = field(default_factory=list)

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        self.asked += calls
        if self.silent:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
        answers = {call: Answer(call, self.state, output=self.text.encode()) for call in calls}
        return Answers(ClockSample(0.0, 1e-6, 0.0, 0.001), answers)

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        raise AssertionError("nobody asks this probe's host for its clock alone")


class Stand:
    """A host that can be polled again and again."""

    def __init__(self, *rows: PortRow, settings: Mapping[str, object] | None = None) -> None:
        self.clock = FakeClock()
        self.here, self.there = FakeDialer(self.clock), FakeDialer(self.clock)
        self.shell = FakeShell()
        self.host = Host("ms1", "ms1.example", ports=rows)
        self.settings = PortReachabilitySettings.model_validate(settings or {})
        self.last: Last[PortReachabilityReading] | None = None

    @property
    def io(self) -> Io:
        """What a run is given."""
        return world.io(shell=self.shell, tcp=self.here, tunnel=self.there, clock=self.clock, previous=self._previous)

    async def poll(self) -> PortReachabilityReading:
        """Run the probe, an interval later."""
        self.clock.now += 30
        reading = await port_reachability.probe(self.host, self.io, self.settings)
        self.last = Last(reading, self.clock.now)
        return reading

    def _previous(self, kind: type[R], /) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)


def values(reading: PortReachabilityReading, name: str) -> dict[tuple[str | None, ...], float]:
    """(host, port, vantage and labels of its own) -> value, of one metric."""
    (metric,) = [metric for metric in METRICS if metric.name == name]
    return {(sample.host, *sample.labels[:1], *sample.labels[2:]): sample.value for sample in metric.read(reading)}
