"""ICMP and ICMPv6 echoes (RFC 792, RFC 4443), and what Linux says of a packet that failed (IP_RECVERR in ip(7)).

Messages, not sockets: what is sent, what comes back, and the kernel's struct sock_extended_err.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from enum import Enum

from cs_exporter.model import UnparsableError

HEADER = 8
"""Bytes of an echo's header."""

ECHO, ECHO_REPLY = 8, 0
ECHO_6, ECHO_REPLY_6 = 128, 129

_ECHO = struct.Struct("!BBHHH")
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_IPV4_MINIMUM = 20
_FAMILY = struct.Struct("=H")
_WHERE = {2: (4, 4), 10: (8, 16)}  # AF_INET, AF_INET6: where in its struct sockaddr an address stands, and its length

_LOCAL, _ICMP, _ICMP6 = 1, 2, 3  # enum of SO_EE_ORIGIN_... in linux/errqueue.h


@dataclass(frozen=True, slots=True)
class EchoReply:
    """An answer to an echo; `payload` is what the echo carried, as much of it as was read."""

    identifier: int
    sequence: int
    payload: bytes


class Trouble(Enum):
    """What an error says of the packet that it quotes."""

    TOO_BIG = "too big"  # a router's answer
    LOCAL = "local"  # our own kernel did not send it
    PORT = "port unreachable"  # it has arrived, and nobody listens; or a packet filter says so
    UNREACHABLE = "unreachable"  # no route, no such host, prohibited, or it went round in circles
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """A struct sock_extended_err. `mtu` stands with TOO_BIG and LOCAL, `by` is the address that the error came from."""

    trouble: Trouble
    number: int  # errno
    mtu: int | None = None
    by: str | None = None


_TROUBLES = {
    (_ICMP, 3, 3): Trouble.PORT,
    (_ICMP, 3, 4): Trouble.TOO_BIG,
    (_ICMP6, 1, 4): Trouble.PORT,
    (_ICMP6, 2, 0): Trouble.TOO_BIG,
}
_UNREACHABLES = frozenset({(_ICMP, 3), (_ICMP, 11), (_ICMP, 12), (_ICMP6, 1), (_ICMP6, 3), (_ICMP6, 4)})
"""Destination unreachable, time exceeded, parameter problem."""


def echo_request(identifier: int, sequence: int, token: bytes, size: int, *, v6: bool) -> bytes:
    """An echo of `size` bytes, header included, that carries the token and then zeros.

    ICMPv6's checksum is left to the kernel: the address that it will send from is part of it.
    """
    if size < HEADER + len(token):
        raise ValueError(f"{size} bytes have no room for an echo with a token")
    if v6:
        return _ECHO.pack(ECHO_6, 0, 0, identifier, sequence) + token.ljust(size - HEADER, b"\0")
    # Zeros add nothing to a checksum, which spares us to sum up the whole packet.
    total = checksum(_ECHO.pack(ECHO, 0, 0, identifier, sequence) + token)
    return _ECHO.pack(ECHO, 0, total, identifier, sequence) + token.ljust(size - HEADER, b"\0")


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    even = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def without_ip_header(packet: bytes) -> bytes:
    """What an IPv4 packet carries. Raises UnparsableError."""
    if not packet or packet[0] >> 4 != 4:  # noqa: PLR2004  # the version's own number
        raise UnparsableError(f"not an IPv4 packet: {packet[:20].hex()}")
    header = (packet[0] & 0xF) * 4
    if not _IPV4_MINIMUM <= header <= len(packet):
        raise UnparsableError(f"an IPv4 packet of {len(packet)} bytes with a header of {header}: {packet[:20].hex()}")
    return packet[header:]


def echo_reply(message: bytes, *, v6: bool) -> EchoReply:
    """An answer to an echo, from its first byte on. Raises UnparsableError, also for any other message."""
    return _echo(message, ECHO_REPLY_6 if v6 else ECHO_REPLY)


def quoted_echo(message: bytes, *, v6: bool) -> EchoReply:
    """The echo that an error quotes: its header and as much of the payload as the router sent back."""
    return _echo(message, ECHO_6 if v6 else ECHO)


def _echo(message: bytes, wanted: int) -> EchoReply:
    if len(message) < HEADER:
        raise UnparsableError(f"{len(message)} bytes are no echo: {message.hex()}")
    kind, code, _, identifier, sequence = _ECHO.unpack_from(message)
    if (kind, code) != (wanted, 0):
        raise UnparsableError(f"type {kind} code {code} is not what was waited for ({wanted})")
    return EchoReply(identifier, sequence, message[HEADER:])


def extended_error(data: bytes) -> ExtendedError:
    """A struct sock_extended_err and the address behind it, as the error queue has them. Raises UnparsableError."""
    if len(data) < _EXTENDED_ERROR.size:
        raise UnparsableError(f"{len(data)} bytes are no extended error: {data.hex()}")
    number, origin, kind, code, _, info, _ = _EXTENDED_ERROR.unpack_from(data)
    by = _address(data[_EXTENDED_ERROR.size :])
    if origin == _LOCAL:
        return ExtendedError(Trouble.LOCAL, number, mtu=info or None)
    other = Trouble.UNREACHABLE if (origin, kind) in _UNREACHABLES else Trouble.OTHER
    trouble = _TROUBLES.get((origin, kind, code), other)
    mtu = (info or None) if trouble is Trouble.TOO_BIG else None
    return ExtendedError(trouble, number, mtu, by)


def _address(data: bytes) -> str | None:
    """The address in a struct sockaddr; None where there is none (AF_UNSPEC)."""
    family = _FAMILY.unpack_from(data)[0] if len(data) >= _FAMILY.size else 0
    start, length = _WHERE.get(family, (0, 0))
    address = data[start : start + length]
    return str(ipaddress.ip_address(address)) if length and len(address) == length else None
