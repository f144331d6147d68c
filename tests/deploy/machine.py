"""A machine run by systemd, in namespaces on this machine's kernel, where the shipped unit meets the real manager.

Not in User-Mode-Linux, which lacks the processor's wide registers that the exporter's libraries use.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.lab.control import LabError
from tests.lab.host import LabHost
from tests.lab.netns import COMMAND_DEADLINE
from tests.lab.wait import wait_until

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy/systemd/cs-exporter.service"
INIT = Path(__file__).with_name("machine_init.sh")
# Propagation is left alone because the lab has cut it off already, and in a bare chroot unshare(1) could not change it.
FRESH = ("--mount", "--propagation=unchanged", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
ENTER = ("--mount", "--uts", "--ipc", "--pid", "--cgroup", "--net", "--root", "--wd")
BOOT_DEADLINE = 30.0


class Machine:
    """One running machine with the network of a lab host. /opt/cs_exporter is this checkout, with this Python.

    Raises LabError with what it has said if it does not start.
    """

    def __init__(self, host: LabHost) -> None:
        self.lab = host.lab
        self._host = host
        self.name = f"{host.name}-machine"
        folder = self.lab.directory / self.name
        folder.mkdir()
        self._group = f"cs-exporter-test-{host.pid}"
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        places = (sys.base_prefix, version, sysconfig.get_path("purelib"), str(ROOT / "cs_exporter"))
        argv = ["unshare", *FRESH, "sh", str(INIT), str(folder), self._group, *places]
        self._outer = host.spawn(argv, "systemd")
        try:
            self.pid = wait_until(self._first_process, BOOT_DEADLINE, "the machine's first process")
            wait_until(self._booted, BOOT_DEADLINE, "systemd to have booted")
        except (OSError, AssertionError) as error:
            self._outer.stop()
            self._clear()
            raise LabError(f"{self.name} did not start; it said:\n{self._outer.log.read_text()}") from error

    def _first_process(self) -> int:
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def _booted(self) -> bool:
        assert self._outer.alive(), "it has ended"
        if Path(f"/proc/{self.pid}/comm").read_text() != "systemd\n":
            return False
        return self.run("systemctl", "is-active", "multi-user.target").returncode == 0

    def run(self, *argv: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine as root. Raises CalledProcessError if `check` is set and it fails."""
        settings = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
        return subprocess.run(
            ["nsenter", f"--target={self.pid}", *ENTER, "--", *settings, *argv],
            capture_output=True,
            text=True,
            timeout=COMMAND_DEADLINE,
            check=check,
        )

    def path(self, inside: str) -> Path:
        """Where this process finds a file of the machine."""
        return Path(f"/proc/{self.pid}/root", inside.lstrip("/"))

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        """Write a file of the machine, making its folder."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def show(self, unit: str, *properties: str) -> list[str]:
        """Properties of a unit, in the order asked for (systemctl show)."""
        done = self.run("systemctl", "show", unit, *(f"--property={name}" for name in properties), check=True)
        said = dict(line.split("=", 1) for line in done.stdout.splitlines())
        return [said[name] for name in properties]

    def process(self, unit: str) -> Path:
        """The folder in this machine's /proc of the unit's main process."""
        (pid,) = self.show(unit, "MainPID")
        for status in Path("/proc").glob("[0-9]*/status"):
            if self._is(status, pid):
                return status.parent
        raise LookupError(f"{unit} has no process {pid}")

    def _is(self, status: Path, pid: str) -> bool:
        """Whether that is the process that this machine's pid namespace knows by that number."""
        try:
            theirs, ours = ((folder / "ns/pid").readlink() for folder in (status.parent, Path(f"/proc/{self.pid}")))
            lines = status.read_text().splitlines()
        except OSError:
            return False
        return theirs == ours and any(line.startswith("NSpid:") and line.split()[-1] == pid for line in lines)

    def close(self) -> None:
        """End it at once, and take its control groups away."""
        self._outer.stop()
        wait_until(lambda: not Path(f"/proc/{self.pid}").exists(), what="the machine to end")
        self._clear()

    def _clear(self) -> None:
        wait_until(self._remove_groups, what="its control groups to be empty")

    def _remove_groups(self) -> bool:
        script = 'mount -t cgroup2 cgroup2 /mnt && cd /mnt && [ ! -d "$0" ] || find "$0" -type d -delete'
        # In the lab host: "/" is a mount point there, and what is mounted shows nowhere else.
        return self._host.run(["unshare", "--mount", "sh", "-c", script, self._group]).returncode == 0
