"""What one run is given: the ports of the host it asks, the clocks, its own last reading.

A probe sees nothing else of the world, so that a test can give it any world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from cs_exporter.ports.cloud import CloudApi
from cs_exporter.ports.http import Http
from cs_exporter.ports.path import Mtu, Netlink
from cs_exporter.ports.rpc import Rpc
from cs_exporter.ports.shell import Shell
from cs_exporter.ports.sql import Sql
from cs_exporter.ports.tcp import Dialer

R = TypeVar("R")


class Clock(Protocol):
    """The exporter's own clocks, in seconds."""

    def time(self) -> float:
        """Wall clock, since the epoch."""

    def monotonic(self) -> float:
        """Monotonic clock, from an arbitrary start."""


@dataclass(frozen=True)
class Last(Generic[R]):
    """A probe's own last reading and the exporter's monotonic time it was made at."""

    reading: R
    monotonic: float


class Previous(Protocol):
    """Gives a probe its own last reading of the host it asks now."""

    def __call__(self, kind: type[R], /) -> Last[R] | None:
        """The last reading, if there is one of that kind."""


@dataclass(frozen=True, slots=True)
class Io:
    """What one run is given."""

    shell: Shell
    rpc: Rpc
    sql: Sql
    tcp: Dialer  # from the exporter
    tunnel: Dialer  # from the host that is asked
    mtu: Mtu
    netlink: Netlink
    api: CloudApi  # of the cloud whose pseudo-host is asked
    http: Http
    clock: Clock
    previous: Previous


@dataclass(slots=True)
class Counters:
    """Work done by the transports, as plain integers that only grow."""

    ssh_handshakes: int = 0
    requests: int = 0
    request_bytes: int = 0
    answer_bytes: int = 0
    rpc_calls: int = 0
    sql_logins: int = 0
    sql_queries: int = 0
    api_calls: int = 0
    http_requests: int = 0
    dials: int = 0  # connections begun from the exporter to look at a port
    tunnels: int = 0  # the same through a host
    echoes: int = 0  # packets sent to measure a path
    sessions_dropped: int = 0
