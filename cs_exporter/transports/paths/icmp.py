"""One packet that may not be fragmented, on a socket of its own: sent, and matched with what comes back.

A socket for each packet and not one for all: errors of other paths can't be taken for this one's, and the answers to
a burst of large packets can't push each other out of one buffer, which would look like a black hole.
"""

from __future__ import annotations

import errno
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import icmp
from cs_exporter.parsers.icmp import EchoReply, ExtendedError, Trouble
from cs_exporter.ports import Echo, EchoState, EchoWay
from cs_exporter.transports.names import Address
from cs_exporter.transports.tcp import opened

# Of linux/in.h, in6.h, icmp.h, icmpv6.h, errqueue.h and asm-generic/socket.h; Python has no names for them.
_IP_MTU_DISCOVER, _IP_RECVERR = 10, 11
_IPV6_MTU_DISCOVER, _IPV6_RECVERR = 23, 25
_PMTUDISC_PROBE = 3  # "don't fragment" is set, and a cached path MTU left aside
_SOL_RAW, _ICMP_FILTER, _ICMPV6_FILTER = 255, 1, 1
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq" if struct.calcsize("@l") == struct.calcsize("@q") else "@ll")

_IP_HEADER = {socket.AF_INET: 20, socket.AF_INET6: 40}
_TOKEN = 8
_READ = 160
"""Bytes of an answer that are read: an IPv4 header with all its options, an echo's header and our token fit in."""
_CONTROL = 512
_MOST_READS = 64
_UDP_PORTS = range(33434, 33534)
"""Where traceroute(8) sends its packets: nobody listens, and packet filters that let errors back know them."""

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EINVAL})
"""What the kernel says where there is no route; EINVAL is a blackhole's (ip-route(8))."""


_Control = list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error of the queue, what it quotes of the packet, and the kernel's stamp (ns)."""

    said: ExtendedError
    quoted: bytes
    stamp: int | None


def open_socket(way: EchoWay, family: int) -> socket.socket:
    """A socket of that way, not blocking. Raises OSError: PermissionError where this process may not."""
    if way is EchoWay.UDP:
        return opened(family, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    return opened(family, socket.SOCK_RAW if way is EchoWay.RAW else socket.SOCK_DGRAM, protocol)


class EchoSocket:
    """One packet of `size` bytes to one address. Raises OSError where no socket is to be had; close it."""

    def __init__(self, way: EchoWay, family: int, target: Address, size: int) -> None:
        self._way = way
        self._v6 = family == socket.AF_INET6
        self._size = size
        self._host = str(target[0])
        self._target = (self._host, secrets.choice(_UDP_PORTS) if way is EchoWay.UDP else 0, *target[2:])
        self._identifier, self._sequence = secrets.randbits(16), secrets.randbits(16)
        self._token = secrets.token_bytes(_TOKEN)
        self._packet = self._made(size - _IP_HEADER[socket.AddressFamily(family)])
        self._sent = self._sent_monotonic = 0
        self._socket = open_socket(way, family)
        try:
            self._set_options()
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave: what comes later finds nobody."""
        self._socket.close()

    def send(self) -> Echo | None:
        """Send the packet. An Echo where our own kernel refused; raises OSError where the fault lies on our machine."""
        try:
            self._socket.connect(self._target)
            # Nothing may stand between the stamps and the packet.
            self._sent_monotonic, self._sent = time.monotonic_ns(), time.time_ns()
            self._socket.send(self._packet)
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                said = [failure.said for failure in self._failures() if failure.said.trouble is Trouble.LOCAL]
                return Echo(EchoState.LOCAL, self._size, mtu=said[0].mtu if said else None)
            # Without an IPv6 address of its own, this machine has no way either.
            if error.errno in _NO_WAY or (self._v6 and error.errno == errno.EADDRNOTAVAIL):
                return Echo(EchoState.UNREACHABLE, self._size)
            raise
        return None

    def answer(self) -> Echo | None:
        """What has become of the packet; None as long as nothing tells. Does not block."""
        for failure in self._failures():
            echo = self._failed(failure)
            if echo is not None:
                return echo
        for data, control in self._messages(0):
            if self._is_reply(data):
                return Echo(EchoState.REPLY, self._size, rtt=self._rtt(_stamp(control)))
        return None

    def _made(self, size: int) -> bytes:
        if self._way is not EchoWay.UDP:
            return icmp.echo_request(self._identifier, self._sequence, self._token, size, v6=self._v6)
        if size < icmp.HEADER + _TOKEN:
            raise ValueError(f"{size} bytes have no room for a token")
        return self._token.ljust(size - icmp.HEADER, b"\0")

    def _set_options(self) -> None:
        option = self._socket.setsockopt
        option(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        if self._v6:
            option(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)
            option(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        else:
            option(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_PROBE)
            option(socket.IPPROTO_IP, _IP_RECVERR, 1)
        if self._way is EchoWay.RAW:
            self._filter()

    def _filter(self) -> None:
        """Let the kernel keep all but answers to echoes away: a raw socket sees the whole machine's ICMP."""
        if self._v6:
            words = [0xFFFFFFFF] * 8
            words[icmp.ECHO_REPLY_6 // 32] &= ~(1 << icmp.ECHO_REPLY_6 % 32)
            self._socket.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("=8I", *words))
        else:
            kept = 0xFFFFFFFF & ~(1 << icmp.ECHO_REPLY)
            self._socket.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", kept))

    def _failed(self, failure: _Failure) -> Echo | None:
        """What an error means for our packet; None where it means nothing, or another packet."""
        said = failure.said
        if not self._is_ours(failure.quoted):
            return None
        if said.trouble is Trouble.TOO_BIG:
            return Echo(EchoState.TOO_BIG, self._size, mtu=said.mtu, by=said.by)
        if said.trouble is Trouble.PORT and self._way is EchoWay.UDP and said.by == self._host.partition("%")[0]:
            return Echo(EchoState.REPLY, self._size, self._rtt(failure.stamp))
        if said.trouble in {Trouble.PORT, Trouble.UNREACHABLE}:
            return Echo(EchoState.UNREACHABLE, self._size, by=said.by)
        return None

    def _is_reply(self, data: bytes) -> bool:
        if self._way is EchoWay.UDP:
            return True  # somebody does listen there, and the kernel lets only our peer through
        try:
            message = icmp.without_ip_header(data) if self._way is EchoWay.RAW and not self._v6 else data
            echo = icmp.echo_reply(message, v6=self._v6)
            return self._is_same(echo) and echo.payload.startswith(self._token)
        except UnparsableError:
            return False

    def _is_ours(self, quoted: bytes) -> bool:
        """Whether an error quotes our packet: routers send back its first 8 bytes at least, as a rule many more."""
        if self._way is EchoWay.UDP:
            return self._packet.startswith(quoted)
        try:
            return self._is_same(icmp.quoted_echo(quoted, v6=self._v6))
        except UnparsableError:
            return False

    def _is_same(self, echo: EchoReply) -> bool:
        # The kernel chooses a ping socket's identifier, and lets it see no other one.
        same = self._way is EchoWay.PING or echo.identifier == self._identifier
        token = echo.payload[:_TOKEN]
        return same and echo.sequence == self._sequence and self._token.startswith(token)

    def _failures(self) -> Iterator[_Failure]:
        """The kernel's error queue, emptied."""
        wanted = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if self._v6 else (socket.IPPROTO_IP, _IP_RECVERR)
        for data, control in self._messages(socket.MSG_ERRQUEUE):
            for level, kind, value in control:
                with suppress(UnparsableError):
                    if (level, kind) == wanted:
                        yield _Failure(icmp.extended_error(value), data, _stamp(control))

    def _messages(self, flags: int) -> Iterator[tuple[bytes, _Control]]:
        for _ in range(_MOST_READS):
            try:
                data, control, _, _ = self._socket.recvmsg(_READ, _CONTROL, flags)
            except BlockingIOError:
                return
            except OSError:
                # An error that the queue has told, or another packet's: telling it once is what ends it.
                continue
            yield data, control

    def _rtt(self, received: int | None) -> float:
        """Seconds from sending to the kernel's stamp of the answer, whatever our event loop was doing meanwhile.

        The stamp is by the wall clock, which may be set meanwhile: what lies before the sending or after now is wrong,
        and then it is the time until now.
        """
        elapsed = time.monotonic_ns() - self._sent_monotonic
        stamped = elapsed if received is None else received - self._sent
        return (stamped if 0 <= stamped <= elapsed else elapsed) / 1e9


def _stamp(control: _Control) -> int | None:
    """When the kernel received it, in nanoseconds of the wall clock."""
    for level, kind, value in control:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(value) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(value)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None
