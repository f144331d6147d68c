"""A cloud that no configuration names the hosts of: its database with a replica, its API, its servers and their agents.

All in the session's lab. The database is at an address that can be another server's, as behind a load balancer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from tests.lab import faults
from tests.lab.agent_options import Layout
from tests.lab.agent_programs_database import ACCOUNT, SCHEMA, connected
from tests.lab.agent_programs_session import uuid_of
from tests.lab.agents import Agent, ManagementServer
from tests.lab.cloud_api import CloudApiServer
from tests.lab.cloud_api_tables import DatabaseTables
from tests.lab.cloud_database import CloudDatabase, Entry
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.mariadb import MariaDb
from tests.lab.mysql import PORT as MYSQL
from tests.lab.nfs_server import NfsServer
from tests.lab.uml import UmlHost
from tests.lab.uml_agents import UmlAgent
from tests.lab.wait import wait_until

LAYOUTS: dict[str, Layout] = {"found-ms1": "4.20", "found-ms2": "4.19"}
SERVERS = tuple(LAYOUTS)
DATABASES = ("found-db1", "found-db2")
WELL, RESTING, STUCK, LATE = "found-well", "found-resting", "found-stuck", "found-late"
HYPERVISORS = (WELL, RESTING, STUCK, LATE)
POOL = "/mnt/0f5b3f5e-8c1f-3f6f-8f0f-00000000d04e"
EXPORT = "/export/primary"
STOP = "/run/found_stop"
DEADLINE = 20.0

PING, LIMIT, CHECK_HEALTH = 2.0, 20.0, 5.0
"""Seconds: between pings; the least silence after which the cloud acts; how long it then waits for the agent."""

TICK = 10.0
TIMEOUT = (LIMIT + TICK) / PING
GRANTS = ("SELECT ON cloud.*",)


class FoundCloud:
    """`with FoundCloud(...)`: all of it runs, but for the host LATE, of which its database does not know yet.

    `still` is the host with an NFS pool, a kernel of its own.
    """

    def __init__(self, lab: Lab, still: UmlHost, storage: NfsServer) -> None:
        self.lab = lab
        self.still = still
        self._storage = storage
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            names = (*SERVERS, *DATABASES, *HYPERVISORS)
            hosts = self.lab.add_hosts([HostSpec(name) for name in names])
            for host in hosts:
                stack.callback(self.lab.remove_host, host)
            self.hosts = {host.name: host for host in hosts}
            self._start_databases(stack)
            self._write_rows()
            self._start_servers(stack)
            self._start_agents(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def names(self) -> set[str]:
        """The hosts that are to be found at the beginning, NFS storage and pseudo-hosts aside."""
        return {*SERVERS, *HYPERVISORS, self.still.name} - {LATE}

    def add_late(self) -> None:
        """One more host: in the database first, then its agent starts."""
        host = self.hosts[LATE]
        self.tables.hypervisor(LATE, host.address, self._cluster, id=5, uuid=uuid_of(LATE), status="Connecting")
        self.agents[LATE].start()

    @contextmanager
    def still_with_a_heartbeat(self) -> Iterator[None]:
        """The agent of `still` stands still; its file on the pool is written all the same, and is well."""
        still = self.still
        still.run(["rm", "-f", STOP], check=True)
        file = f"{POOL}/KVMHA/hb-{still.address}"
        with faults.frozen(self.agents[still.name]):
            writing = still.start(f"while [ ! -e {STOP} ]; do date +%s >{file}; sleep 1; done")
            try:
                yield
            finally:
                still.run(["touch", STOP], check=True)
                still.finish(writing)

    def killed_in_answer(self) -> None:
        """The database dies while somebody waits for its answer, and comes back."""
        waiting = ["ss", "-Htn", "state", "established", f"sport = :{MYSQL}"]
        host = self.hosts[DATABASES[0]]

        def asked() -> bool:
            return any(int(line.split()[0]) for line in host.run(waiting).stdout.splitlines())

        self.database.freeze()
        wait_until(asked, DEADLINE, "a statement to come")
        self.database.kill()
        self.database.start()

    def promote(self) -> None:
        """The database's machine is gone; its replica takes the address and may be written to."""
        self.database.stop()
        self.hosts[DATABASES[0]].namespace.ip(f"address del {self.address}/32 dev eth0")
        self.replica.sql("STOP SLAVE")
        self.replica.set("read_only", 0)
        self.tables.server = self.replica
        self._take(self.hosts[DATABASES[1]])

    def _take(self, host: LabHost) -> None:
        """Have that host the database's address; nobody goes on believing in the one before."""
        host.namespace.ip(f"address add {self.address}/32 dev eth0")
        for name in (self.lab.network.mgmt, *(self.hosts[server].namespace for server in SERVERS)):
            name.ip("neigh flush all")

    def _start_databases(self, stack: ExitStack) -> None:
        logs: dict[str, str | int] = {"log_bin": "binlog", "binlog_format": "ROW", "max_connections": 60}
        first, second = (self.hosts[name] for name in DATABASES)
        self.address = self.lab.network.next_address(self.lab.network.lan)
        self.database = MariaDb(first, server_id=1, **logs)
        self.replica = MariaDb(second, server_id=2, read_only=1, **logs)
        for server in (self.database, self.replica):
            stack.callback(server.kill)
            server.start()
        self.replica.follow(self.database)
        self._take(first)

    def _write_rows(self) -> None:
        self.tables = CloudDatabase(self.database)
        self.tables.create()
        for statement in ACCOUNT:
            self.database.sql(statement)
        self.tables.grant(GRANTS)
        for name, value in (("ping.interval", f"{PING:g}"), ("ping.timeout", f"{TIMEOUT:g}")):
            self.tables.setting(name, value)
        self._cluster = self.tables.cluster("c1", self.tables.pod("p1", self.tables.zone("z1")))
        addresses = {name: self.hosts[name].address for name in HYPERVISORS[:3]} | {self.still.name: self.still.address}
        self.numbers = {name: number for number, name in enumerate(addresses, start=1)} | {LATE: 5}
        for name, address in addresses.items():
            number = self.numbers[name]
            self.tables.hypervisor(name, address, self._cluster, id=number, uuid=uuid_of(name), status="Disconnected")
        pool = self.tables.pool("primary", self._storage.host.address, EXPORT, uuid=POOL.rpartition("/")[2])
        self.tables.mount(Entry(self.numbers[self.still.name], ""), pool, POOL)

    def _start_servers(self, stack: ExitStack) -> None:
        self.servers = {
            name: ManagementServer(
                self.hosts[name],
                layout=layout,
                every=PING,
                timeout=TIMEOUT,
                check_health=CHECK_HEALTH,
                tick=TICK,
                http=8080,
                cluster=9090,
                database=self.address,
                msid=number,
            )
            for number, (name, layout) in enumerate(LAYOUTS.items(), start=1)
        }
        for server in self.servers.values():
            stack.callback(server.stop)
            server.start()
        first = self.hosts[SERVERS[0]]
        folder = Path(self.lab.directory, "found_api")
        rows = DatabaseTables(partial(connected, self.address), SCHEMA)
        api = CloudApiServer(rows, folder, address=first.address, namespace=first.namespace)
        self.api = stack.enter_context(api)

    def _start_agents(self, stack: ExitStack) -> None:
        both = [self.hosts[name] for name in SERVERS]
        self.agents: dict[str, Agent | UmlAgent] = {}
        for index, name in enumerate(HYPERVISORS):
            order = both if index % 2 else both[::-1]
            self.agents[name] = Agent(self.hosts[name], order, number=self.numbers[name])
        self.still.mount_nfs(self._storage.host.address, EXPORT, POOL)
        stack.callback(self.still.unmount, POOL)
        number = self.numbers[self.still.name]
        self.agents[self.still.name] = UmlAgent(self.still, both, number=number, heartbeat=[POOL], heartbeat_every=2.0)
        for agent in self.agents.values():
            stack.callback(agent.stop)
        for name, agent in self.agents.items():
            if name != LATE:
                agent.start()
