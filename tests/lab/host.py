"""A lab host: a network namespace with private mount, uts, ipc and pid namespaces, an address and a real sshd.

Seen from outside it is a machine; from inside the test, its files and processes can be read and changed directly.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.lab import sshd
from tests.lab.control import LabError
from tests.lab.daemon import Daemon
from tests.lab.hostroot import CSMON_UID
from tests.lab.netns import COMMAND_DEADLINE, Namespace
from tests.lab.processes import Process, in_namespace
from tests.lab.ssh_keys import new_key

if TYPE_CHECKING:
    from tests.lab.lab import Lab

Account = Literal["root", "csmon"]
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/"}


@dataclass(frozen=True)
class HostSpec:
    """What a host shall be.

    `shell` is the polling account's login shell, `sh` the program behind /bin/sh (dash, bash or busybox).
    `force_command` makes the account's key good for that command only, plus forwardings to `permit_open`.
    `fake_clock` makes the clock that commands see settable (`faults.clock_wrong`). `segment` "far" puts the host
    behind the router. `sshd_options` are further lines of sshd_config(5).
    """

    name: str
    segment: Literal["lan", "far"] = "lan"
    shell: str = "/bin/sh"
    sh: Literal["dash", "bash", "busybox"] = "dash"
    force_command: str | None = None
    permit_open: Sequence[str] = ()
    fake_clock: bool = False
    sshd_options: Sequence[str] = field(default=())


class LabHost:
    """One running host. `pid` is its first process, as the test counts."""

    port = sshd.PORT

    def __init__(self, lab: Lab, spec: HostSpec, pid: int, address: str) -> None:
        self.lab = lab
        self.spec = spec
        self.name = spec.name
        self.pid = pid
        self.address = address
        self.namespace = Namespace(spec.name, f"/proc/{pid}/ns/net")
        self.key = new_key(f"host {spec.name}")
        self.sshd = sshd.Sshd(self)
        self._pid_namespace = str(Path(f"/proc/{pid}/ns/pid").readlink())

    def path(self, inside: str) -> Path:
        """Where the test finds the file that the host knows as `inside`. Absolute symbolic links would lead astray."""
        return Path(f"/proc/{self.pid}/root", inside.lstrip("/"))

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        """Write a file of the host, making its directory."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def enter(self, argv: Sequence[str], user: Account = "root") -> list[str]:
        """The command line that runs `argv` in all of the host's namespaces as that account."""
        uid = str(CSMON_UID if user == "csmon" else 0)
        target = ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "-S", uid, "-G", uid]
        return [*target, "--", *argv]

    def run(
        self,
        command: Sequence[str] | str,
        user: Account = "root",
        *,
        text: str = "",
        check: bool = False,
        deadline: float = COMMAND_DEADLINE,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the host (a string by its /bin/sh) and return output, errors and status.

        Raises LabError if `check` is set and it fails, subprocess.TimeoutExpired after `deadline` seconds.
        """
        argv = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
        done = subprocess.run(
            self.enter(argv, user),
            input=text,
            capture_output=True,
            text=True,
            timeout=deadline,
            check=False,
            env=ENVIRONMENT,
        )
        if check and done.returncode != 0:
            raise LabError(f"{self.name}: {shlex.join(argv)}: status {done.returncode}: {done.stderr.strip()}")
        return done

    def pids(self) -> list[Process]:
        """All processes of the host but its first one, which only reaps orphans."""
        return [process for process in in_namespace("pid", self._pid_namespace) if process.pid != self.pid]

    def processes(self, user: Account = "csmon") -> list[str]:
        """The command lines of that account's processes, the sshd session of a connection among them."""
        uid = CSMON_UID if user == "csmon" else 0
        return sorted(process.command or f"[{process.name}]" for process in self.pids() if process.uid == uid)

    def files(self, user: Account = "csmon") -> list[str]:
        """Paths of all files and folders in the host that the account owns, its home aside."""
        found = self.run(f"find / -xdev -user {user} ! -path /home/csmon; find /dev/shm -user {user}")
        return found.stdout.split("\n")[:-1]

    def sockets(self) -> list[str]:
        """The host's TCP and UDP sockets, one line of ss(8) each."""
        return self.run(["ss", "-Hatun"], check=True).stdout.splitlines()

    def listens(self, port: int) -> bool:
        """Whether something in the host accepts TCP connections to that port."""
        return any("LISTEN" in line and f":{port} " in line for line in self.sockets())

    def spawn(self, argv: Sequence[str], log_name: str) -> Daemon:
        """Start a program of this machine on the host's network only: it sees this machine's files, not the host's."""
        log = self.lab.directory / f"{self.name}-{log_name}.log"
        return self.lab.supervisor.spawn(self.namespace.enter(argv), "root", log)

    @property
    def port_device(self) -> str:
        """The host's port on its bridge, a device of the hub namespace."""
        return f"p-{self.name}"

    def kill(self) -> None:
        """End the host at once, as a power cut does."""
        os.kill(self.pid, signal.SIGKILL)
