"""Pollers of real hosts for tests of the NFS probes: each run sees the reading of the one before, as in the daemon.

Apart from the tests because of their length.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TypeVar

from cs_exporter.model import Host
from cs_exporter.ports import Counters, Last, Rpc, Shell
from cs_exporter.probes.nfs import nfs_mounts
from cs_exporter.probes.nfs.nfs_mounts import NfsMountsReading, NfsMountsSettings
from cs_exporter.probes.nfs.nfs_server import NfsServerReading, NfsServerSettings
from cs_exporter.probes.nfs.nfs_server import probe as ask_server
from cs_exporter.probes.nfs.verdicts import MountState
from cs_exporter.transports.rpc import RpcClient
from tests import world
from tests.lab.wait import wait_until_async

R = TypeVar("R")
SETTINGS = NfsMountsSettings(slow_after=0.9, statfs_limit=1)
SERVER_SETTINGS = NfsServerSettings(deadline=0.5)
DEADLINE = 40.0


@dataclass
class Poller:
    """One host polled with the real transports; each run sees the reading of the one before."""

    host: Host
    shell: Shell
    rpc: Rpc
    last: Last[NfsMountsReading] | None = None
    readings: list[NfsMountsReading] = field(default_factory=list)

    async def poll(self) -> NfsMountsReading:
        """Run the probe."""
        reading = await nfs_mounts.probe(
            self.host, world.io(shell=self.shell, rpc=self.rpc, previous=self._previous), SETTINGS
        )
        self.last = Last(reading, time.monotonic())
        self.readings.append(reading)
        return reading

    async def states(self) -> dict[str, MountState | None]:
        """Mount point -> state, of a new reading."""
        return {row.mountpoint: row.state for row in (await self.poll()).mounts}

    async def until(self, *states: MountState) -> NfsMountsReading:
        """Poll until the mounts are in these states, in the order of the settings."""
        wanted = [*states]

        async def reached() -> bool:
            return wanted == [*(await self.states()).values()]

        await wait_until_async(reached, DEADLINE, f"mounts to be {wanted}, at last {self.readings[-1:]}")
        return self.readings[-1]

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)


@dataclass
class ServerPoller:
    """An NFS server polled with real RPC calls; each run sees the reading of the one before."""

    host: Host
    shell: Shell
    last: Last[NfsServerReading] | None = None

    async def poll(self) -> NfsServerReading:
        """Run the probe."""
        io = world.io(shell=self.shell, rpc=RpcClient(Counters()), previous=self._previous)
        reading = await ask_server(self.host, io, SERVER_SETTINGS)
        self.last = Last(reading, time.monotonic())
        return reading

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)
