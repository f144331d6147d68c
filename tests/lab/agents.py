"""Agents and management servers of the lab: real processes with real sessions on 8250, to be frozen, killed, cut off.

What they do on the wire and in their logs is in the modules `agent_programs*`; here is how a test has them on a host.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, Unpack

from tests.lab import faults
from tests.lab.agent_options import (
    AGENT,
    LOG,
    PROJECT,
    PROPERTIES,
    AgentOptions,
    Layout,
    Machine,
    Words,
    catches,
    command_line,
)
from tests.lab.agent_programs import PORT
from tests.lab.daemon import Daemon
from tests.lab.host import LabHost
from tests.lab.processes import read
from tests.lab.uml_agents import UmlAgent
from tests.lab.wait import HANGS, wait_until

SERVER, SERVER_LOG = "tests.lab.agent_programs_server", "/var/log/cloudstack/management/management-server.log"


class _Program:
    """One of the two programs, on one host; `log_file` is the host's own name of its log."""

    libraries = False
    """Whether it needs more than the standard library, which starts quicker alone."""

    def __init__(self, host: LabHost, module: str, log_file: str, options: Sequence[str]) -> None:
        self.host = host
        self.log_file = log_file
        self._module = module
        self._options = options
        self._daemon: Daemon | None = None

    def start(self) -> None:
        """Run it; no error if it runs already."""
        if self._daemon is None:
            python = [sys.executable] if self.libraries else [sys.executable, "-S"]
            program = [*python, "-m", self._module, "--log", str(self.host.path(self.log_file))]
            argv = ["env", f"PYTHONPATH={PROJECT}", *program, *self._options]
            self._daemon = self.host.spawn(argv, self._module.rpartition(".")[2])

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

    def log(self) -> str:
        """What it has written to its log on the host so far."""
        path = self.host.path(self.log_file)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _send(self, number: signal.Signals, states: str) -> None:
        pid = self._running().pid
        self._running().send(number)

        def arrived() -> bool:
            process = read(pid)
            return process is not None and process.state in states

        wait_until(arrived, HANGS, f"{self._module} on {self.host.name} to take the signal")

    def _running(self) -> Daemon:
        assert self._daemon is not None, f"{self._module} does not run on {self.host.name}"
        return self._daemon


class ManagementServer(_Program):
    """A management server: takes agents' sessions, answers their pings, notes silence and gives hosts up.

    `every` is the ping interval that it tells agents (s), `timeout` the silence that it bears, in those; `check_health`
    is how long it then waits for an answer before the host goes to Alert (s; CloudStack's 100 is beyond any test).
    `http` and `cluster` are further ports that it serves: 8080 and 9090. `tick` is the length of its clock of pings
    (s; CloudStack's is 10, here it shrinks with `every`). With a `database` (an address) it keeps the rows of its hosts
    there, and its own as the server `msid`; peers that have not been heard there for `gone_after` seconds are Down.
    """

    def __init__(
        self,
        host: LabHost,
        port: int = PORT,
        *,
        layout: Layout = "4.20",
        every: float = 1.0,
        timeout: float = 2.5,
        check_health: float = 100.0,
        http: int | None = None,
        cluster: int | None = None,
        tick: float | None = None,
        database: str | None = None,
        msid: int | None = None,
        gone_after: float | None = None,
    ) -> None:
        options = command_line(
            port=port,
            layout=layout,
            every=every,
            timeout=timeout,
            check_health=check_health,
            http=http,
            cluster=cluster,
            tick=tick,
            database=database,
            msid=msid,
            gone_after=gone_after,
            name=host.name,
            address=host.address,
        )
        self.libraries = database is not None
        super().__init__(host, SERVER, SERVER_LOG, options)
        self._ports = [taken for taken in (port, http, cluster) if taken]

    def start(self) -> None:
        """Run it, until it listens to all its ports."""
        super().start()
        what = f"{self.host.name} to listen: {self._ports}"
        wait_until(lambda: all(map(self.host.listens, self._ports)), HANGS, what)

    def roll_log(self) -> None:
        """Its log goes on in a new file; the old one gets another name."""
        self._running().send(signal.SIGUSR1)


class Agent(_Program):
    """The agent of one host: one session with one of `servers` at a time, a ping every so many seconds.

    Without `every` the server says. What else it may be told is in `AgentOptions`.
    """

    def __init__(
        self,
        host: LabHost,
        servers: Sequence[Machine],
        every: float | None = None,
        **options: Unpack[AgentOptions],
    ) -> None:
        self._words = Words(host, servers, every, options)
        self.number = self._words.number
        super().__init__(host, AGENT, LOG, self._words.command([str(host.path(one)) for one in self._words.mounts]))

    def start(self) -> None:
        """Run it; no error if it runs already."""
        if self._words.mounts:
            self.host.write(PROPERTIES, self._words.properties())
        super().start()

    def shut_down(self) -> None:
        """End it as its service does: it tells its server, which then knows the host as Disconnected."""
        self._ready_for(signal.SIGTERM).stop(signal.SIGTERM)
        self._daemon = None

    def stick(self) -> None:
        """No ping any more, as where that task hangs; commands are still answered, so the session goes on moving."""
        self._ready_for(signal.SIGUSR1).send(signal.SIGUSR1)

    def unstick(self) -> None:
        """Pings again."""
        self._ready_for(signal.SIGUSR2).send(signal.SIGUSR2)

    def _ready_for(self, number: signal.Signals) -> Daemon:
        daemon = self._running()
        status = Path(f"/proc/{daemon.pid}/status")
        wait_until(lambda: catches(status.read_text(), number), HANGS, f"the agent of {self.host.name} to run")
        return daemon


class Runnable(Protocol):
    """An agent or a server, of any host."""

    def start(self) -> None:
        """Run it."""

    def stop(self) -> None:
        """Kill it."""


@contextmanager
def running(*programs: Runnable) -> Iterator[None]:
    """All of them run, started in that order; at the end none does."""
    with ExitStack() as stack:
        for program in programs:
            stack.callback(program.stop)
            program.start()
        yield


@contextmanager
def pings_stuck(agent: Agent | UmlAgent) -> Iterator[None]:
    """The agent's task of pings hangs, while all else of it goes on."""
    agent.stick()
    try:
        yield
    finally:
        agent.unstick()


@contextmanager
def cut_off(host: LabHost, *servers: LabHost, port: int = PORT) -> Iterator[None]:
    """Packets between that host and those servers' port vanish on the way, in both directions; SSH works."""
    with ExitStack() as both:
        for server in servers:
            for chain, rule in (
                ("input", f"ip saddr {host.address} tcp dport {port} drop"),
                ("output", f"ip daddr {host.address} tcp sport {port} drop"),
            ):
                both.enter_context(faults.filtered(server.namespace, chain, rule))
        yield


def unacknowledged(host: LabHost, port: int = PORT) -> AbstractContextManager[None]:
    """What the server sends to the agent vanishes, acknowledgements too: the agent's host sends again and again."""
    return faults.filtered(host.namespace, "input", f"tcp sport {port} drop")


def lossy(host: LabHost, server: LabHost, port: int = PORT) -> AbstractContextManager[None]:
    """Every third packet from that host to the server's port is lost: what is sent arrives, after being sent again."""
    rule = f"ip saddr {host.address} tcp dport {port} numgen inc mod 3 0 drop"
    return faults.filtered(server.namespace, "input", rule)
