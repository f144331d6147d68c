"""Shells to hosts of the lab, as the daemon makes them, with sections of the tests' own.

`exporter(...)` is one exporter's view of some hosts: its own connections, nothing shared with another one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from cs_exporter.model import CollectorMode, Host, ProbeFailed, SshTarget
from cs_exporter.ports import Counters, SectionCall
from cs_exporter.spec import Section
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.ssh.connector import KeyFiles, SshConnector
from cs_exporter.transports.ssh.pacer import HandshakePacer
from tests.lab.host import LabHost
from tests.lab.lab import USER, Lab

SECTIONS = (
    Section("show", 'printf "<%s>\\n" "$@"'),
    Section("zeros", "cat /dev/zero"),
    Section("nap", 'sleep "$1"; echo slept', blocks=True),
    Section("size", 'stat -f -c %S -- "$1"', blocks=True, tool="stat", mount_argument=True),
)
SCRIPT = assemble(SECTIONS)
SHOW = SectionCall("show", ("hello",))
CONNECT_TIMEOUT, RETRY_CAP = 1.5, 0.5


class Exporter:
    """One exporter's shells, by host name."""

    def __init__(self, lab: Lab) -> None:
        self.counters = Counters()
        self.files = KeyFiles()
        self.pacer = HandshakePacer(8, 1000.0)
        self.shells: dict[str, HostShell] = {}
        self._target = SshTarget(
            user=USER,
            key_file=str(lab.client_key_file),
            known_hosts=str(lab.known_hosts_file),
            connect_timeout=CONNECT_TIMEOUT,
        )

    def target(self, **changes: object) -> SshTarget:
        """How it logs in, with some fields changed."""
        return replace(self._target, **changes)  # type: ignore[arg-type]  # each caller names a field and its type

    def connector(
        self, name: str, address: str, target: SshTarget | None = None, script: str = SCRIPT.text
    ) -> SshConnector:
        """A connector to a host that need not be one."""
        host = Host(name, address, ssh=target or self._target)
        return SshConnector(host, script.encode(), self.files, self.pacer, time, self.counters)

    def add(self, host: LabHost, target: SshTarget | None = None) -> HostShell:
        """The shell of a host of the lab."""
        shell = HostShell(self.connector(host.name, host.address, target), time, RETRY_CAP)
        self.shells[host.name] = shell
        return shell

    async def failure(self, name: str, *calls: SectionCall) -> ProbeFailed | None:
        """What asking a host fails with; None if it answers."""
        try:
            await self.shells[name].ask(*(calls or (SHOW,)))
        except ProbeFailed as failure:
            return failure
        return None

    async def works(self, name: str) -> bool:
        """Whether it answers."""
        return await self.failure(name) is None

    async def close(self) -> None:
        """Close all shells."""
        await asyncio.gather(*(shell.close() for shell in self.shells.values()))


FORCED = CollectorMode.FORCED


@asynccontextmanager
async def exporter(lab: Lab, *hosts: LabHost) -> AsyncIterator[Exporter]:
    """An exporter of these hosts."""
    made = Exporter(lab)
    for host in hosts:
        made.add(host)
    try:
        yield made
    finally:
        await made.close()
