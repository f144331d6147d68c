"""Hosts with a kernel of their own: User-Mode-Linux, for real NFS mounts that hang and clocks that can be set.

A namespace shares the machine's clock and must not hang its NFS client; these hosts are ordinary processes of the lab
that bring another kernel. Each lives in a casing: a lab host's namespaces and file tree, without sshd.
"""

from __future__ import annotations

import itertools
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.lab import sshd
from tests.lab.control import LabError
from tests.lab.host import Account, HostSpec, LabHost
from tests.lab.hostroot import CSMON_UID, Plan
from tests.lab.lab import Lab
from tests.lab.netns import COMMAND_DEADLINE, PREFIX
from tests.lab.wait import HANGS, wait_until

MEMORY = "96M"
BOOT_DEADLINE = 60.0
URGENCY = -10
SECCOMP = Path(__file__).with_name("uml_seccomp.py")
INIT = Path(__file__).with_name("uml_init.sh")
FOLDER = "/run/lab"

# Without their upper halves kept over a page fault, AVX registers must not be used: by glibc's string functions, nor by
# OpenSSL. Masks as in glibc's "Hardware Capability Tunables" and OPENSSL_ia32cap(3).
WITHOUT_AVX = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX_Fast_Unaligned_Load",
    "OPENSSL_ia32cap": "~0x1000000000000000:~0x600c0230020",
}


class UmlHost:
    """One running User-Mode-Linux host: real sshd, real NFS client, a clock of its own; reached as any lab host.

    `port_device` is its port on the bridge, in the hub namespace. Filters belong there or on the other end: this host's
    frames pass its casing's namespace unseen.
    """

    port = sshd.PORT

    def __init__(self, lab: Lab, name: str) -> None:
        """Start it; `wait_for_sshd` tells when it can be reached."""
        self.name = name
        self.address = lab.network.free_address()
        router = lab.network.lan.address(1)
        mount_point = lab.directory / "root"
        mount_point.mkdir(exist_ok=True)
        plan = Plan(str(mount_point), name, "/bin/sh", "dash", f"127.0.0.1 localhost\n{self.address} {name}\n")
        pid = lab.supervisor.ask(do="host", name=name, plan=asdict(plan)).pid
        options = "SetEnv " + " ".join(f"{key}={value}" for key, value in WITHOUT_AVX.items())
        self._casing = LabHost(lab, HostSpec(name, sshd_options=(options,)), pid, self.address)
        self.key = self._casing.key
        self._casing.sshd.configure(self.key, lab.client_key)
        lab.trust({self.address: self.key})
        self.lab = lab
        self.port_device = f"p-{name}"
        self._jobs = itertools.count(1)
        self._folder = self._casing.path(FOLDER)
        self._wire(lab)
        self._boot(lab, f"{self.address}/{PREFIX}", router)

    def _wire(self, lab: Lab) -> None:
        """Give the casing an eth0 without address: its frames are the guest's."""
        mac = "02:" + ":".join(f"{byte:02x}" for byte in (0xC5, *socket.inet_aton(self.address)))
        lab.network.hub.ip(
            f"link add {self.port_device} type veth peer name eth0 address {mac} netns {self._casing.pid}",
            f"link set {self.port_device} gso_max_segs 1 master {lab.network.lan.bridge} up",
        )
        self._casing.namespace.ip("link set eth0 addrgenmode none", "link set eth0 gso_max_segs 1 up")
        self._mac = mac

    def _boot(self, lab: Lab, address: str, router: str) -> None:
        self._casing.write(f"{FOLDER}/init", INIT.read_text(encoding="utf-8"), mode=0o755)
        os.mkfifo(self._folder / "console")
        environment = WITHOUT_AVX | {"LAB_ADDRESS": address, "LAB_ROUTER": router, "LAB_NAME": self.name}
        kernel = [
            "linux.uml",
            f"mem={MEMORY}",
            *("umid=guest", "uml_dir=/dev/shm/", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro"),
            f"init={FOLDER}/init",
            f"vec0:transport=raw,ifname=eth0,depth=128,gro=1,mac={self._mac}",
            *("con=null", "con0=fd:0,fd:1"),
            *(f"{key}={value}" for key, value in environment.items()),
        ]
        # Without address randomisation the kernel leaves no gap in its memory: 34 MB in place of 50, always the same.
        # Every system call of the guest is several of the machine's: beside other work it would starve.
        program = f"nice -n {URGENCY} setarch x86_64 --addr-no-randomize {shlex.join(kernel)}"
        start = f"TMPDIR=/dev/shm exec {program} <>{FOLDER}/console"
        argv = [sys.executable, "-S", str(SECCOMP), *self._casing.enter(["/bin/sh", "-c", start])]
        self._kernel = lab.spawn(argv, log=lab.directory / f"{self.name}.log")

    def wait_for_sshd(self) -> None:
        """Wait until its sshd greets; then all else works too. Raises LabError with the kernel's last words."""

        def greeted() -> bool:
            try:
                with socket.create_connection((self.address, self.port), timeout=1) as connection:
                    return connection.recv(4) == b"SSH-"
            except OSError:
                if not self._kernel.alive():
                    raise LabError(f"{self.name}: the kernel has ended\n{self.console()[-2000:]}") from None
                return False

        wait_until(greeted, BOOT_DEADLINE, f"sshd of {self.name} to greet")

    def console(self) -> str:
        """What the kernel and the first process have said so far."""
        return self._kernel.log.read_text(errors="replace")

    def run(
        self,
        command: Sequence[str] | str,
        user: Account = "root",
        *,
        check: bool = False,
        deadline: float = COMMAND_DEADLINE,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the host (a string by its /bin/sh) and return output, errors and status.

        It goes by the console, so it works whatever a test has done to network and sshd, and many run side by side.
        Raises LabError if `check` is set and it fails, WaitedInVain after `deadline` seconds; then it still runs on.
        """
        done = self.finish(self.start(command, user), deadline)
        if check and done.returncode != 0:
            raise LabError(f"{self.name}: {command}: status {done.returncode}: {done.stderr.strip()}")
        return done

    def start(self, command: Sequence[str] | str, user: Account = "root") -> int:
        """Start a command in the host and return the number by which `finish` knows it."""
        job = next(self._jobs)
        text = command if isinstance(command, str) else shlex.join(command)
        if user == "csmon":
            account = f"--reuid={CSMON_UID} --regid={CSMON_UID} --clear-groups"
            text = f"exec setpriv {account} -- /bin/sh -c {shlex.quote(text)}"
        (self._folder / f"{job}.sh").write_text(f"{text}\n", encoding="utf-8")
        self._type(str(job))
        return job

    def finish(self, job: int, deadline: float = COMMAND_DEADLINE) -> subprocess.CompletedProcess[str]:
        """Wait for a command that `start` started. Raises WaitedInVain after `deadline` seconds."""
        script, output, errors, status = (self._folder / f"{job}.{part}" for part in ("sh", "out", "err", "status"))
        looks = itertools.count(1)

        def finished() -> bool:
            # User-Mode-Linux now and then misses that there is input, and sees it with the next line.
            if next(looks) % 10 == 0:
                self._type("")
            return status.exists()

        wait_until(finished, deadline, f"{self.name}: {script.read_text().strip()}")
        returncode = int(status.read_text())
        return subprocess.CompletedProcess(script, returncode, *(path.read_text() for path in (output, errors)))

    def _type(self, line: str) -> None:
        """Give the first process a line on the console."""
        with (self._folder / "console").open("w") as console:
            console.write(f"{line}\n")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        """Write a file of the tree that it runs from: not below /home, /mnt, /run, /srv, /tmp and /var."""
        self._casing.write(inside, text, mode)

    def processes(self, user: Account = "csmon") -> list[str]:
        """The command lines of that account's processes, the sshd session of a connection among them."""
        return sorted(line.split(None, 1)[1] for line in self._ps(user))

    def blocked(self, user: Account = "csmon") -> list[str]:
        """The command lines of those that are in uninterruptible sleep, as with a hung mount."""
        return sorted(line.split(None, 1)[1] for line in self._ps(user) if line.startswith("D"))

    def _ps(self, user: Account) -> list[str]:
        return self.run(["ps", "-ww", "-u", user, "-o", "stat=,args="]).stdout.splitlines()

    def mount_nfs(
        self, server: str, export: str, mountpoint: str, version: str = "4.2", options: str = "nodev,nosuid,noexec"
    ) -> None:
        """Mount `server`:`export` by the kernel's NFS client; `options` as in nfs(5). Raises LabError if that fails.

        Without version ("") client and server agree on the highest.
        """
        self.run(["mkdir", "-p", mountpoint], check=True)
        chosen = ",".join(filter(None, (version and f"vers={version}", options)))
        self.run(["mount", "-t", "nfs", "-o", chosen, f"{server}:{export}", mountpoint], check=True)

    def unmount(self, mountpoint: str) -> None:
        """Take a mount away at once, its server dead or alive; what hangs on a version 4 mount goes on hanging."""
        # The helper program would ask the server, and wait.
        self.run(["umount", "--internal-only", "--force", "--lazy", mountpoint], check=True)

    def clock_error(self) -> tuple[float, float]:
        """The host's clock minus this machine's, and how far that may be wrong (s): the best of three looks.

        A folder made on the file system that both share is stamped by this machine's clock, between two calls of date.
        """
        looks = []
        for _ in range(3):
            name = f"stamp{next(self._jobs)}"
            done = self.run(f"date +%s.%N; mkdir {FOLDER}/{name}; date +%s.%N", check=True)
            before, after = map(float, done.stdout.split())
            stamp = (self._folder / name).stat().st_mtime
            looks.append(((before + after) / 2 - stamp, (after - before) / 2))
        return min(looks, key=lambda look: look[1])

    def set_clock(self, offset: float) -> None:
        """Step the host's clock so that it is `offset` seconds ahead of this machine's (negative: behind)."""
        error, _ = self.clock_error()
        self.run(["date", "--set", f"{offset - error:+.6f} seconds"], check=True)

    def start_chronyd(self, server: str, settings: str = "") -> None:
        """Start a chronyd that follows that server and really slews this host's clock; it never steps it.

        `settings` are further lines of chrony.conf(5): "makestep 0.1 1" lets it step, "maxslewrate 1" keeps it wrong.
        """
        lines = f"server {server} iburst minpoll 0 maxpoll 2\npidfile /run/chrony/chronyd.pid\n{settings}\n"
        self.stop_chronyd()
        self.run(f"printf %s {shlex.quote(lines)} >/run/chrony.conf && chronyd -u root -f /run/chrony.conf", check=True)

    def stop_chronyd(self) -> None:
        """End chronyd, if it runs; the clock stays as it is."""
        self.run("[ ! -e /run/chrony/chronyd.pid ] || kill $(cat /run/chrony/chronyd.pid)", check=True)

    def stop(self) -> None:
        """End the host at once, as a power cut does, and unplug it."""
        self._casing.kill()
        wait_until(lambda: not self._kernel.alive(), HANGS, f"{self.name} to end")
        self.lab.network.remove_link(self.port_device)


def boot(lab: Lab, *names: str) -> list[UmlHost]:
    """Start hosts side by side and wait until all can be reached."""
    hosts = [UmlHost(lab, name) for name in names]
    for host in hosts:
        host.wait_for_sshd()
    return hosts
