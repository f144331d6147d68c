"""A lab: any number of hosts on one network, with a namespace to run the exporter from; all gone when it is closed.

`with Lab() as lab:` gives `lab.hosts["h1"].run("uptime")`, `lab.popen(["cs-exporter", ...])` in the mgmt namespace, and
`async with lab.connect(lab.hosts["h1"]) as connection` straight from the test process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import asyncssh

from tests.lab import DEBIAN_PACKAGES, PROGRAMS
from tests.lab.control import LabError, Supervisor
from tests.lab.daemon import Daemon
from tests.lab.host import HostSpec, LabHost
from tests.lab.hostroot import Plan
from tests.lab.netns import MGMT, Namespace, Network
from tests.lab.ssh_keys import KeyPair, known_hosts_text, new_key
from tests.lab.wait import wait_until

USER = "csmon"
CLOSE_DEADLINE = 20.0
Place = Literal["mgmt", "hub", "router"]

DEFAULT_HOSTS = (
    HostSpec("h1"),
    HostSpec("h2"),
    HostSpec("h3", sh="busybox"),
    HostSpec("h4", sh="bash"),
    HostSpec("h5", fake_clock=True),
    HostSpec("h6", segment="far"),
    HostSpec("srv"),
)
"""Six hosts, each different in one respect, and a seventh for the servers (clock, NFS) that the six depend on."""


class Reachable(Protocol):
    """A machine of the lab that lets the polling account in: a LabHost, or one with a kernel of its own."""

    @property
    def address(self) -> str:
        """Where its sshd listens."""


class Lab:
    """Builds the lab when made; `close` (or the end of this process, however it ends) removes it."""

    def __init__(self, hosts: Sequence[HostSpec] = DEFAULT_HOSTS) -> None:
        missing = missing_programs()
        if missing:
            raise LabError(f"the lab lacks {', '.join(missing)}: apt-get install {' '.join(DEBIAN_PACKAGES)}")
        self.client_key = new_key("csmon of the lab")
        self.supervisor = Supervisor()
        self.directory = self.supervisor.directory
        self.hosts: dict[str, LabHost] = {}
        try:
            self.init_pid = self.supervisor.ask(do="hello").pid
            self.network = Network(self.supervisor)
            self._write_files()
            self.add_hosts(hosts)
        except BaseException:
            self.supervisor.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def client_key_file(self) -> Path:
        """The polling account's private key."""
        return self.directory / "id_ed25519"

    @property
    def known_hosts_file(self) -> Path:
        """The host keys as the hosts had them when they were made."""
        return self.directory / "known_hosts"

    @property
    def mgmt_address(self) -> str:
        """Where a program in the mgmt namespace listens so that the test reaches it."""
        return self.network.lan.address(MGMT)

    def add_hosts(self, specs: Sequence[HostSpec]) -> list[LabHost]:
        """Add hosts to the running lab, all at once."""
        segments = {"lan": self.network.lan, "far": self.network.far}
        addresses = {spec.name: self.network.next_address(segments[spec.segment]) for spec in specs}
        names = {host.name: host.address for host in self.hosts.values()} | addresses
        hosts_file = "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in names.items())
        mount_point = self.directory / "root"
        mount_point.mkdir(exist_ok=True)
        for spec in specs:
            plan = Plan(str(mount_point), spec.name, spec.shell, spec.sh, hosts_file)
            self.supervisor.send(do="host", name=spec.name, plan=asdict(plan))
        answers = [self.supervisor.receive() for _ in specs]
        pids = {answer.fields["name"]: answer.pid for answer in answers}
        added = []
        for spec in specs:
            host = LabHost(self, spec, pids[spec.name], addresses[spec.name])
            self.network.wire_host(spec.name, host.pid, segments[spec.segment], host.address)
            self.hosts[spec.name] = host
            added.append(host)
        for host in added:
            host.sshd.configure(host.key, self.client_key)
            host.sshd.start()
        self.trust({host.address: host.key for host in added})
        return added

    def trust(self, keys: Mapping[str, KeyPair]) -> None:
        """Add host keys, by address, to the known_hosts file."""
        with self.known_hosts_file.open("a", encoding="utf-8") as known:
            known.write(known_hosts_text(keys.items()))

    def remove_host(self, host: LabHost) -> None:
        """End a host and unplug it."""
        self.network.remove_link(host.port_device)
        host.kill()
        del self.hosts[host.name]

    def connect(
        self, host: Reachable, connect_timeout: float = 5.0
    ) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        """An asyncssh connection from this process to a host as the polling account, host key verified."""
        return asyncssh.connect(
            host.address,
            username=USER,
            client_keys=[str(self.client_key_file)],
            known_hosts=str(self.known_hosts_file),
            config=None,
            agent_path=None,
            connect_timeout=connect_timeout,
        )

    def namespace(self, place: Place) -> Namespace:
        """One of the lab's own namespaces."""
        return {"mgmt": self.network.mgmt, "hub": self.network.hub, "router": self.network.router}[place]

    def enter(self, argv: Sequence[str], place: Place | None = "mgmt", cwd: Path | None = None) -> list[str]:
        """The command line that runs `argv` in a namespace of the lab, as the process that is started (no fork).

        It sees this machine's files, but a /dev/shm of the lab; without a place, also this machine's network.
        """
        target = ["nsenter", "--target", str(self.init_pid), "-m", "-r", "-w"]
        network = [f"--net={self.namespace(place).path}"] if place else []
        return [*target, *network, "--", "sh", "-c", 'cd "$0" && exec "$@"', str(cwd or Path.cwd()), *argv]

    def popen(
        self,
        argv: Sequence[str],
        namespace: Place = "mgmt",
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: int | None = subprocess.PIPE,
        stderr: int | None = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start a program in a namespace of the lab as this process's child: pid, signals and status are its own.

        `env` is added to this process's environment. If it lives on, the end of the lab kills it.
        """
        # Set by env(1) behind nsenter: a preloaded library shall not touch what is outside the lab.
        settings = [f"{name}={value}" for name, value in (env or {}).items()]
        return subprocess.Popen(
            self.enter(["env", *settings, *argv], namespace, cwd),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
        )

    def python(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start this interpreter in the mgmt namespace: `lab.python("-m", "cs_exporter", "run")`."""
        return self.popen([sys.executable, *arguments], env=env)

    def spawn(
        self, argv: Sequence[str], namespace: Place = "hub", *, log: Path | None = None, cwd: Path = Path("/")
    ) -> Daemon:
        """Start a long-running program that belongs to the lab and not to this process: it ends with the lab.

        Its orphans are reaped and killed with it; its exit status is not to be had. Output goes to `log`.
        """
        output = log or self.directory / f"{Path(argv[0]).name}.log"
        return self.supervisor.spawn(argv, namespace, output, cwd)

    def add_tap(self, name: str) -> None:
        """Attach a tap device to the first segment's bridge, in the hub namespace."""
        self.network.add_tap(name)

    def close(self) -> None:
        """End every process of the lab and remove its namespaces and files; returns when nothing is left."""
        self.supervisor.close()
        wait_until(self.network.gone, CLOSE_DEADLINE, "the kernel to remove the uplink")

    def _write_files(self) -> None:
        self.client_key_file.write_text(self.client_key.private, encoding="utf-8")
        self.client_key_file.chmod(0o600)


def missing_programs() -> list[str]:
    """The programs that the lab starts and this machine lacks."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/bin"])
    return [name for name in PROGRAMS if shutil.which(name, path=folders) is None]
