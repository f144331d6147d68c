"""A cloud with one of each: what an exporter must find out anew after its restart, and two at once must not double.

A management server, three hypervisors (a mount, a healthy agent, one to be frozen, one to be killed), a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.lab import faults
from tests.lab.agents import Agent, ManagementServer
from tests.lab.hang_mount import SOURCE, HangMount
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.mysql import MysqlServer
from tests.live.exporter import Page
from tests.live.guests import collectors, connections, stuck
from tests.live.watch import INTERVAL, QUICK, configuration

MOUNT, AGENT = "/mnt/life", "cloudstack-agent"
LIMIT, AHEAD = 60, 100.0
SERVER, HYPERVISORS = "ms", ("hung", "asleep", "dead")


class LifeCloud:
    """The machines. `database` is a server that runs already; its connections are all free."""

    def __init__(self, lab: Lab, database: MysqlServer) -> None:
        self.lab, self.database = lab, database
        made = lab.add_hosts([HostSpec(name, fake_clock=name == "dead") for name in (SERVER, *HYPERVISORS)])
        self.hosts: dict[str, LabHost] = {host.name: host for host in made}
        self.hosts[database.host.name] = database.host
        self.server = ManagementServer(self.hosts[SERVER])
        self.agents = {name: Agent(self.hosts[name], [self.hosts[SERVER]], 1.0) for name in HYPERVISORS}
        for program in (self.server, *self.agents.values()):
            program.start()
        self.mount = HangMount(self.hosts["hung"], MOUNT)

    def remove(self) -> None:
        """Take the machines away, but for the database."""
        self.mount.close()
        for name in (SERVER, *HYPERVISORS):
            self.lab.remove_host(self.hosts[name])

    @contextmanager
    def faults(self) -> Iterator[None]:
        """A hung mount, a frozen agent, a dead one, a wrong clock, a full database."""
        with ExitStack() as broken:
            broken.enter_context(self.database.fill())
            broken.enter_context(faults.clock_wrong(self.hosts["dead"], AHEAD))
            broken.enter_context(faults.stopped(self.agents["dead"]))
            broken.enter_context(faults.frozen(self.agents["asleep"]))
            self.mount.hang()
            try:
                yield
            finally:
                self.mount.free()

    def text(self, interval: float = INTERVAL) -> str:
        """A configuration that has every probe run at that interval."""
        server, _, export = SOURCE.partition(":")
        more: dict[str, dict[str, Any]] = {name: {"roles": ["hypervisor"]} for name in HYPERVISORS}
        more[SERVER] = {"roles": ["management"]}
        more[self.database.host.name] = {
            "roles": ["database"],
            "mysql": {"password_file": str(self.database.password_file)},
        }
        more["hung"]["mounts"] = [{"mountpoint": MOUNT, "server": server, "export": export}]
        probes = {
            name: {**settings, "interval": max(interval, settings["interval"])}
            for name, settings in QUICK["probes"].items()
        }
        probes["agent_heartbeat"]["limit"] = LIMIT
        blocks = [{"name": name, "address": self.hosts[name].address, **block} for name, block in more.items()]
        return configuration(self.lab, blocks, **{"global": {"interval": interval}}, probes=probes)

    def visited_by(self, exporters: int) -> bool:
        """Whether each host has one connection and one collector of each exporter, and the database one session."""
        counts = [len(found(host)) for host in self.hosts.values() for found in (connections, collectors)]
        return [exporters] * len(counts) == counts and exporters == len(self.database.sessions())

    def stuck(self) -> list[int]:
        """The children of all collectors that are in the mount."""
        return [process.pid for process in stuck(self.hosts["hung"], MOUNT)]

    def told(self, page: Page) -> dict[str, object]:
        """What a page says of the things that can be broken here; None is what it does not know."""
        database = self.database.host.name
        skew = page.value("cs_clock_skew_seconds", host="dead")
        return {
            "the mount": [
                sample.labels["state"]
                for sample in page.samples
                if sample.name == "cs_nfs_mount_state" and sample.labels["host"] == "hung" and sample.value == 1
            ],
            "agents": {name: page.value("cs_agent_connected", host=name, agent=AGENT) for name in HYPERVISORS},
            "the clock": None if skew is None else abs(skew) > AHEAD / 2,
            "the database": page.value("cs_mysql_saturated", host=database),
        }


HEALTHY: dict[str, object] = {
    "the mount": ["ok"],
    "agents": {"hung": 1, "asleep": 1, "dead": 1},
    "the clock": False,
    "the database": 0,
}
BROKEN: dict[str, object] = {
    "the mount": ["hung"],
    "agents": {"hung": 1, "asleep": 1, "dead": 0},
    "the clock": True,
    "the database": 1,
}
