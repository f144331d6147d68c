"""What an agent of the lab can be told, as its program's command line and as its host's agent.properties.

The same for a host that is a network namespace and for one with a kernel of its own.
"""

from __future__ import annotations

import itertools
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol, TypedDict

from tests.lab.agent_programs import PORT

Layout = Literal["4.19", "4.20"]
Kind = Literal["Routing", "ConsoleProxy", "SecondaryStorageVM"]

PROJECT = Path(__file__).parents[2]
AGENT = "tests.lab.agent_programs_agent"
LOG = "/var/log/cloudstack/agent/agent.log"
PROPERTIES = "/etc/cloudstack/agent/agent.properties"
BACKOFF = 0.3
"""Seconds an agent waits before it tries the next server; the real one waits 5."""

_numbers = itertools.count(1)


class AgentOptions(TypedDict, total=False):
    """What an agent may be told besides its servers.

    `number` is the host's id in the database, by itself the next free one. After `longest_pause` seconds without a ping
    (300; a long freeze, a clock stepped forward) that session has none any more. With `heartbeat` it writes KVMHA files
    to these directories of the host every `heartbeat_every` seconds, and the host has an agent.properties that says how
    often and that it never reboots; `properties` come after these, so they override them.
    """

    port: int
    layout: Layout
    number: int
    kind: Kind
    longest_pause: float
    heartbeat: Sequence[str]
    heartbeat_every: float
    properties: Mapping[str, str]


class Machine(Protocol):
    """A host of either sort."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def address(self) -> str:
        """Its own address."""


class Words:
    """The command line of one agent's program, but for its log, and its host's agent.properties."""

    def __init__(self, host: Machine, servers: Sequence[Machine], every: float | None, given: AgentOptions) -> None:
        self.number = given.get("number") or next(_numbers)
        self.mounts = given.get("heartbeat", ())
        self._addresses = [server.address for server in servers]
        self._port = given.get("port", PORT)
        self._beat = given.get("heartbeat_every", 1.0)
        self._extra = given.get("properties", {})
        self._options = command_line(
            port=self._port,
            layout=given.get("layout", "4.20"),
            kind=given.get("kind", "Routing"),
            number=self.number,
            name=host.name,
            address=host.address,
            every=every,
            longest_pause=given.get("longest_pause"),
            backoff=BACKOFF,
            heartbeat_every=self._beat,
        )

    def command(self, mounts: Sequence[str]) -> list[str]:
        """The options and the servers; `mounts` are the heartbeat's directories as the program finds them."""
        beats = ["--heartbeat", *mounts] if mounts else []
        return [*self._options, *beats, "--", *self._addresses]

    def properties(self) -> str:
        """The text of agent.properties."""
        lines = {
            "host": ",".join(self._addresses) + "@static",
            "port": str(self._port),
            "kvm.heartbeat.update.frequency": str(round(self._beat * 1000)),
            "reboot.host.and.alert.management.on.heartbeat.timeout": "false",
            **self._extra,
        }
        return "".join(f"{key}={value}\n" for key, value in lines.items())


def command_line(**options: object) -> list[str]:
    """A program's options as words; None is left out."""
    given = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def catches(status: str, number: signal.Signals) -> bool:
    """Whether a process with that /proc/PID/status has a handler for the signal: before, it would end by it."""
    caught = re.search(r"^SigCgt:\s+(\w+)", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)
