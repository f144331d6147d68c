"""Why a connection was not accepted, as a state and a line: errors of connect(2), and the ICMP messages behind them.

The errno alone does not tell a packet filter's refusal from the machine's own: for the kernel both are the same.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass

from cs_exporter.ports import Dial, PortState

IP_RECVERR, IPV6_RECVERR = 11, 25
"""Have the kernel keep the ICMP message that ended a connection request (ip(7), ipv6(7))."""

_EXTENDED = struct.Struct("=IBBBxII")
"""struct sock_extended_err of linux/errqueue.h: errno, origin, type, code, info, data; the sender's address follows."""
_ORIGIN_ICMP, _ORIGIN_ICMP6 = 2, 3
_SENDER = {_ORIGIN_ICMP: (socket.AF_INET, slice(20, 24)), _ORIGIN_ICMP6: (socket.AF_INET6, slice(24, 40))}

_UNREACHABLE = {
    (_ORIGIN_ICMP, 3): {
        0: "network unreachable",
        1: "host unreachable",
        2: "protocol unreachable",
        3: "port unreachable, as a packet filter says it",
        9: "network administratively prohibited",
        10: "host administratively prohibited",
        13: "communication administratively prohibited",
    },
    (_ORIGIN_ICMP6, 1): {
        0: "no route to the destination",
        1: "communication administratively prohibited",
        3: "address unreachable",
        4: "port unreachable, as a packet filter says it",
        5: "the source address is not let through",
        6: "the route rejects",
    },
}
"""Meaning of the codes of "destination unreachable", by origin and type (RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.1)."""

_ANSWERS = {
    errno.ECONNREFUSED: Dial(PortState.REFUSED, "refused: nobody listens"),
    errno.ECONNRESET: Dial(PortState.RESET, "broke the connection while accepting it"),
    errno.ETIMEDOUT: Dial(PortState.FILTERED, "no answer to the connection request until the kernel gave up"),
    **{
        number: Dial(PortState.FILTERED, os.strerror(number))
        for number in (
            *(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ENONET),
            *(errno.EACCES, errno.EPERM, errno.ENOPROTOOPT, errno.EOPNOTSUPP),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Icmp:
    """An ICMP message that came instead of an answer: who sent it, and what it means."""

    sender: str
    meaning: str
    number: int  # errno


def icmp_of(sock: socket.socket) -> Icmp | None:
    """The ICMP message in a socket's error queue; None where there is none, or the kernel keeps none for TCP."""
    try:
        _, ancillary, _, _ = sock.recvmsg(0, 256, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            return _icmp(data)
    return None


def _icmp(data: bytes) -> Icmp | None:
    number, origin, kind, code, _, _ = _EXTENDED.unpack_from(data)
    if origin not in _SENDER:
        return None
    family, place = _SENDER[origin]
    packed = data[place]
    sender = socket.inet_ntop(family, packed) if len(packed) == place.stop - place.start else "an unknown sender"
    meaning = _UNREACHABLE.get((origin, kind), {}).get(code, f"type {kind} code {code}")
    return Icmp(sender, meaning, number)


def not_accepted(number: int, icmp: Icmp | None = None, own: str | None = None) -> Dial | None:
    """The answer that the errno of a connection request is; None where it is none of the destination's.

    `own` is the address that the request left from: what that one sends is our own machine's doing.
    """
    if icmp is not None and icmp.sender == own:
        return _on_the_link(icmp)
    if icmp is not None:
        return Dial(PortState.FILTERED, f"ICMP from {icmp.sender}: {icmp.meaning}")
    return _ANSWERS.get(number)


def _on_the_link(icmp: Icmp) -> Dial | None:
    """Our own kernel says so: the next machine on the way did not answer on the link, or our own filter refuses."""
    if icmp.number != errno.EHOSTUNREACH or "prohibited" in icmp.meaning:
        return None
    return Dial(PortState.FILTERED, "no answer on the link (ARP or neighbour discovery), from it or its gateway")
