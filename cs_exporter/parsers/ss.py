"""TCP sockets as `ss -tinH` prints them: who talks to whom, and how long ago data was sent, received, acknowledged.

One line per socket, with its details on the same line or on an indented one below. See ss(8) and the kernel's TCP_INFO
(linux/tcp.h): what is zero is left out, so a missing age means "just now", wherever TCP_INFO was had at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cs_exporter.model import UnparsableError

_SOCKET = re.compile(
    r"(?:([A-Z][A-Z0-9-]*)[ \t]+)?([0-9]{1,10})[ \t]+([0-9]{1,10})[ \t]+(\S+)[ \t]+(\S+)(?:[ \t]+(\S.*))?"
)
_ENDPOINT = re.compile(r"\[?([0-9A-Fa-f:.]+|\*)(?:%[^]\s%]{1,40})?\]?(?:%[^]\s%:]{1,40})?:([0-9]{1,5}|\*)")
_DETAIL = re.compile(r"(?<!\S)(rtt|lastsnd|lastrcv|lastack|retrans|unacked|bytes_sent|bytes_acked):(\S+)")
_WHOLE = re.compile(r"[0-9]{1,20}")
_RTT = re.compile(r"([0-9]{1,10}(?:\.[0-9]{1,9})?(?:e[+-][0-9]{1,2})?)/\S+")
_RETRANS = re.compile(r"([0-9]{1,10})/([0-9]{1,10})")
_MAPPED = "::ffff:"
_HIGHEST_PORT = 65535
_NEVER = 1 << 31
"""Milliseconds. Time stamps that were never set read as an age near 2^32, in the minutes after a boot."""


@dataclass(frozen=True, slots=True)
class Socket:
    """One TCP socket. Seconds and bytes; None: not told.

    A v4-mapped address is shown as the IPv4 address that it is; scopes are left out. Port 0 is any port. Of a listening
    socket the queues are connections: those that wait for accept(2), and how many may. `last_sent` is the last data,
    sent for the first time or again; `last_received` is data too; `last_acked` is anything at all from the peer.
    """

    state: str | None  # as ss writes it, "ESTAB"; None where only one state was asked for
    recv_queue: int
    send_queue: int
    local: str
    local_port: int
    peer: str
    peer_port: int
    last_sent: float | None = None
    last_received: float | None = None
    last_acked: float | None = None
    rtt: float | None = None
    retransmitting: int | None = None  # segments sent again and not acknowledged yet
    retransmits: int | None = None  # since the connection began
    unacked: int | None = None  # segments
    bytes_sent: int | None = None  # what was sent again included
    bytes_acked: int | None = None


def sockets(text: str) -> tuple[Socket, ...]:
    """Every socket of the output. Raises UnparsableError, which quotes the line that is none."""
    found: list[Socket] = []
    head, details = "", ""
    for line in text.split("\n"):
        if line[:1] in " \t" and line.strip():
            if not head:
                raise UnparsableError(f"ss: details of no socket: {line[:120]!r}")
            details = line
        elif line.strip():
            if head:
                found.append(_socket(head, details))
            head, details = line, ""
    if head:
        found.append(_socket(head, details))
    return tuple(found)


def _socket(head: str, below: str) -> Socket:
    match = _SOCKET.fullmatch(head.rstrip())
    if not match:
        raise UnparsableError(f"ss: not a socket: {head[:120]!r}")
    state, received, sent, local, peer, beside = match.groups()
    local_address, local_port = _endpoint(local)
    peer_address, peer_port = _endpoint(peer)
    queues = int(received), int(sent)
    written = f" {beside or ''} {below}"
    if " mss:" not in written:  # TCP_INFO always has one; without it ss knows no more than /proc/net/tcp
        return Socket(state, *queues, local_address, local_port, peer_address, peer_port)
    told = dict(_DETAIL.findall(written))
    retransmitting, retransmits = _retransmits(told.get("retrans", "0/0"))
    return Socket(
        state,
        *queues,
        local_address,
        local_port,
        peer_address,
        peer_port,
        last_sent=_age(told, "lastsnd"),
        last_received=_age(told, "lastrcv"),
        last_acked=_age(told, "lastack"),
        rtt=_rtt(told["rtt"]) if "rtt" in told else None,
        retransmitting=retransmitting,
        retransmits=retransmits,
        unacked=_whole(told, "unacked"),
        bytes_sent=_whole(told, "bytes_sent") if "bytes_sent" in told else None,  # zero, or kernels before 4.19
        bytes_acked=_whole(told, "bytes_acked") if "bytes_acked" in told else None,  # zero, or kernels before 4.1
    )


@lru_cache(maxsize=1 << 14)  # the same ones come with every poll
def _endpoint(text: str) -> tuple[str, int]:
    """Address and port; the address as it stands in an inventory."""
    match = _ENDPOINT.fullmatch(text)
    port = match[2] if match else ""
    if not match or (port != "*" and int(port) > _HIGHEST_PORT):
        raise UnparsableError(f"ss: not an address and a port: {text[:120]!r}")
    address = match[1]
    if address.startswith(_MAPPED) and "." in address:
        address = address[len(_MAPPED) :]
    return address, 0 if port == "*" else int(port)


def _whole(told: dict[str, str], name: str) -> int:
    value = told.get(name, "0")
    if not _WHOLE.fullmatch(value):
        raise UnparsableError(f"ss, {name}: not a whole number: {value[:60]!r}")
    return int(value)


def _age(told: dict[str, str], name: str) -> float | None:
    milliseconds = _whole(told, name)
    return milliseconds / 1000 if milliseconds < _NEVER else None


def _rtt(value: str) -> float:
    match = _RTT.fullmatch(value)
    if not match:
        raise UnparsableError(f"ss, rtt: not a time and its variation: {value[:60]!r}")
    return float(match[1]) / 1000


def _retransmits(value: str) -> tuple[int, int]:
    match = _RETRANS.fullmatch(value)
    if not match:
        raise UnparsableError(f"ss, retrans: not two numbers: {value[:60]!r}")
    return int(match[1]), int(match[2])
