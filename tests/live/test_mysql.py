"""Every way in which a database server goes bad, seen by the daemon on real servers of both kinds; and all heal."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cs_exporter.probes.mysql.galera_cluster import GaleraClusterReading
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading
from tests.lab import faults
from tests.lab.galera import GaleraNode
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.mariadb import MariaDb
from tests.lab.mysql import MONITOR, PORT, MysqlServer
from tests.lab.mysql9 import SERVER
from tests.lab.wait import wait_until_async
from tests.live.watch import QUICK, Address, Watch

pytestmark = pytest.mark.lab

DEADLINE = 30.0
DOWN = "CsMysqlUnavailable"
"""Beside the way in which it is."""

SATURATED = {"CsMysqlSaturated", "CsMysqlConnectionsHigh", "CsMysqlConnectionsCritical"}
_BOTH = pytest.param(("mariadb", "mysql9"), marks=pytest.mark.mysql9, id="both")
KINDS = pytest.mark.parametrize("servers", [_BOTH] if SERVER.exists() else [("mariadb",), _BOTH], indirect=True)
"""Both kinds at once, since each fault is waited for; MariaDB alone where MySQL's own server is missing."""


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> Iterator[list[MysqlServer]]:
    """The database servers of those names, which run again afterwards."""
    found: list[MysqlServer] = [request.getfixturevalue(name) for name in request.param]
    yield found
    for server in found:
        server.thaw()
        if not server.processes():
            server.start()


@pytest.fixture
def pair(lab: Lab) -> Iterator[tuple[MysqlServer, MysqlServer]]:
    """A MariaDB that logs by row, and its replica."""
    hosts = lab.add_hosts([HostSpec("source"), HostSpec("replica")])
    source, replica = (
        MariaDb(host, log_bin="binlog", binlog_format="ROW", server_id=number) for number, host in enumerate(hosts, 1)
    )
    try:
        for server in (source, replica):
            server.start()
        replica.follow(source)
        yield source, replica
    finally:
        for server in (source, replica):
            server.kill()
            lab.remove_host(server.host)


class Floating(NamedTuple):
    """An address that is watched as a host."""

    name: str
    address: str


@contextmanager
def _second_address(server: MysqlServer) -> Iterator[Floating]:
    """As keepalived gives it to one of several: a further address of the server's host."""
    enter = server.host.namespace.run
    [own] = [line.split() for line in enter(["ip", "-o", "-4", "addr"]).splitlines() if server.address in line]
    device, (_, length) = own[1], own[3].split("/")
    address = str(ipaddress.ip_address(server.address) + 100)
    enter(["ip", "addr", "add", f"{address}/{length}", "dev", device])
    try:
        yield Floating("a-vip", address)
    finally:
        enter(["ip", "addr", "del", f"{address}/{length}", "dev", device])


class Databases:
    """A daemon that watches database servers, and what it says of them."""

    def __init__(self, directory: Path, lab: Lab, servers: Sequence[MysqlServer]) -> None:
        self.names = [server.host.name for server in servers]
        blocks: dict[Address, dict[str, Any]] = {
            server.host: {"roles": ["database"], "mysql": {"password_file": str(server.password_file)}}
            for server in servers
        }
        settings = {**QUICK["probes"]["mysql_connections"], "pool_sizes": {"h1": 3}}
        blocks[lab.hosts["h1"]] = {}
        self.watch = Watch(directory, lab, blocks, probes={"mysql_connections": settings})

    def red(self, *, refusals: bool = False) -> set[tuple[str, str]]:
        """(host, symptom) about databases now; refusals stay for five minutes, and are left out unless asked for."""
        found = {(host, name) for host, name in self.watch.red_names() if name.startswith(("CsMysql", "CsGalera"))}
        return {(host, name) for host, name in found if refusals or name != "CsMysqlRefusals"}

    async def all_show(self, *symptoms: str) -> None:
        """Wait until every server shows just these."""
        await self.show({(name, symptom) for name in self.names for symptom in symptoms})

    async def show(self, expected: set[tuple[str, str]]) -> None:
        """Wait until just these symptoms hold."""

        def seen() -> bool:
            return expected == self.red() and all(map(self._answered, self.names))

        await wait_until_async(seen, DEADLINE, f"just {sorted(expected)} to hold")

    def readings(self) -> list[MysqlConnectionsReading]:
        """The latest reading of each server."""
        found = [self.watch.reading("mysql_connections", name, MysqlConnectionsReading) for name in self.names]
        return [reading for reading in found if reading is not None]

    def _answered(self, name: str) -> bool:
        return self.watch.works("mysql_connections", name)


@contextmanager
def _all(contexts: Iterable[AbstractContextManager[object]]) -> Iterator[None]:
    with ExitStack() as entered:
        for context in contexts:
            entered.enter_context(context)
        yield


def _refusals(server: MysqlServer) -> int:
    return server.status("Connection_errors_max_connections")


@KINDS
async def test_full_frozen_and_killed(tmp_path: Path, lab: Lab, servers: list[MysqlServer]) -> None:
    """Full before and after our login, a client's pool used up, frozen, killed in a statement, out of reach."""
    databases = Databases(tmp_path, lab, servers)
    with ExitStack() as full:
        full.enter_context(_all(server.fill() for server in servers))
        async with databases.watch:
            await databases.all_show("CsMysqlSaturated")
            full.close()
            await databases.all_show()
            before = {server: _refusals(server) for server in servers}
            with _all(server.fill() for server in servers):
                await databases.all_show(*SATURATED)
                told = [reading.answered for reading in databases.readings()]
                assert [12] * len(servers) == [answered.status.connections for answered in told if answered]
                # MariaDB does not count whom it turns away from the administrator's slot.
                refusing = {server.host.name for server in servers if _refusals(server) > before[server]}
                assert {(name, "CsMysqlRefusals") for name in refusing} == databases.red(
                    refusals=True
                ) - databases.red()
                assert {"mysql9"} & {*databases.names} <= refusing
            with _all(server.used_from(lab.hosts["h1"], 3) for server in servers):
                await databases.all_show("CsMysqlPoolHigh")
            assert [1] * len(servers) == [len(server.sessions()) for server in servers]
            for server in servers:
                server.freeze()
            await databases.all_show("CsMysqlMute", DOWN)
            for server in servers:
                server.kill()
            await databases.all_show("CsMysqlDown", DOWN)
            with _all(faults.dropped(server.host, PORT) for server in servers):
                await databases.all_show("CsMysqlUnreachable", DOWN)
            for server in servers:
                server.start()
            await databases.all_show()


async def test_replication_and_privileges(tmp_path: Path, lab: Lab, pair: tuple[MysqlServer, MysqlServer]) -> None:
    """A replica that is stopped, promoted, or has lost its source, and an account with too few and too many rights."""
    source, replica = pair
    databases = Databases(tmp_path, lab, pair)
    stopped = {("replica", "CsMysqlReplicaIoStopped"), ("replica", "CsMysqlReplicaSqlStopped")}
    async with databases.watch:
        await databases.all_show()
        assert [0, 1] == [len(reading.answered.channels) for reading in databases.readings() if reading.answered]
        replica.set("read_only", "ON")
        replica.sql("STOP SLAVE")
        source.sql(f"REVOKE PROCESS ON *.* FROM {MONITOR}@'%'")
        source.sql(f"GRANT CONNECTION ADMIN ON *.* TO {MONITOR}@'%'")
        [session] = source.sessions()
        source.end_session(session)
        rights = {("source", "CsMysqlGrantMissing"), ("source", "CsMysqlAccountPrivileged")}
        await databases.show(stopped | rights)
        replica.set("read_only", "OFF")
        await databases.show({("replica", "CsMysqlReplicaOutOfUse")} | rights)
        replica.sql("START SLAVE")
        source.sql(f"GRANT PROCESS ON *.* TO {MONITOR}@'%'")
        source.sql(f"REVOKE CONNECTION ADMIN ON *.* FROM {MONITOR}@'%'")
        await databases.show(set())
        source.kill()
        await databases.show({("source", "CsMysqlDown"), ("source", DOWN), ("replica", "CsMysqlReplicaIoStopped")})
        source.start()
        await databases.show(set())


async def test_a_floating_address_beside_the_nodes_of_a_cluster(
    tmp_path: Path, lab: Lab, galera: list[GaleraNode]
) -> None:
    """It is answered by a node that is watched itself: the cluster has two members, and nothing is red."""
    block = {"roles": ["database"], "mysql": {"password_file": str(galera[0].password_file)}}
    with _second_address(galera[0]) as floating:
        hosts: dict[Address, dict[str, Any]] = dict.fromkeys((floating, *(n.host for n in galera)), block)
        async with Watch(tmp_path, lab, hosts) as watch:

            def compared() -> GaleraClusterReading | None:
                found = watch.reading("galera_cluster", "", GaleraClusterReading)
                return found if found and {3} == {len(group.answering) for group in found.groups} else None

            await wait_until_async(lambda: compared() is not None, DEADLINE, "all three addresses to answer")
            found = compared()
            assert found is not None
            assert ["galera1", "galera2"] == sorted(found.groups[0].members)
            assert set() == {name for _, name in watch.red_names() if name.startswith("CsGalera")}
