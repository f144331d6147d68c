"""What the collector's section `path` prints: packets of ping(8) that may not be fragmented, and what became of each.

Lines are `SIZE WAY STATUS TEXT`, TEXT being the most telling line of ping itself (iputils, all versions since 2010);
before them `route` with the JSON of `ip -j route get`, and `device NAME MTU`. `none`: no packet can be sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.model import Route, UnparsableError
from cs_exporter.parsers import iproute
from cs_exporter.parsers.numbers import decimal, whole


class Fate(StrEnum):
    """What became of one packet that may not be fragmented."""

    REPLY = "reply"
    SILENT = "silent"  # nothing came back
    TOO_BIG = "too_big"  # a router on the way said so by ICMP: `mtu`, `by`
    LOCAL = "local"  # the host's own kernel refused to send it: the device's MTU, or a cached path MTU
    UNREACHABLE = "unreachable"  # ICMP said so, or there is no route, or the name is not known
    DENIED = "denied"  # nothing was sent: the account may not, or the program failed


class Way(StrEnum):
    """How packets were sent."""

    PROBE = "probe"  # ping -M probe: a cached path MTU is left aside
    DO = "do"  # ping -M do, which older versions have: a cached path MTU is obeyed
    UDP = "udp"  # a datagram to a closed port: of few answers per second, and for one direction only
    NAME = "name"  # not at all: the peer's name is not known to the host
    RAW = "raw"  # ICMP by the exporter itself
    PING = "ping"  # the same, by net.ipv4.ping_group_range


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of `size` bytes (the whole IP packet); `rtt` in seconds where an answer came."""

    size: int
    way: Way
    fate: Fate
    rtt: float | None = None
    mtu: int | None = None
    by: str = ""  # address of the router that answered
    text: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of packets to one peer. `packets` is None where the host can't send any."""

    route: Route | None
    device_mtu: int | None  # of the device that the route goes out by
    packets: tuple[Packet, ...] | None


_TIME = re.compile(r"time[=<]([0-9.]+) ?ms")
_FROM = re.compile(r"From (\S+?):?(?: \(([0-9A-Fa-f.:]+)\):?)? ")
_MTU = re.compile(r"mtu ?[=:] ?([0-9]{1,6})")
_LOCAL = re.compile(r"[Mm]essage too long")
_TOO_BIG = re.compile(r"Frag needed|Packet too big")
# Where IPv6 is off, a ping that may not open its socket for IPv4 complains about the one for IPv6.
_DENIED = re.compile(r"socket: (?:Operation not permitted|Permission denied|Address family not supported)|cap_net_raw")
_OTHER_ERROR = 2  # ping(8): 1 is no answer, 2 any other error; above are the shell's, of a program that did not run
_UNREACHABLE = re.compile(
    r"[Uu]nreachable|Packet filtered|No route|[Pp]rohibited|Time to live exceeded|Time exceeded"
    r"|Name or service not known|Temporary failure in name resolution|unknown host|no getent"
    r"|sendmsg: Operation not permitted"
)


def answer(text: str) -> Round:
    """All of the section's output. Raises UnparsableError."""
    route, device_mtu = None, None
    packets: list[Packet] = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "route":
            route = iproute.route(rest)
        elif word == "device":
            device_mtu = whole(rest.rpartition(" ")[2], "device MTU")
        elif line == "none":
            return Round(route, device_mtu, None)
        elif line:
            packets.append(_packet(line))
    return Round(route, device_mtu, tuple(packets))


def _packet(line: str) -> Packet:
    try:
        size, way, status, text = [*line.split(" ", 3), ""][:4]
        return packet(whole(size, "size"), Way(way), whole(status, "status"), text)
    except ValueError as error:
        raise UnparsableError(f"section path: not a packet: {line[:120]!r}") from error


def packet(size: int, way: Way, status: int, text: str) -> Packet:
    """One packet by the exit status of its program and its most telling line."""
    if status == 0:
        time = _TIME.search(text)
        rtt = decimal(time[1], "rtt") / 1000 if time else None
        return Packet(size, way, Fate.REPLY, rtt=rtt)
    told = _MTU.search(text)
    mtu = int(told[1]) or None if told else None
    sender = _FROM.match(text)
    by = (sender[2] or sender[1]) if sender else ""
    for pattern, fate in (
        (_LOCAL, Fate.LOCAL),
        (_TOO_BIG, Fate.TOO_BIG),
        (_DENIED, Fate.DENIED),
        (_UNREACHABLE, Fate.UNREACHABLE),
    ):
        if pattern.search(text):
            return Packet(size, way, fate, mtu=mtu, by=by, text=text)
    return Packet(size, way, Fate.SILENT if status < _OTHER_ERROR else Fate.DENIED, text=text)
