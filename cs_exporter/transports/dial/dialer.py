"""Connections from the exporter to look at a port: the kernel's own connect time, a first byte, a certificate.

Nothing is kept: a destination is connected to, looked at and left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Clock, Counters, Dial, PortState, Talk
from cs_exporter.transports.dial.addresses import first_accepting
from cs_exporter.transports.dial.attempt import SocketWire
from cs_exporter.transports.dial.inflight import InFlight, UnderWay
from cs_exporter.transports.dial.talk import Span, talked
from cs_exporter.transports.names import AddressInfo, names

AT_ONCE = 512
"""Connections to ports that may be open or under way at once, all destinations together."""


class TcpDialer:
    """Implements ports.Dialer with sockets of the exporter.

    An attempt ends with its asker: the socket is closed at once, so nothing of it is left and the next one is new.
    The same question is never asked twice at once. Different ones are: one service that is mute must not be why nothing
    is known of others behind the same address and port.
    """

    def __init__(self, clock: Clock, counters: Counters, at_once: int = AT_ONCE) -> None:
        self._clock = clock
        self._counters = counters
        self._in_flight = InFlight()
        self._turns = asyncio.Semaphore(at_once)
        self._open: set[SocketWire] = set()

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        ends = asyncio.get_running_loop().time() + deadline
        span = Span(f"{address} port {port}", deadline, ends, self._clock)

        async def attempt(mine: UnderWay) -> Dial:
            return await self._attempt(address, port, span, mine)

        return await self._in_flight.share((address, port, talk), talk, span, attempt)

    async def close(self) -> None:
        """Give up every attempt under way."""
        for wire in self._open:
            wire.give_up()

    async def _attempt(self, address: str, port: int, span: Span, mine: UnderWay) -> Dial:
        found = await names.addresses(address, port, span.what, span.ends)
        async with self._turn(span):
            since = mine.asked = asyncio.get_running_loop().time()

            async def one(info: AddressInfo, ends: float) -> Dial | tuple[SocketWire, Dial]:
                return await self._connect(info, replace(span, ends=ends), since)

            first = await first_accepting(found, span.ends, one)
            if isinstance(first, Dial):
                return first
            mine.accepted = True
            return await self._look(*first, mine.talk, span)

    async def _connect(self, info: AddressInfo, span: Span, since: float) -> Dial | tuple[SocketWire, Dial]:
        """The answer to a connection request; with the connection, where it was accepted."""
        wire = SocketWire(info, span.what)
        self._open.add(wire)
        self._counters.dials += 1
        try:
            answer = await wire.connect(span, since)
        except BaseException:
            self._leave(wire)
            raise
        if answer.state is PortState.OPEN:
            return wire, answer
        self._leave(wire)
        return answer

    async def _look(self, wire: SocketWire, accepted: Dial, talk: Talk, span: Span) -> Dial:
        mute = True
        try:
            seen = await talked(wire, talk, span)
            mute = seen.state is PortState.MUTE
        finally:
            self._leave(wire, mute=mute)
        return replace(seen, connect_seconds=accepted.connect_seconds, syn_retransmits=accepted.syn_retransmits)

    def _leave(self, wire: SocketWire, *, mute: bool = False) -> None:
        self._open.discard(wire)
        wire.close(mute=mute)

    @asynccontextmanager
    async def _turn(self, span: Span) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(span.ends):
                await self._turns.acquire()
        except TimeoutError as error:
            detail = f"{span.what}: connections to ports are under way, as many as there may be; none ended in time"
            raise ProbeFailed(Reason.EXHAUSTED, detail, ours=True) from error
        try:
            yield
        finally:
            self._turns.release()
