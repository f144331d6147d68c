"""The bytes of one connection to a database server, in clear or by TLS, as aiomysql reads and writes them.

In the place of asyncio's streams, because those can't tell whether an idle connection is still in step, give up a TLS
handshake that is slow (which a server holds against our address), and lose the words of who answers it in clear.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

FULL = 1 << 20
"""Bytes that may wait to be read before the server is made to wait."""

LONGEST = 1 << 26
"""Bytes of an answer beyond which the connection is given up: no question of ours has such answers."""

_CHUNK = 1 << 16
_TLS_MAJOR = b"\3"
"""The second byte of every TLS record (RFC 8446, 5.1); in a packet of the protocol it is the middle of a length."""


class NotTlsError(Exception):
    """The server answered the beginning of TLS with something else: `said` are its bytes."""

    def __init__(self, said: bytes) -> None:
        super().__init__("the answer is not TLS")
        self.said = said


class Wire(asyncio.Protocol):
    """One connection. It has the methods that aiomysql uses of a StreamReader and of a StreamWriter."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._unread = bytearray()
        self._more: asyncio.Future[None] | None = None
        self._heard = 0
        self._spoken = False
        self._ended = False
        self._gone = asyncio.Event()
        self._error: Exception | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    @property
    def in_step(self) -> bool:
        """Whether the connection stands, with nothing said unasked: what a server sends then is a farewell."""
        return not self._ended and not self._unread

    @property
    def spoken(self) -> bool:
        """Whether a byte has ever come."""
        return self._spoken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._spoken = True
        self._heard += len(data)
        if self._heard > LONGEST:
            self._error = ConnectionAbortedError(f"the answer has more than {LONGEST >> 20} MiB")
            self.transport.abort()
            return
        if self._tls is None:
            self._unread += data
        else:
            self._incoming.write(data)
            self._decrypt()
        if len(self._unread) > FULL:
            self.transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._ended, self._error = True, self._error or exc
        self._gone.set()
        self._wake()

    async def readexactly(self, count: int) -> bytes:
        """That many bytes. Raises OSError or asyncio.IncompleteReadError when the connection ends before."""
        while len(self._unread) < count:
            await self._next()
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

    def write(self, data: bytes) -> None:
        """Send, without waiting: what we say to a server is always short. What is heard from then on is the answer."""
        self._heard = 0
        if self._tls is None:
            self.transport.write(data)
        else:
            self._tls.write(data)
            self._flush()

    async def drain(self) -> None:
        """Nothing to wait for, see `write`."""

    async def ended(self) -> None:
        """Wait until the connection is closed on our side."""
        await self._gone.wait()

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Go on by TLS. Raises NotTlsError, ssl.SSLError, and what `readexactly` does."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        said = b""
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                said += await self._some()
            except ssl.SSLError as error:
                # What we think of it is told, for the server's log.
                self._flush()
                if said[1:2] != _TLS_MAJOR:
                    raise NotTlsError(said) from error
                raise
        self._flush()
        self._tls = tls
        self._decrypt()

    async def _some(self) -> bytes:
        """The next bytes that come, given to TLS."""
        while not self._unread:
            await self._next()
        some = bytes(self._unread)
        self._unread.clear()
        self._incoming.write(some)
        return some

    async def _next(self) -> None:
        """Wait until more has come. Raises OSError or asyncio.IncompleteReadError when nothing will."""
        if self._ended:
            raise self._error or asyncio.IncompleteReadError(bytes(self._unread), None)
        if not self.transport.is_reading():
            self.transport.resume_reading()
        self._more = asyncio.get_running_loop().create_future()
        try:
            await self._more
        finally:
            self._more = None

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    def _flush(self) -> None:
        if said := self._outgoing.read():
            self.transport.write(said)

    def _decrypt(self) -> None:
        """Move what TLS has whole to where it is read."""
        if self._tls is None:
            return
        try:
            while some := self._tls.read(_CHUNK):
                self._unread += some
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLZeroReturnError:
            self._ended = True
        except ssl.SSLError as error:
            self._ended, self._error = True, error
        self.transport.close()
