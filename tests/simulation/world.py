"""The simulated cloud in the place of the transports: every port that a run is given, answered by it.

Hosts are asked through the real shell and session; connections, RPC calls and statements are fakes of our own ports.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from cs_exporter.config import Config
from cs_exporter.daemon import Daemon, collector, pace_of
from cs_exporter.model import Host
from cs_exporter.ports import Dial, Io, PortState, Previous, RpcReply, RpcVerdict, SqlRow, SqlServer, Talk
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.world import World
from tests.probes.mysql import mysql_stand
from tests.simulation.carrier import Carrier
from tests.simulation.cloud import Cloud

CLOSED = frozenset({443, 80, 8096, 8443, 9595})
"""Ports at which nobody listens: those of features that are off."""

REPEATED_REQUESTS = 1 / 300
"""Share of connections whose first request is lost."""

MAX_CONNECTIONS = 700
"""CloudStack's 350 for each management server."""


class Dialler:
    """ports.Dialer, from the exporter and from every host."""

    def __init__(self, rng: Random, round_trip: float, *, counts: bool) -> None:
        self._rng = rng
        self._round_trip = round_trip
        self._counts = counts  # whether repeated requests are known

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        del address, deadline
        trip = self._round_trip * self._rng.lognormvariate(0, 0.4) + 1e-4
        if port in CLOSED:
            await asyncio.sleep(trip)
            return Dial(PortState.REFUSED, "refused")
        repeated = int(self._rng.random() < REPEATED_REQUESTS)
        first = trip + self._rng.lognormvariate(0, 1) * 0.003 if talk.listen or talk.tls else None
        await asyncio.sleep(trip + repeated + (first or 0.0))
        return Dial(PortState.OPEN, "", trip, repeated if self._counts else None, first, b"HTTP/1.1" if first else b"")


class Caller:
    """ports.Rpc of an NFS server that has everything."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    async def null(self, address: str, port: int, program: int, version: int, deadline: float) -> RpcReply:
        """See ports.Rpc."""
        del address, port, program, version, deadline
        slow = self._rng.uniform(0.1, 0.45) if self._rng.random() < 1 / 200 else 0.0
        latency = self._rng.lognormvariate(0, 0.7) * 0.001 + slow
        await asyncio.sleep(latency + 0.001)
        return RpcReply(RpcVerdict.UP, latency)

    async def getport(self, address: str, program: int, version: int, deadline: float) -> int:
        """See ports.Rpc."""
        del address, program, version, deadline
        await asyncio.sleep(0.002)
        return 20048


class Database:
    """ports.Sql: a MariaDB that replicates from another one; between 20 and 60 % of its connections are in use."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._rng = cloud.rng("database")
        self._sql = mysql_stand.mariadb()
        grants = self._sql.answers
        grants["variables"] = mysql_stand.changed(
            grants["variables"], max_connections=MAX_CONNECTIONS, binlog_format="ROW", port=3306
        )

    async def login(self, deadline: float) -> SqlServer:
        """See ports.Sql."""
        await asyncio.sleep(0.001 if self._sql.kept else 0.02)
        return await self._sql.login(deadline)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See ports.Sql. Now and then an answer takes a second, or the connection breaks."""
        self._live()
        await asyncio.sleep(1.0 if self._rng.random() < 1 / 500 else self._rng.uniform(0.0005, 0.003))
        if self._rng.random() < 1 / 2000:
            self._sql.kept = False
            raise mysql_stand.LOST.again()
        return await self._sql.query(statement, deadline)

    async def leave(self) -> None:
        """See ports.Sql."""
        await self._sql.leave()

    def _live(self) -> None:
        """Numbers of now."""
        elapsed, answers = self._cloud.clock.elapsed, self._sql.answers
        level = 0.4 + 0.17 * math.sin(elapsed / 700 + self._cloud.seed) + self._rng.uniform(-0.03, 0.03)
        pool = int(level * MAX_CONNECTIONS / 2) - 6
        clients = (("10.0.0.11", "cloud", pool), ("10.0.0.12", "cloud", pool), ("10.0.0.11", "cloud_usage", 8))
        total = sum(number for _, _, number in clients)
        answers["clients"] = tuple(
            {"client": client, "db": database, "sessions": str(number)} for client, database, number in clients
        )
        uptime = {"uptime": 500_000 + int(elapsed), "max_used_connections": int(0.62 * MAX_CONNECTIONS)}
        answers["status"] = mysql_stand.changed(answers["status"], threads_connected=total, **uptime)
        behind = str(self._rng.choice((0, 0, 0, 1, 3)))
        replication = answers["replication"]
        assert isinstance(replication, tuple)
        answers["replication"] = tuple({**row, "Seconds_Behind_Master": behind} for row in replication)


class SimulatedWorld(World):
    """What the daemon asks the cloud through."""

    def __init__(self, cloud: Cloud, daemon: Daemon, config: Config) -> None:
        counters = daemon.board.health.counters
        super().__init__(collector(), pace_of(config), cloud.clock, counters)
        self._cloud = cloud
        self._database = Database(cloud)
        self._rpc_calls = Caller(cloud.rng("rpc"))
        self._hosts = {
            name: HostShell(Carrier(machine, cloud.clock, counters).connect, cloud.clock, pace_of(config).retry_cap)
            for name, machine in cloud.machines.items()
        }
        self._from_here = Dialler(cloud.rng("dials"), 0.0005, counts=True)
        self._from_hosts = {
            name: Dialler(cloud.rng(f"{name} dials"), machine.round_trip, counts=False)
            for name, machine in cloud.machines.items()
        }

    def io(self, host: Host, previous: Previous) -> Io:
        """See World."""
        return replace(
            super().io(host, previous),
            shell=self._hosts[host.name],
            rpc=self._rpc_calls,
            sql=self._database,
            tcp=self._from_here,
            tunnel=self._from_hosts[host.name],
        )

    def drop(self, names: Iterable[str]) -> None:
        """See World."""
        raise AssertionError(f"nobody leaves the simulated cloud: {list(names)}")

    async def close(self) -> None:
        """See World."""
        await asyncio.gather(*(shell.close() for shell in self._hosts.values()))
        await super().close()
