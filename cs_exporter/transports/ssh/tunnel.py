"""Connections that a host makes for us, through the SSH connection it is asked over (direct-tcpip, RFC 4254 §7.2).

What a host can reach is what matters for it; nothing is installed or started there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import asyncssh

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Clock, Counters, Dial, PortState, Talk
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.dial.addresses import first_accepting
from cs_exporter.transports.dial.inflight import InFlight, UnderWay
from cs_exporter.transports.dial.talk import Span, talked
from cs_exporter.transports.names import AddressInfo, names
from cs_exporter.transports.ssh.forward import Forward, Unanswered
from cs_exporter.transports.ssh.forward_wire import ChannelWire
from cs_exporter.transports.ssh.tunnel_errors import not_opened

_LAST_PART, _LAST_SECONDS = 0.25, 0.5
"""Of the deadline, and at most: kept for asking whether the host itself still answers, before silence is believed."""


@dataclass(frozen=True, slots=True)
class _Vouch:
    """Asks the host for its clock: its answer comes after all that its SSH server had said before."""

    shell: HostShell
    forward: Forward
    what: str
    ends: float

    async def __call__(self) -> None:
        """Raises ProbeFailed where the host does not answer either, or the connection is another one by now."""
        try:
            async with asyncio.timeout_at(self.ends):
                await self.shell.clock()
        except TimeoutError as error:
            detail = f"{self.what}: the host that was to connect does not answer itself"
            raise ProbeFailed(Reason.TIMEOUT, detail) from error
        if self.forward.closed:
            raise ProbeFailed(Reason.RESET, f"{self.what}: the SSH connection to the host broke meanwhile")


class HostTunnel:
    """Implements ports.Dialer from one host's vantage.

    A destination that does not answer stays asked for until the host's kernel gives up, up to about two minutes; for
    as long it is reported as filtered since then, and once it heals as open with the kernel's next repetition.

    `connect_seconds` is right to about a millisecond: the answer's way through the SSH server, less the shortest of
    the last round trips to that; what our event loop does is left out of it to the kernel's resolution.
    """

    def __init__(self, shell: HostShell, clock: Clock, counters: Counters) -> None:
        del counters  # what is begun is counted where it is begun
        self._shell = shell
        self._clock = clock
        self._in_flight = InFlight()

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer. Raises UnsupportedError where the host is not asked over SSH, or forwards nothing."""
        ends = asyncio.get_running_loop().time() + deadline
        span = Span(f"{address} port {port}", deadline, ends, self._clock)

        async def attempt(mine: UnderWay) -> Dial:
            return await self._attempt(address, port, span, mine)

        return await self._in_flight.share((address, port), talk, span, attempt)

    async def _attempt(self, address: str, port: int, span: Span, mine: UnderWay) -> Dial:
        forward = await self._forward(span)
        # Names are looked up here: the host's SSH server would serve nobody, our collector included, meanwhile.
        found = await names.addresses(address, port, span.what, span.ends)
        vouch = _Vouch(self._shell, forward, span.what, span.ends)
        look = replace(span, ends=span.ends - min(_LAST_PART * span.deadline, _LAST_SECONDS))

        async def one(info: AddressInfo, ends: float) -> Dial | ChannelWire:
            return await self._opened(forward, str(info[4][0]), port, replace(look, ends=ends), vouch)

        first = await first_accepting(found, look.ends, one)
        if isinstance(first, Dial):
            return first
        mine.accepted = True
        return await self._look(forward, first, mine.talk, look, span.ends)

    async def _forward(self, span: Span) -> Forward:
        """The way out of the host; its SSH connection is made in the shell's way where there is none."""
        if self._shell.session is None:
            try:
                async with asyncio.timeout_at(span.ends):
                    await self._shell.clock()
            except TimeoutError as error:
                raise ProbeFailed(Reason.TIMEOUT, f"{span.what}: the host is not connected to yet") from error
        session = self._shell.session
        if session is None:
            raise ProbeFailed(Reason.RESET, f"{span.what}: the SSH connection to the host broke")
        if session.forward is None:
            raise UnsupportedError("the machine cs_exporter runs on is not asked over SSH: it connects for itself")
        return session.forward

    async def _opened(self, forward: Forward, address: str, port: int, span: Span, vouch: _Vouch) -> Dial | ChannelWire:
        """The connection, or why there is none."""
        loop = asyncio.get_running_loop()
        try:
            return await forward.open((address, port), span.deadline, span.ends, vouch)
        except Unanswered as unanswered:
            span.silence(unanswered.since)
            seconds = loop.time() - unanswered.since
            return Dial(PortState.FILTERED, f"no answer to the host's connection request since {seconds:.1f} s")
        except asyncssh.ChannelOpenError as error:
            return not_opened(error, address, port)

    async def _look(self, forward: Forward, wire: ChannelWire, talk: Talk, span: Span, ends: float) -> Dial:
        try:
            seen = await talked(wire, talk, span)
            await forward.leave(wire, ends)
        finally:
            wire.close()
        trip = forward.round_trip
        if trip is None:
            return seen
        first = seen.first_byte_seconds
        if first is not None and (talk.send or talk.tls):  # it was an answer, and so went to the host and back
            first = max(0.0, first - trip)
        return replace(seen, connect_seconds=max(0.0, wire.opened_in - trip), first_byte_seconds=first)
