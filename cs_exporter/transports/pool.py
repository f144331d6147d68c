"""All hosts' shells: one per host, made when first asked for, kept over reloads, closed when its host leaves.

A host whose way in has changed (address, account, port, mode) gets a new shell; any other change keeps its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.model import Connection, Host
from cs_exporter.ports import Clock, Counters
from cs_exporter.transports.collector.local import LocalConnector
from cs_exporter.transports.collector.script import CollectorScript
from cs_exporter.transports.collector.shell import Connector, HostShell
from cs_exporter.transports.ssh.connector import KeyFiles, SshConnector
from cs_exporter.transports.ssh.pacer import HandshakePacer
from cs_exporter.transports.ssh.tunnel import HostTunnel


@dataclass(frozen=True, slots=True)
class Pace:
    """How hosts are connected to: handshakes at once, begun per second, longest pause between attempts (seconds)."""

    handshakes_at_once: int
    handshakes_per_second: float
    retry_cap: float


@dataclass(slots=True)
class _Kept:
    way_in: object
    ssh: bool
    shell: HostShell
    tunnel: HostTunnel


class Shells:
    """The shells, by host name. All methods are for the event loop's thread."""

    def __init__(self, script: CollectorScript, pace: Pace, clock: Clock, counters: Counters) -> None:
        self._script = script
        self._pace = pace
        self._clock = clock
        self._counters = counters
        self._files = KeyFiles()
        self._pacer = HandshakePacer(pace.handshakes_at_once, pace.handshakes_per_second)
        self._kept: dict[str, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, host: Host) -> HostShell:
        """The shell of a host."""
        return self._keep(host).shell

    def tunnel(self, host: Host) -> HostTunnel:
        """The way through a host, over the same connection as its shell."""
        return self._keep(host).tunnel

    def _keep(self, host: Host) -> _Kept:
        way_in = (host.connection, host.address, host.ssh)
        kept = self._kept.get(host.name)
        if kept is None or kept.way_in != way_in:
            self.drop([host.name])
            shell = self._make(host)
            tunnel = HostTunnel(shell, self._clock, self._counters)
            kept = self._kept[host.name] = _Kept(way_in, host.connection is Connection.SSH, shell, tunnel)
        return kept

    def repace(self, pace: Pace) -> None:
        """Use another pace for the connections to come; shells that are there keep their pauses."""
        self._pace = pace
        self._pacer.change(pace.handshakes_at_once, pace.handshakes_per_second)

    def drop(self, names: Iterable[str]) -> None:
        """Close the shells of these hosts, in the background."""
        for name in names:
            kept = self._kept.pop(name, None)
            if kept is not None:
                task = asyncio.get_running_loop().create_task(kept.shell.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close all of them."""
        self.drop(tuple(self._kept))
        await asyncio.gather(*self._closing)

    def connections(self) -> int:
        """How many SSH connections are there to be asked over."""
        return sum(kept.ssh and kept.shell.session is not None for kept in self._kept.values())

    def mismatches(self) -> frozenset[str]:
        """Hosts whose installed collector is not this version's."""
        return frozenset(
            name
            for name, kept in self._kept.items()
            if (session := kept.shell.session) and session.hello and session.hello.hash != self._script.hash
        )

    def _make(self, host: Host) -> HostShell:
        text = self._script.text.encode()

        connector: Connector
        if host.connection is Connection.LOCAL:
            connector = LocalConnector(text, self._clock, self._counters)
        else:
            connector = SshConnector(host, text, self._files, self._pacer, self._clock, self._counters)
        return HostShell(connector, self._clock, self._pace.retry_cap)
