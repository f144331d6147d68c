"""Agents and management servers of the lab: real processes with real sessions on 8250, to be frozen, killed, cut off.

What they do on the wire is in `agent_programs.py`; here is how a test has them on a host.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from tests.lab import agent_programs, faults
from tests.lab.daemon import Daemon
from tests.lab.host import LabHost
from tests.lab.processes import read
from tests.lab.wait import wait_until

PORT = 8250


class _Program:
    """One of the two programs, on one host."""

    def __init__(self, host: LabHost, *arguments: str) -> None:
        self.host = host
        self.arguments = arguments
        self._daemon: Daemon | None = None

    def start(self) -> None:
        """Run it; no error if it runs already."""
        if self._daemon is None:
            argv = [sys.executable, "-S", agent_programs.__file__, *self.arguments]
            self._daemon = self.host.spawn(argv, Path(agent_programs.__file__).stem)

    def stop(self) -> None:
        """Kill it: its kernel closes its sessions."""
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None

    def freeze(self) -> None:
        """Stop it from running (SIGSTOP): its kernel goes on receiving and acknowledging."""
        self._send(signal.SIGSTOP, "T")

    def thaw(self) -> None:
        """Let it run again."""
        self._send(signal.SIGCONT, "SRD")

    def _send(self, number: signal.Signals, states: str) -> None:
        daemon = self._daemon
        assert daemon is not None, "it does not run"
        daemon.send(number)

        def arrived() -> bool:
            process = read(daemon.pid)
            return process is not None and process.state in states

        wait_until(arrived, what=f"{self.arguments[0]} on {self.host.name} to take the signal")


class ManagementServer(_Program):
    """A management server: takes agents' sessions and answers their pings."""

    def __init__(self, host: LabHost, port: int = PORT) -> None:
        super().__init__(host, "server", str(port))
        self.port = port

    def start(self) -> None:
        """Run it, until it listens."""
        super().start()
        wait_until(lambda: self.host.listens(self.port), what=f"{self.host.name} to listen on {self.port}")


class Agent(_Program):
    """The agent of one host: one session with one of `servers` at a time, a ping every so many seconds."""

    def __init__(self, host: LabHost, servers: Sequence[LabHost], every: float = 1.0, port: int = PORT) -> None:
        super().__init__(host, "agent", str(port), str(every), *(server.address for server in servers))


def cut_off(host: LabHost, *servers: LabHost, port: int = PORT) -> AbstractContextManager[object]:
    """Packets between that host and those servers' port vanish on the way, in both directions; SSH works."""
    both = ExitStack()
    for server in servers:
        for chain, rule in (
            ("input", f"ip saddr {host.address} tcp dport {port} drop"),
            ("output", f"ip daddr {host.address} tcp sport {port} drop"),
        ):
            both.enter_context(faults.filtered(server.namespace, chain, rule))
    return both


def unacknowledged(host: LabHost, port: int = PORT) -> AbstractContextManager[None]:
    """What the server sends to the agent vanishes, acknowledgements too: the agent's host sends again and again."""
    return faults.filtered(host.namespace, "input", f"tcp sport {port} drop")


def lossy(host: LabHost, server: LabHost, port: int = PORT) -> AbstractContextManager[None]:
    """Every third packet from that host to the server's port is lost: what is sent arrives, after being sent again."""
    rule = f"ip saddr {host.address} tcp dport {port} numgen inc mod 3 0 drop"
    return faults.filtered(server.namespace, "input", rule)
