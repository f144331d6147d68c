"""The small cloud: two management servers, a database, six hypervisors, NFS storage, a router between two segments.

kvm1 and kvm2 are User-Mode-Linux (real NFS clients, clocks of their own), the others network namespaces. On the far
side of the router are kvm5, kvm6 and nfs1. ntp1 gives all of them the time and is not watched.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.demo.pace import Pace
from tests.lab.agents import Agent, ManagementServer
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import USER, Lab
from tests.lab.mariadb import MariaDb
from tests.lab.nfs_server import NfsServer
from tests.lab.ntp import Chronyd
from tests.lab.uml import UmlHost, boot

MANAGEMENT, HYPERVISORS = ("ms1", "ms2"), ("kvm1", "kvm2", "kvm3", "kvm4", "kvm5", "kvm6")
OWN_KERNEL = ("kvm1", "kvm2")
FAR = ("kvm5", "kvm6", "nfs1")
EXPORT, POOL = "/export/primary", "/mnt/5f2c7e64-6c2f-3b9a-8d0e-0c9b1f7a1d11"

SPECS = tuple(
    HostSpec(name, segment="far" if name in FAR else "lan", fake_clock=name.startswith("kvm"))
    for name in (*MANAGEMENT, "db1", "nfs1", "ntp1", *HYPERVISORS)
    if name not in OWN_KERNEL
)


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
        return {**self.pace.sections(), "ssh": ssh, "mysql": mysql, "hosts": [*map(self._block, self.watched)]}

    @property
    def watched(self) -> Sequence[str]:
        """The names of the hosts that the exporter watches."""
        return (*MANAGEMENT, "db1", "nfs1", *HYPERVISORS)

    def _block(self, name: str) -> dict[str, Any]:
        address = self.machine(name).address
        roles = {"ms": "management", "db": "database", "nf": "storage", "kv": "hypervisor"}
        block: dict[str, Any] = {"name": name, "address": address, "roles": [roles[name[:2]]]}
        if name in HYPERVISORS:
            block |= {"hypervisor": "KVM", "cloud_zone": "z1", "cloud_pod": "far" if name in FAR else "near"}
        if name in OWN_KERNEL:
            block["mounts"] = [{"mountpoint": POOL, "server": "nfs1", "export": EXPORT}]
        return block

    def _start(self, stack: ExitStack) -> None:
        self.directory: Path = self.lab.directory
        self.clocks = {name: Chronyd(host) for name, host in self.lab.hosts.items()}
        self.storage = NfsServer(self.host("nfs1"), EXPORT)
        self.database = MariaDb(self.host("db1"), max_connections=60)
        self.management = {name: ManagementServer(self.host(name)) for name in MANAGEMENT}
        self._start_servers()
        self.kernels = {host.name: host for host in boot(self.lab, *OWN_KERNEL)}
        self.agents = {
            name: Agent(self.host(name), [self.host(server) for server in MANAGEMENT], self.pace.ping)
            for name in HYPERVISORS
            if name not in OWN_KERNEL
        }
        for agent in self.agents.values():
            agent.start()
        stack.enter_context(self.database.used_from(self.host("ms1"), 5))

    def _start_servers(self) -> None:
        self.clocks["ntp1"].serve()
        for name, clock in self.clocks.items():
            if name != "ntp1":
                clock.follow(self.host("ntp1").address)
        self.storage.start()
        self.database.start()
        for server in self.management.values():
            server.start()
