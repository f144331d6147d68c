"""A host's sshd: settings, start, stop, freeze, reload, and the account it lets in.

The real daemon of the distribution, because how it fails is what the exporter must tell apart.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.processes import Process, freeze_and_wait, kill_and_wait, signal_all
from tests.lab.ssh_keys import KeyPair, authorized_line
from tests.lab.wait import wait_until

if TYPE_CHECKING:
    from tests.lab.host import LabHost

PORT = 22
READY = 30.0
"""Seconds within which the daemon must listen: it takes a fraction of one, but the machine may have much to do."""

SSHD = "/usr/sbin/sshd"
CONFIG, KEY, PID_FILE, LOG = "/etc/ssh/sshd_config", "/etc/ssh/host_key", "/run/sshd.pid", "/var/log/sshd.log"
AUTHORIZED = "/etc/ssh/authorized_keys/csmon"
FAKE_CLOCK_FILE = "/run/fake_clock"
FAKE_CLOCK_LIBRARY = "faketime/libfaketimeMT.so.1"


class Sshd:
    """The real OpenSSH server of one host."""

    def __init__(self, host: LabHost) -> None:
        self._host = host
        self._pid = 0  # of the listener, inside its host; it keeps it when it starts over

    def configure(self, host_key: KeyPair, client_key: KeyPair) -> None:
        """Write settings, host key and the polling account's authorised key."""
        host = self._host
        host.write(CONFIG, self._settings())
        host.write(KEY, host_key.private, mode=0o600)
        host.write(AUTHORIZED, authorized_line(client_key, host.spec.force_command, host.spec.permit_open))
        if host.spec.fake_clock:
            host.write(FAKE_CLOCK_FILE, "+0\n", mode=0o644)

    def start(self) -> None:
        """Start the daemon and wait until it listens."""
        self._host.path(PID_FILE).unlink(missing_ok=True)
        self._host.run([SSHD, "-f", CONFIG, "-E", LOG], check=True)
        self._pid = int(wait_until(self._pid_written, READY, f"sshd of {self._host.name} to listen"))

    def stop(self) -> None:
        """Kill the daemon and every session of it; clients see their connections reset or closed."""
        kill_and_wait(self.processes)

    def restart(self) -> None:
        """Stop and start: established connections end."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Have the listener read settings and keys again (SIGHUP); established connections live on."""
        # What starts over takes the file away at any moment, is deaf to the signal, and writes it when it listens.
        wait_until(self._pid_written, READY, f"sshd of {self._host.name} to have started over before")
        self._host.path(PID_FILE).unlink(missing_ok=True)
        signal_all(self.listeners(), signal.SIGHUP)
        wait_until(self._pid_written, READY, f"sshd of {self._host.name} to start over")

    def freeze(self, *, listener: bool = True, sessions: bool = True) -> None:
        """Stop sshd from running (SIGSTOP): the kernel accepts connections and bytes, nobody answers."""
        freeze_and_wait(lambda: (self.listeners() if listener else []) + (self.sessions() if sessions else []))

    def thaw(self) -> None:
        """Let all of it run again."""
        signal_all(self.processes(), signal.SIGCONT)

    def processes(self) -> list[Process]:
        """Listener and sessions. The programs that sessions started are not among them."""
        return [process for process in self._host.pids() if process.name.startswith("sshd")]

    def listeners(self) -> list[Process]:
        """The listener. Its title would not do: it has none while it starts over, and what it forks has it at first."""
        return [process for process in self.processes() if process.inner_pid == self._pid]

    def sessions(self) -> list[Process]:
        """The processes that serve established connections, and those that are still logging in."""
        return [process for process in self.processes() if process.inner_pid != self._pid]

    def log(self) -> str:
        """What the daemon has logged so far."""
        path = self._host.path(LOG)
        return path.read_text(errors="replace") if path.exists() else ""

    def _pid_written(self) -> str:
        try:
            return self._host.path(PID_FILE).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def _settings(self) -> str:
        lines = [
            f"Port {PORT}",
            f"ListenAddress {self._host.address}",
            f"HostKey {KEY}",
            f"AuthorizedKeysFile {AUTHORIZED.replace('csmon', '%u')}",
            f"PidFile {PID_FILE}",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UseDNS no",
            "LogLevel VERBOSE",
        ]
        if self._host.spec.fake_clock:
            lines.append(f"SetEnv {fake_clock_environment()}")
        return "\n".join([*lines, *self._host.spec.sshd_options, ""])


def fake_clock_library() -> Path:
    """Where the library of the Debian package faketime is: in a folder named after the machine's architecture."""
    return next(Path("/usr/lib").glob(f"*/{FAKE_CLOCK_LIBRARY}"), Path("/usr/lib", FAKE_CLOCK_LIBRARY))


def fake_clock_environment() -> str:
    """The variables that let programs see the clock of FAKE_CLOCK_FILE; only the wall clock is faked.

    The cache of libfaketime is off so that a change of the file is seen by programs that already run.
    """
    file = f"FAKETIME_TIMESTAMP_FILE={FAKE_CLOCK_FILE}"
    return f"LD_PRELOAD={fake_clock_library()} {file} FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1"
