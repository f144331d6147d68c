"""The small cloud: two management servers, a database with a replica, six hypervisors, NFS, a router, two segments.

kvm1 and kvm2 are User-Mode-Linux (real NFS clients, clocks of their own), the others network namespaces with a VXLAN
each. On the far side of the router are kvm5, kvm6 and nfs1. ntp1 gives all of them the time and is not watched.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.demo import rows
from tests.demo.pace import TICK, Pace
from tests.lab import faults
from tests.lab.agent_options import Layout
from tests.lab.agents import Agent, ManagementServer
from tests.lab.certificates import Authority
from tests.lab.hang_mount import HangMount
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import USER, Lab
from tests.lab.listeners import Listener
from tests.lab.mariadb import MariaDb
from tests.lab.nfs_server import NfsServer
from tests.lab.ntp import Chronyd
from tests.lab.uml import UmlHost
from tests.lab.uml_agents import UmlAgent

DATABASES = ("db1", "db2")
MANAGEMENT, HYPERVISORS = ("ms1", "ms2"), ("kvm1", "kvm2", "kvm3", "kvm4", "kvm5", "kvm6")
LAYOUTS: dict[str, Layout] = {"ms1": "4.20", "ms2": "4.19"}
"""Management server -> the layout of its log: of newer versions, and of older ones."""

OWN_KERNEL = {"kvm1": "4.1", "kvm2": "3"}
"""Hypervisors that are User-Mode-Linux -> the NFS version by which they mount the pool."""

NAMESPACED = tuple(name for name in HYPERVISORS if name not in OWN_KERNEL)
FAR = ("kvm5", "kvm6", "nfs1")
CHATTY = ("kvm5", "kvm6")
"""Hypervisors whose agents always have something to say: only so do lost packets and unread ones show at once."""

EXPORT, POOL = "/export/primary", "/mnt/primary"
LIBVIRT, HTTPS = 16509, 8443
OLD_HOST, OLD_POINT, OLD_EXPORT = "kvm6", "/mnt/old-nas", "/export/old"
"""A mount of another hypervisor, which can be made to hang as no NFS client does: nothing ends who waits for it."""

CLIENTS, POOL_SIZE, CONNECTIONS = 5, 20, 60
"""Connections of each management server to the database, its pool of them, and all that the database takes."""

LISTEN = "import socket, sys, time; s = socket.create_server(('', int(sys.argv[1]))); time.sleep(1e9)"
WARM = "ss -tin; ip -j -d link; chronyc -c tracking; timeout 1 stat -f /; head /proc/stat; ps"
"""What a poll starts, once: User-Mode-Linux reads each program from the machine's disk when it is first used."""

SPECS = tuple(
    HostSpec(name, segment="far" if name in FAR else "lan", fake_clock=name.startswith("kvm"))
    for name in (*MANAGEMENT, *DATABASES, "nfs1", "ntp1", *NAMESPACED)
)
ROLES = {"db": "database", "nf": "storage"}


class Cloud:
    """`with Cloud(pace) as cloud:` all of it is up and healthy; at the end nothing is left."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.lab = stack.enter_context(Lab(SPECS))
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def host(self, name: str) -> LabHost:
        """A host that is a network namespace. Raises KeyError for kvm1 and kvm2, and for names that nobody has."""
        return self.lab.hosts[name]

    def machine(self, name: str) -> LabHost | UmlHost:
        """Any host."""
        return self.kernels[name] if name in self.kernels else self.lab.hosts[name]

    def exporter_environment(self) -> dict[str, str]:
        """What the exporter must be started with so that its own clock can be made wrong."""
        return faults.clock_file_environment(self.exporter_clock)

    def configuration(self) -> dict[str, Any]:
        """What the exporter is told, as its YAML file has it; the paths in it are of the lab's folder."""
        ssh = {
            "user": USER,
            "key_file": str(self.lab.client_key_file),
            "known_hosts": str(self.lab.known_hosts_file),
            "connect_timeout": self.pace.interval / 2,
            "retry_max": self.pace.interval,
        }
        mysql = {"password_file": str(self.database.password_file)}
        platforms = {"cloudstack": {"database": {"address": self.database.address}}}
        sections = self.pace.sections()
        sections["probes"]["mysql_connections"]["pool_sizes"] = dict.fromkeys(MANAGEMENT, POOL_SIZE)
        blocks = [*map(self._block, self.watched)]
        return {**sections, "ssh": ssh, "mysql": mysql, "platforms": platforms, "hosts": blocks}

    @property
    def watched(self) -> Sequence[str]:
        """The names of the hosts that the exporter watches."""
        return (*MANAGEMENT, *DATABASES, "nfs1", *HYPERVISORS)

    def _block(self, name: str) -> dict[str, Any]:
        """What the cloud itself does not know of a host; what it does not know at all is written in full."""
        address = self.machine(name).address
        block: dict[str, Any] = {"name": name, "address": address}
        if name in MANAGEMENT:
            block["ports"] = ["management-https"]
        elif name in NAMESPACED:
            block["addresses"] = {"overlay": address}
        elif name in OWN_KERNEL:
            block["mounts"] = [{"mountpoint": POOL, "server": "nfs1", "export": EXPORT, "version": OWN_KERNEL[name]}]
            block["probes"] = self.pace.slow_host()
        else:
            block["roles"] = [ROLES[name[:2]]]
        return block

    def _start(self, stack: ExitStack) -> None:
        self.directory: Path = self.lab.directory
        self.exporter_clock = self.directory / "exporter_clock"
        self.exporter_clock.write_text("+0\n", encoding="utf-8")
        self.clocks = {name: Chronyd(host) for name, host in self.lab.hosts.items()}
        self.storage = NfsServer(self.host("nfs1"), EXPORT)
        logs: dict[str, str | int] = {"log_bin": "binlog", "binlog_format": "ROW", "max_connections": CONNECTIONS}
        self.database = MariaDb(self.host("db1"), server_id=1, **logs)
        self.replica = MariaDb(self.host("db2"), server_id=2, read_only=1, **logs)
        self.management = {name: self._management_server(name) for name in MANAGEMENT}
        self.kernels = {name: UmlHost(self.lab, name) for name in OWN_KERNEL}
        self._start_servers()
        for host in self.kernels.values():
            host.wait_for_sshd()
        self._start_hypervisors()
        for server in MANAGEMENT:
            stack.enter_context(self.database.used_from(self.host(server), CLIENTS))

    def _start_servers(self) -> None:
        self.clocks["ntp1"].serve()
        for name, clock in self.clocks.items():
            if name != "ntp1":
                clock.follow(self.ntp)
        self.storage.start()
        self.database.start()
        self.replica.start()
        self.replica.follow(self.database)
        self._write_rows()
        self.authority = Authority(self.directory)
        self.ports: dict[tuple[str, int], Listener] = {}
        """(host, port) -> what listens there, of services whose port alone matters"""
        for name, server in self.management.items():
            server.start()
            certificate = self.authority.issue(name, server.host.address)
            self.ports[name, HTTPS] = Listener(server.host, HTTPS, certificate=certificate)
        for name in NAMESPACED:
            self.ports[name, LIBVIRT] = Listener(self.host(name), LIBVIRT)
        for listener in self.ports.values():
            listener.start()

    def _write_rows(self) -> None:
        """The cloud's database is made when its replica listens, which has it too by that."""
        addresses = {name: (self.machine(name).address, "far" if name in FAR else "near") for name in HYPERVISORS}
        numbers = {name: rows.FIRST_MSID + index for index, name in enumerate(MANAGEMENT)}
        self.tables = rows.write(self.database, self.pace, numbers, addresses)
        storage, ids = self.host("nfs1").address, {name: number for number, name in enumerate(HYPERVISORS, start=1)}
        rows.add_pool(self.tables, "primary", (storage, EXPORT), {ids[name]: POOL for name in OWN_KERNEL})
        rows.add_pool(self.tables, "old-nas", (storage, OLD_EXPORT), {ids[OLD_HOST]: OLD_POINT})

    @property
    def ntp(self) -> str:
        """The time server's address."""
        return self.host("ntp1").address

    def _management_server(self, name: str) -> ManagementServer:
        pace = self.pace
        return ManagementServer(
            self.host(name),
            http=8080,
            cluster=9090,
            layout=LAYOUTS[name],
            every=pace.ping,
            timeout=pace.ping_timeout,
            check_health=pace.limit,
            tick=TICK,
            database=self.database.address,
            msid=rows.FIRST_MSID + MANAGEMENT.index(name),
            gone_after=pace.gone_after,
        )

    def _start_hypervisors(self) -> None:
        self.agents = {name: self._agent(name) for name in HYPERVISORS}
        self.old_mount = HangMount(self.host(OLD_HOST), OLD_POINT, f"{self.host('nfs1').address}:{OLD_EXPORT}")
        for name in NAMESPACED:
            host = self.host(name)
            vxlan = (
                f"link add vxlan100 mtu 1450 type vxlan id 100 local {host.address} dev eth0 dstport 4789 nolearning"
            )
            host.namespace.ip(vxlan, "link set vxlan100 up")
        for name, kernel in self.kernels.items():
            kernel.start_chronyd(self.ntp, "makestep 0.1 3")
            kernel.mount_nfs(self.host("nfs1").address, EXPORT, POOL, OWN_KERNEL[name])
            kernel.start(["python3", "-S", "-c", LISTEN, str(LIBVIRT)])
        for agent in self.agents.values():
            agent.start()
        for kernel, job in [(kernel, kernel.start(WARM, "csmon")) for kernel in self.kernels.values()]:
            kernel.finish(job)

    def preferred(self, name: str) -> tuple[str, ...]:
        """The management servers in the order in which a hypervisor's agent tries them."""
        return MANAGEMENT if HYPERVISORS.index(name) % 2 else MANAGEMENT[::-1]

    def _agent(self, name: str) -> Agent | UmlAgent:
        servers = [self.host(server) for server in self.preferred(name)]
        ping, number = self.pace.chatty if name in CHATTY else self.pace.ping, HYPERVISORS.index(name) + 1
        if name in NAMESPACED:
            return Agent(self.host(name), servers, ping, number=number)
        return UmlAgent(
            self.kernels[name],
            servers,
            ping,
            number=number,
            heartbeat=[POOL],
            heartbeat_every=self.pace.heartbeat,
            properties=self.pace.agent_properties(),
        )
