"""Three hundred rounds of looking at ports leave a database's counters where they were.

Nor does one packet ask for a connection to a port that connections harm, from the exporter or from a host.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cs_exporter.config import load
from cs_exporter.daemon import collector
from cs_exporter.inventory import build_inventory
from cs_exporter.model import Host
from cs_exporter.ports import Counters, Last
from cs_exporter.probes.ports import port_reachability
from cs_exporter.probes.ports.port_reachability import PortReachabilityReading, PortReachabilitySettings
from cs_exporter.probes.ports.table import NEVER_DIALLED
from cs_exporter.transports.pool import Pace
from cs_exporter.transports.world import World
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import USER, Lab
from tests.lab.listeners import Listener
from tests.lab.mysql import MysqlServer
from tests.lab.netns import Namespace

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

R = TypeVar("R")

ROUNDS = 300
DEADLINE = 240.0
AGENTS = 8250
LISTENING = {"manage1": (AGENTS, 9090), "manage2": (AGENTS,), "kvm1": (16514,), "kvm2": (16509,)}
"""Host -> ports on which somebody listens."""


@contextmanager
def counted(namespace: Namespace) -> Iterator[Namespace]:
    """The namespace counts connection requests to ports that must not be dialled."""
    ports = ", ".join(map(str, sorted(NEVER_DIALLED)))
    rule = f"tcp dport {{ {ports} }} tcp flags & (syn | ack) == syn counter name dialled"
    chain = ["chain c {", "type filter hook input priority -10", rule, "}"]
    namespace.nft("\n".join(["table inet harmless {", "counter dialled { }", *chain, "}", ""]))
    try:
        yield namespace
    finally:
        namespace.nft("delete table inet harmless\n")


def dialled(namespace: Namespace) -> int:
    """How many connection requests there were."""
    shown = json.loads(namespace.run(["nft", "-j", "list", "counters"]))
    (counter,) = [found["counter"] for found in shown["nftables"] if "counter" in found]
    packets: int = counter["packets"]
    return packets


@dataclass
class Looker:
    """One host's runs, one after the other, without an interval between."""

    host: Host
    world: World
    last: Last[PortReachabilityReading] | None = None

    def previous(self, kind: type[R], /) -> Last[R] | None:
        """The run before."""
        found = self.last.reading if self.last else None
        return Last(found, time.monotonic()) if isinstance(found, kind) else None

    async def look(self, rounds: int) -> PortReachabilityReading:
        """So many runs; the last one's reading."""
        io = self.world.io(self.host, self.previous)
        settings = self.host.settings["port_reachability"]
        assert isinstance(settings, PortReachabilitySettings)
        for _ in range(rounds):
            self.last = Last(await port_reachability.probe(self.host, io, settings), time.monotonic())
        assert self.last is not None
        return self.last.reading


@pytest.fixture
def servers(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """Two management servers, and two hypervisors of one cluster, that need each other."""
    added = lab.add_hosts([HostSpec(name) for name in LISTENING])
    for host in added:
        for port in LISTENING[host.name]:
            Listener(host, port, "mute").start()
    yield {host.name: host for host in added}
    for host in added:
        lab.remove_host(host)


def lookers(tmp_path: Path, lab: Lab, database: MysqlServer, servers: dict[str, LabHost], world: World) -> list[Looker]:
    """All of them as the configuration makes them, where somebody declares what he should not."""
    declared: dict[str, dict[str, Any]] = {
        "mariadb": {
            "roles": ["database", "hypervisor"],
            "ports": ["galera-ist", {"name": "galera-sst", "expected": "unknown"}, {"name": "db", "port": 3306}],
        },
        "manage1": {"roles": ["management"], "ports": [{"name": "agents", "port": AGENTS}]},
        "manage2": {"roles": ["management"]},
        "kvm1": {"roles": ["hypervisor"], "secured": True, "ports": [{"name": "migration", "port": 16514}]},
        "kvm2": {"roles": ["hypervisor"], "secured": False},
    }
    hosts = {"mariadb": database.host, **servers}
    ssh = {"user": USER, "key_file": str(lab.client_key_file), "known_hosts": str(lab.known_hosts_file)}
    blocks = [{"name": name, "address": hosts[name].address, **block} for name, block in declared.items()]
    file = tmp_path / "cs_exporter.yml"
    file.write_text(json.dumps({"ssh": ssh, "hosts": blocks}), encoding="utf-8")
    return [Looker(host, world) for host in build_inventory(load(file))]


async def test_three_hundred_rounds(
    tmp_path: Path, lab: Lab, mariadb: MysqlServer, servers: dict[str, LabHost]
) -> None:
    """Nothing that MariaDB counts of clients moves, and nobody asks it, the agents' port or libvirt for a connection.

    All the while it is known that they listen; and the count of requests is shown to work.
    """
    world = World(collector(), Pace(4, 100.0, 5.0), time, Counters())
    targets = [(mariadb.host, 3306), *((servers[name], ports[0]) for name, ports in LISTENING.items())]
    namespaces = [host.namespace for host, _ in targets]
    with ExitStack() as counting:
        for namespace in namespaces:
            counting.enter_context(counted(namespace))
        before = {**mariadb.errors(), "Connections": mariadb.status("Connections")}
        blocked = mariadb.sql("SELECT * FROM performance_schema.host_cache")
        try:
            async with asyncio.timeout(DEADLINE):
                looks = [one.look(ROUNDS) for one in lookers(tmp_path, lab, mariadb, servers, world)]
                readings = await asyncio.gather(*looks)
        finally:
            await world.close()
        assert before == {**mariadb.errors(), "Connections": mariadb.status("Connections")}
        assert blocked == mariadb.sql("SELECT * FROM performance_schema.host_cache")
        assert [0] * len(targets) == [dialled(namespace) for namespace in namespaces]
        seen = {(look.row.port, look.vantage, look.state.value) for reading in readings for look in reading.results}
        assert {*((port, host.name, "open") for host, port in targets), (9090, "manage2", "open")} <= seen
        for host, port in targets:
            with socket.create_connection((host.address, port)):
                pass
        assert [1] * len(targets) == [dialled(namespace) for namespace in namespaces]
