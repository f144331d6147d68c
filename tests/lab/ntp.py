"""Clock daemons of the lab: a real chronyd as server, and as client in each state a probe must tell apart.

Every chronyd runs with -x: it measures and reports, and never touches the clock that all hosts of a machine share.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from tests.lab.host import LabHost
from tests.lab.processes import Process, freeze_and_wait, kill_and_wait, signal_all
from tests.lab.wait import HANGS, wait_until

CONFIG, PID_FILE = "/etc/chrony/chrony.conf", "/run/chrony/chronyd.pid"
COMMON = f"pidfile {PID_FILE}\nlog measurements statistics tracking\nlogdir /var/log\n"
POLL = "iburst minpoll -4 maxpoll -2"
SYNC_DEADLINE = 30.0


@dataclass(frozen=True)
class Tracking:
    """The fields of `chronyc -c tracking` that the lab's own tests look at; `offset_s` positive = clock slow."""

    reference: str
    stratum: int
    offset_s: float
    leap: str


class Chronyd:
    """The chronyd of one host."""

    def __init__(self, host: LabHost) -> None:
        self.host = host

    def serve(self) -> None:
        """Run as a server that trusts its own clock (stratum 3) and answers everybody."""
        self.start("local stratum 3\nallow\n")

    def follow(self, server: str, offset_s: float = 0.0) -> None:
        """Run as a client of the server at that address, believing its clock to be wrong by `offset_s` seconds.

        chronyd adds `offset_s` to what it measures, so it finds its own clock that much slow (negative: fast).
        """
        self.start(f"server {server} {POLL} offset {offset_s}\n")

    def never_synchronised(self) -> None:
        """Run as a client of an address where nobody answers."""
        self.start("server 192.0.2.123 iburst\n")

    def start(self, settings: str) -> None:
        """Run with these lines of chrony.conf(5), in place of one that runs already."""
        self.stop()
        self.host.write(CONFIG, COMMON + settings)
        self.host.run(["chronyd", "-x", "-u", "root", "-f", CONFIG], check=True)
        wait_until(lambda: self.host.run(["chronyc", "-c", "tracking"]).returncode == 0, HANGS, "chronyd to answer")

    def stop(self) -> None:
        """Kill it; no error if none runs."""
        kill_and_wait(self.processes)

    def freeze(self) -> None:
        """Stop it from running (SIGSTOP): the port is open, nobody answers."""
        freeze_and_wait(self.processes)

    def thaw(self) -> None:
        """Let it run again."""
        signal_all(self.processes(), signal.SIGCONT)

    def processes(self) -> list[Process]:
        """The daemon, if it runs."""
        return [process for process in self.host.pids() if process.name == "chronyd"]

    def tracking(self) -> Tracking:
        """What it says of itself. Raises LabError when it does not run."""
        fields = self.host.run(["chronyc", "-c", "tracking"], check=True).stdout.strip().split(",")
        return Tracking(fields[0], int(fields[2]), float(fields[4]), fields[13])

    def wait_synchronised(self) -> Tracking:
        """Wait until it follows a server, and return what it says. Raises WaitedInVain."""
        wait_until(lambda: self.tracking().leap == "Normal", SYNC_DEADLINE, f"chronyd of {self.host.name} to follow")
        return self.tracking()
