"""The far end of a host's SSH connection: takes the collector's requests as bytes and answers with its frames.

So the real shell, session and frame reader are at work: what is batched, lost, late or connected anew is theirs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Protocol

from cs_exporter.parsers.collector import PROTOCOL
from cs_exporter.ports import Clock, Counters
from cs_exporter.transports.collector.session import CollectorSession

HASH = "0123456789ab"
_OCTAL = re.compile(r"\\0([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Said:
    """A section's answer. `after`: seconds that a worker takes to it; None where the section never blocks."""

    output: str = ""
    status: int = 0
    after: float | None = None


class Loss(Enum):
    """How a request gets lost."""

    SILENCE = "silence"  # nothing comes back
    RESET = "reset"  # the connection breaks


@dataclass(frozen=True, slots=True)
class Delays:
    """How one request fares. Seconds: on the way there, and until the host's shell gets to it."""

    way: float
    shell: float = 0.0
    lost: Loss | None = None


class Machine(Protocol):
    """A simulated host, as its carrier asks it."""

    def clock(self) -> float:
        """Its wall clock now, since the epoch."""

    def delays(self) -> Delays:
        """How the request that is sent now will fare."""

    def handshake(self) -> float:
        """Seconds that a connection takes."""

    def says(self, name: str, arguments: tuple[str, ...]) -> Said:
        """What a section answers now."""


@dataclass
class Carrier:
    """One connection after another to one machine."""

    machine: Machine
    clock: Clock
    counters: Counters
    _session: CollectorSession | None = field(default=None, init=False)
    _timers: list[asyncio.TimerHandle] = field(default_factory=list, init=False)

    async def connect(self) -> CollectorSession:
        """A session whose collector has said hello."""
        self.counters.ssh_handshakes += 1
        await asyncio.sleep(self.machine.handshake())
        session = CollectorSession(self._request, self._dropped, self.clock, self.counters)
        session.received(f"\x1eready {PROTOCOL} {HASH} none\n".encode())
        self._session = session
        return await session.greeted(1.0)

    def _request(self, line: bytes) -> None:
        session, delays = self._session, self.machine.delays()
        if session is None or delays.lost is Loss.SILENCE:
            return
        if delays.lost is Loss.RESET:
            self._later(delays.way, lambda: session.ended("simulated", broken=True))
            return
        self._later(delays.way + delays.shell, lambda: self._answer(session, line, delays.way))

    def _answer(self, session: CollectorSession, line: bytes, way: float) -> None:
        """The host has read the line now: it looks at its clock and its files, and the answer needs its way back."""
        request, *tokens = line.decode("ascii").split()
        answers = [self.machine.says(*_call(token)) for token in tokens]
        first = "".join(_first(request, self.machine.clock(), answers))
        self._later(way, lambda: session.received(first.encode()))
        workers = [(index, said) for index, said in enumerate(answers) if said.after is not None]
        for index, said in workers:
            record = _record(request, index, said)
            self._later(way + (said.after or 0.0), partial(session.received, record, second=True))
        if workers:
            last = max(said.after or 0.0 for _, said in workers)
            self._later(way + last + 0.001, lambda: session.received(f"\x1e{request} $\n".encode()))

    def _later(self, seconds: float, what: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if timer.when() > loop.time()]
        self._timers.append(loop.call_later(seconds, what))

    def _dropped(self) -> None:
        """The session is over, from either side: nothing more of it arrives."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._session is not None:
            self._session.gone.set()


def _call(token: str) -> tuple[str, tuple[str, ...]]:
    name, _, *arguments = token.split(",")
    return name, tuple(map(_decoded, arguments))


def _decoded(text: str) -> str:
    octets = _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
    return octets.encode("latin-1").decode("utf-8", "surrogateescape")


def _first(request: str, host_time: float, answers: list[Said]) -> Iterator[str]:
    yield f"\x1e{request} @ {host_time:.9f}\n"
    for index, said in enumerate(answers):
        if said.after is None:
            yield f"\x1e{request} < {index}\n{said.output}\n\x1e{request} > {index} {said.status}\n"
    yield f"\x1e{request} . {sum(said.after is not None for said in answers)}\n"


def _record(request: str, index: int, said: Said) -> bytes:
    head = f"\x1e{request} ! {index} {said.status} 1000.00 {1000 + (said.after or 0.0):.3f}\n"
    return f"{head}{said.output}\n\x1e{request} ;\n".encode()
