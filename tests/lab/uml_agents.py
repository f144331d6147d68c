"""Agents of User-Mode-Linux hosts, run by those hosts' own kernels: they hang with their mounts and have their clocks.

Such a host sees no file of this machine but its distribution's, so it is given the program and runs it there.
"""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Sequence
from typing import Unpack

from tests.lab.agent_options import AGENT, LOG, PROJECT, PROPERTIES, AgentOptions, Machine, Words, catches
from tests.lab.uml import UmlHost
from tests.lab.wait import wait_until

PYTHON, FOLDER, PID_FILE = "/usr/bin/python3", "/opt/agent", "/run/cloudstack-agent.pid"
FILES = ("agent_programs", "agent_programs_agent")
DEADLINE = 20.0


class UmlAgent:
    """The agent of a User-Mode-Linux host, run by that host's kernel: it hangs with its mounts and has its clock."""

    def __init__(
        self,
        host: UmlHost,
        servers: Sequence[Machine],
        every: float | None = None,
        **options: Unpack[AgentOptions],
    ) -> None:
        self.host = host
        self._words = Words(host, servers, every, options)
        self.number = self._words.number
        self._job: int | None = None

    def start(self) -> None:
        """Run it; no error if it runs already."""
        if self._job is not None:
            return
        if self._words.mounts:
            self.host.write(PROPERTIES, self._words.properties())
        for name in ("tests/__init__.py", "tests/lab/__init__.py", *(f"tests/lab/{file}.py" for file in FILES)):
            self.host.write(f"{FOLDER}/{name}", (PROJECT / name).read_text(encoding="utf-8"))
        program = [PYTHON, "-S", "-B", "-m", AGENT, *self._words.command(self._words.mounts)]
        environment = f"PYTHONPATH={FOLDER}"
        self._job = self.host.start(f"echo $$ >{PID_FILE}; exec env {environment} {shlex.join(program)}")
        ready = f"the agent of {self.host.name} to run"
        wait_until(lambda: catches(self._status(), signal.SIGTERM), DEADLINE, ready)

    def stop(self) -> None:
        """Kill it: its kernel closes its session."""
        self._end("KILL")

    def shut_down(self) -> None:
        """End it as its service does: it tells its server, which then knows the host as Disconnected."""
        self._end("TERM")

    def freeze(self) -> None:
        """Stop it from running (SIGSTOP): neither pings nor heartbeats; the kernel goes on receiving."""
        self._send("STOP")
        stands = f"the agent of {self.host.name} to stand still"
        wait_until(lambda: re.search(r"^State:\sT", self._status(), re.MULTILINE), DEADLINE, stands)

    def thaw(self) -> None:
        """Let it run again."""
        self._send("CONT")

    def stick(self) -> None:
        """No ping any more, as where that task hangs; commands are still answered, so the session goes on moving."""
        self._send("USR1")

    def unstick(self) -> None:
        """Pings again."""
        self._send("USR2")

    def log(self) -> str:
        """What it has written to its log so far."""
        return self.host.run(["cat", LOG]).stdout

    def _send(self, number: str) -> None:
        self.host.run(f"kill -{number} $(cat {PID_FILE})", check=True)

    def _end(self, number: str) -> None:
        if self._job is not None:
            self._send(number)
            self.host.finish(self._job)
            self._job = None

    def _status(self) -> str:
        return self.host.run(f"cat /proc/$(cat {PID_FILE})/status").stdout
