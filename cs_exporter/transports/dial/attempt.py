"""One connection of our own, looked at: the kernel's own connect time and repetitions, and how it is left.

The kernel measures while the event loop is busy elsewhere; before time's up is believed, it is asked once more.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import replace

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Dial, PortState
from cs_exporter.transports.dial.errors import IP_RECVERR, IPV6_RECVERR, icmp_of, not_accepted
from cs_exporter.transports.dial.talk import Span
from cs_exporter.transports.names import AddressInfo
from cs_exporter.transports.reasons import from_os_error
from cs_exporter.transports.tcp import opened

_CHUNK = 4096
_DRAINED = 16
_SHOWN = struct.Struct("=B67xI28xI")
"""struct tcp_info of linux/tcp.h: tcpi_state, tcpi_rtt (microseconds), tcpi_total_retrans."""
_SYN_SENT = 2
_AT_ONCE = struct.pack("ii", 1, 0)


class SocketWire:
    """A Wire of the exporter's. Made, connected once, talked over, closed."""

    def __init__(self, info: AddressInfo, what: str) -> None:
        """Raises ProbeFailed for our own lack of descriptors or memory."""
        family, kind, protocol, _, self._target = info
        self._what = what
        self._woken: asyncio.Future[None] | None = None
        self._given_up = False
        try:
            self._sock = opened(family, kind, protocol)
        except OSError as error:
            raise from_os_error(error, what) from error
        try:
            self._keep_icmp(1)
        except OSError as error:
            self._sock.close()
            raise from_os_error(error, what) from error

    async def connect(self, span: Span, since: float) -> Dial:
        """Open, refused or filtered. `since`: when the first address of the destination began to be tried.

        Raises ProbeFailed where the request could not leave.
        """
        number = self._sock.connect_ex(self._target)
        if number not in (0, errno.EINPROGRESS):
            return self._not_accepted(number, began=False)
        if number:
            await self._ready(span.ends, writing=True)
            number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not number and self._sock.getsockname()[:2] == self._target[:2]:
            # Two requests that meet make a connection (RFC 9293 §3.5), even one request that meets itself.
            number = errno.ECONNREFUSED
        if number:
            return self._not_accepted(number, began=True)
        state, microseconds, repeated = self._info()
        if state == _SYN_SENT:
            span.silence(since)
            detail = f"no answer to {1 + repeated} connection request{'s' if repeated else ''}"
            return Dial(PortState.FILTERED, detail, syn_retransmits=repeated)
        self._keep_icmp(0)  # from now on such a message may be a passing trouble, which TCP outlives
        # Without TCP timestamps the kernel can't tell whose answer it was where a request was repeated: it says 0.
        return Dial(PortState.OPEN, "accepted the connection", microseconds / 1e6 or None, repeated)

    def _not_accepted(self, number: int, *, began: bool) -> Dial:
        icmp = icmp_of(self._sock)
        own = self._sock.getsockname()[0]
        answer = not_accepted(number, icmp, own) if began or number == errno.ECONNREFUSED else None
        if answer is None:
            failure = from_os_error(OSError(number, os.strerror(number)), f"{self._what}: this machine")
            raise ProbeFailed(failure.reason, failure.detail, ours=True)
        return replace(answer, syn_retransmits=self._info()[2])

    def _keep_icmp(self, yes: int) -> None:
        if self._sock.family == socket.AF_INET6:
            self._sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, yes)
        else:
            self._sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, yes)

    def _info(self) -> tuple[int, int, int]:
        """State, smoothed round trip in microseconds, repetitions."""
        shown: tuple[int, int, int] = _SHOWN.unpack(
            self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SHOWN.size)
        )
        return shown

    async def read(self, ends: float) -> bytes:
        """See Wire."""
        await self._ready(ends, writing=False)
        try:
            return self._sock.recv(_CHUNK)
        except BlockingIOError:
            raise TimeoutError from None

    def write(self, data: bytes) -> None:
        """See Wire."""
        if data and self._sock.send(data) < len(data):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def close(self, *, mute: bool = False) -> None:
        """Leave. A peer that reads hears a FIN, as from any client; a mute one is spared a connection half closed.

        What was accepted and never read again would stay in both kernels, ours for a minute, the peer's until its
        program wakes up; RST frees both. The minute in TIME_WAIT that a FIN costs is ours alone, and at most two of
        a destination's last are in it at the usual pace.
        """
        if mute:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        else:
            self._drain()
        self._sock.close()

    def _drain(self) -> None:
        """Closing over something unread would send an RST."""
        try:
            for _ in range(_DRAINED):
                if not self._sock.recv(_CHUNK * _DRAINED):
                    return
        except OSError:  # nothing more is there, or the connection never was
            return

    def give_up(self) -> None:
        """Have whoever waits here fail at once."""
        self._given_up = True
        if self._woken is not None:
            _wake(self._woken)

    async def _ready(self, ends: float, *, writing: bool) -> None:
        """Wait until the kernel has something to say, or until loop time `ends`; which of them, it is to be asked."""
        loop = asyncio.get_running_loop()
        add: Callable[..., object] = loop.add_writer if writing else loop.add_reader
        remove = loop.remove_writer if writing else loop.remove_reader
        self._woken = loop.create_future()
        timer = loop.call_at(ends, _wake, self._woken)
        add(self._sock, _wake, self._woken)
        try:
            await self._woken
        finally:
            remove(self._sock)
            timer.cancel()
        if self._given_up:
            raise ProbeFailed(Reason.RESET, f"{self._what}: closed by cs_exporter", ours=True)


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
