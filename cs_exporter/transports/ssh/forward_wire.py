"""One connection that a host has made for us: a channel of its SSH connection (direct-tcpip, RFC 4254 §7.2).

It comes and goes with that connection; what its end means is told apart from the end of the SSH connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncssh

from cs_exporter.model import ProbeFailed, Reason

HELD = 64 * 1024
"""Bytes of the peer's that are kept before it is made to wait."""


class ChannelWire(asyncssh.SSHTCPSession[bytes]):
    """A Wire through a host. `vouch` raises ProbeFailed where the host itself is silent, else has heard all it said."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self._connection = connection
        self._said = bytearray()
        self._ended = False
        self._broken = False
        self._news: asyncio.Future[None] | None = None
        self._channel: asyncssh.SSHTCPChannel[bytes] | None = None
        self.vouch: Callable[[], Awaitable[None]] | None = None
        self.opened_in = 0.0
        """Seconds from asking for it to the answer, the round trip to the host included."""
        self.gone = asyncio.get_running_loop().create_future()
        """Done when nothing of it is left on our side, nor at the SSH server."""

    def connection_made(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
        """See asyncssh.SSHTCPSession."""
        self._channel = chan

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """See asyncssh.SSHTCPSession."""
        del datatype
        self._said += data
        if len(self._said) >= HELD and self._channel is not None:
            self._channel.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """See asyncssh.SSHTCPSession."""
        self._ended = True
        self._wake()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncssh.SSHTCPSession."""
        self._broken = exc is not None
        self._ended = True
        self._wake()
        if not self.gone.done():
            self.gone.set_result(None)

    async def read(self, ends: float) -> bytes:
        """See Wire."""
        await self._until(ends)
        if not self._said and not self._ended and self.vouch is not None:
            await self.vouch()
        if self._said:
            said = bytes(self._said)
            self._said.clear()
            if self._channel is not None:
                self._channel.resume_reading()
            return said
        if self._broken or self._connection.is_closed():
            raise ProbeFailed(Reason.RESET, "the SSH connection to the host broke meanwhile")
        if self._ended:
            return b""
        raise TimeoutError

    def write(self, data: bytes) -> None:
        """See Wire."""
        if data and self._channel is not None:
            self._channel.write(data)

    def close(self) -> None:
        """Leave in order: the SSH server closes its socket as soon as what we said is out."""
        if self._channel is not None:
            self._channel.close()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def _until(self, ends: float) -> None:
        """Wait for news, until loop time `ends`."""
        if self._said or self._ended:
            return
        loop = asyncio.get_running_loop()
        self._news = loop.create_future()
        timer = loop.call_at(ends, self._wake)
        try:
            await self._news
        finally:
            timer.cancel()
