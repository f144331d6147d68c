"""The network path to an address, and the machine's own links, as the exporter's kernel sees them.

Echoes never trust a path MTU that the kernel has cached; what the kernel refuses by itself is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cs_exporter.model import Link, Route


class EchoState(StrEnum):
    """What became of one packet that may not be fragmented."""

    REPLY = "reply"
    SILENT = "silent"  # nothing came back
    TOO_BIG = "too_big"  # a router on the way said so by ICMP: `mtu`, `by`
    LOCAL = "local"  # our own kernel refused to send it: `mtu` is its device's
    UNREACHABLE = "unreachable"  # ICMP said so, or there is no route


@dataclass(frozen=True, slots=True)
class Echo:
    """One packet of `size` bytes (the whole IP packet). `rtt` in seconds where it came back."""

    state: EchoState
    size: int
    rtt: float | None = None
    mtu: int | None = None
    by: str | None = None  # address of who said so; with UNREACHABLE our own where the peer's hardware is not found


class EchoWay(StrEnum):
    """How this process may send echoes, best first."""

    RAW = "raw"  # CAP_NET_RAW
    PING = "ping"  # net.ipv4.ping_group_range holds our group
    # To a closed port: few answers are given per second, so only for few packets; and a peer that filters UDP gives
    # none, so silence is evidence only of a size beyond one that was answered.
    UDP = "udp"


class Mtu(Protocol):
    """Echoes from the exporter. Raises ProbeFailed only for our own faults."""

    @property
    def way(self) -> EchoWay:
        """What this process is allowed to do."""

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """Send one packet of `size` bytes with "don't fragment" set, and wait `deadline` seconds for an answer.

        The address may be a name; to find it, and a free socket, may take `deadline` seconds once more. Where a packet
        filter of our own holds it back, and where descriptors run out, it raises ProbeFailed.
        """


class Netlink(Protocol):
    """The exporter's own machine. Raises ProbeFailed."""

    async def links(self) -> tuple[Link, ...]:
        """All devices."""

    async def route(self, address: str) -> Route | None:
        """The route to an address, which may be a name; None where there is no route."""
