"""Connections out of one host, over one SSH connection: one at a destination at a time, also after we gave it up.

An open request can't be taken back: until the host's kernel gives up (two minutes), its SSH server keeps the socket.
So what nobody waits for any more is kept here as well, and whoever asks for that destination again finds it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncssh

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Clock, Counters
from cs_exporter.transports.ssh.forward_wire import HELD, ChannelWire
from cs_exporter.transports.ssh.lanes import Lane, Lanes
from cs_exporter.transports.ssh.pacer import silence_of

Destination = tuple[str, int]
"""Address and port."""

AT_ONCE = 8
"""Connections that a host has open for us, or is about to."""
SLOW_AT_ONCE = 8
"""Of those without an answer for more than SLOW, so many besides: eight dead destinations must not hide the ninth."""
SLOW = 1.0
"""Seconds after which a kernel repeats a connection request: who has not answered by then is slow."""

_TRIPS = 16
_CONNECTION_LOST = "SSH connection closed"  # asyncssh's, to whoever waits for a channel


class Unanswered(Exception):
    """There is no answer so far. `since` is the loop time of the request."""

    def __init__(self, since: float) -> None:
        super().__init__()
        self.since = since


@dataclass(eq=False, slots=True)
class _Opening:
    since: float
    lane: Lane
    answer: asyncio.Task[ChannelWire]
    wanted: bool = True


class Forward:
    """What one SSH connection can open. It ends with that connection, and so does everything it has under way."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, sock: socket.socket, clock: Clock, counters: Counters
    ) -> None:
        self._connection = connection
        self._sock = sock
        self._clock = clock
        self._counters = counters
        self._lanes = Lanes(AT_ONCE, SLOW_AT_ONCE)
        self._openings: dict[Destination, _Opening] = {}
        self._trips: deque[float] = deque(maxlen=_TRIPS)

    @property
    def closed(self) -> bool:
        """Whether the SSH connection has ended."""
        return self._connection.is_closed()

    @property
    def round_trip(self) -> float | None:
        """The shortest of the last round trips to the host's SSH server, seconds."""
        return min(self._trips, default=None)

    async def open(
        self, destination: Destination, patience: float, ends: float, vouch: Callable[[], Awaitable[None]]
    ) -> ChannelWire:
        """A connection of the host's to that address (a number) and port. One caller at a time for a destination.

        One that has been asked for longer than `patience` seconds ago is not waited for any more, since nothing would
        be learnt; any other one is until loop time `ends`. `vouch` as in ChannelWire.
        Raises Unanswered, asyncssh.ChannelOpenError, ProbeFailed(exhausted, reset).
        """
        opening = self._openings.get(destination) or await self._begin(destination, ends)
        loop = asyncio.get_running_loop()
        opening.wanted, wire = True, None
        try:
            if loop.time() - opening.since < patience:
                await asyncio.wait((opening.answer,), timeout=ends - loop.time())
            if not opening.answer.done():
                await vouch()
            if not opening.answer.done():
                raise Unanswered(opening.since)
            wire = self._taken(opening)
            wire.vouch = vouch
            return wire
        finally:
            opening.wanted = False
            if wire is None:
                self._leave_unwanted(opening)

    def _taken(self, opening: _Opening) -> ChannelWire:
        """The connection, now the caller's. Raises what the answer was."""
        try:
            return opening.answer.result()
        except asyncssh.ChannelOpenError as error:
            if self.closed or error.reason == _CONNECTION_LOST:
                raise ProbeFailed(Reason.RESET, "the SSH connection to the host broke meanwhile") from error
            raise

    async def _begin(self, destination: Destination, ends: float) -> _Opening:
        try:
            lane = await self._lanes.take(ends)
        except TimeoutError as error:
            waiting = len(self._openings)
            detail = f"the host has not answered {waiting} earlier requests to connect for us; no further one is made"
            raise ProbeFailed(Reason.EXHAUSTED, detail, ours=True) from error
        self._counters.tunnels += 1
        loop = asyncio.get_running_loop()
        opening = _Opening(loop.time(), lane, loop.create_task(self._ask(destination)))
        self._openings[destination] = opening
        timer = loop.call_later(SLOW, lane.slow)

        def answered(answer: asyncio.Task[ChannelWire]) -> None:
            timer.cancel()
            del self._openings[destination]
            if answer.cancelled() or answer.exception() is not None:
                lane.end()
            else:
                answer.result().gone.add_done_callback(lambda _: lane.end())
                self._leave_unwanted(opening)

        opening.answer.add_done_callback(answered)
        return opening

    async def _ask(self, destination: Destination) -> ChannelWire:
        began = self._clock.monotonic()
        _, wire = await self._connection.create_connection(
            lambda: ChannelWire(self._connection), *destination, encoding=None, window=HELD
        )
        assert isinstance(wire, ChannelWire)  # noqa: S101 (narrows a type)
        wire.opened_in = self._since(began)
        return wire

    @staticmethod
    def _leave_unwanted(opening: _Opening) -> None:
        """A connection that came when nobody was waiting any more is closed at once."""
        answer = opening.answer
        if not opening.wanted and answer.done() and not answer.cancelled() and answer.exception() is None:
            answer.result().close()

    async def leave(self, wire: ChannelWire, ends: float) -> None:
        """Close a connection and wait until the host has confirmed, which is a round trip and nothing else."""
        began = self._clock.monotonic()
        wire.close()
        await asyncio.wait((wire.gone,), timeout=ends - asyncio.get_running_loop().time())
        if wire.gone.done() and not self.closed:
            self._trips.append(self._since(began))

    def _since(self, began: float) -> float:
        """Seconds from then to the host's last word: the loop may be late for it, the kernel knows when it came."""
        return max(0.0, self._clock.monotonic() - began - silence_of(self._sock))
