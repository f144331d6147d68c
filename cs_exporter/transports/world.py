"""All transports together: what the daemon, and a single run at a terminal, ask hosts through.

One place that makes a run's `Io`, so that both see the same world.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from cs_exporter.model import Host
from cs_exporter.ports import Clock, Counters, Io, Previous
from cs_exporter.transports.cloud_api import CloudApis
from cs_exporter.transports.collector.script import CollectorScript
from cs_exporter.transports.dial.dialer import TcpDialer
from cs_exporter.transports.http import HttpClient
from cs_exporter.transports.mysql.servers import MysqlServers
from cs_exporter.transports.paths.mtu import Echoes
from cs_exporter.transports.paths.netlink import KernelLinks
from cs_exporter.transports.pool import Pace, Shells
from cs_exporter.transports.rpc import RpcClient


class World:
    """The transports. All methods are for the event loop's thread."""

    def __init__(self, script: CollectorScript, pace: Pace, clock: Clock, counters: Counters) -> None:
        self.shells = Shells(script, pace, clock, counters)
        self._clock = clock
        self._mysql = MysqlServers(clock, counters)
        self._rpc = RpcClient(counters)
        self._tcp = TcpDialer(clock, counters)
        self._echoes = Echoes(counters)
        self._links = KernelLinks()
        self._apis = CloudApis(counters)
        self._http = HttpClient(counters)

    def io(self, host: Host, previous: Previous) -> Io:
        """What one run on a host is given."""
        return Io(
            shell=self.shells.of(host),
            rpc=self._rpc,
            sql=self._mysql.of(host),
            tcp=self._tcp,
            tunnel=self.shells.tunnel(host),
            mtu=self._echoes,
            netlink=self._links,
            api=self._apis.of(host),
            http=self._http,
            clock=self._clock,
            previous=previous,
        )

    def drop(self, names: Iterable[str]) -> None:
        """Leave these hosts, in the background."""
        left = tuple(names)
        self.shells.drop(left)
        self._mysql.drop(left)
        self._apis.drop(left)

    async def close(self) -> None:
        """Leave everything."""
        await asyncio.gather(
            self.shells.close(), self._mysql.close(), self._tcp.close(), self._apis.close(), self._http.close()
        )
