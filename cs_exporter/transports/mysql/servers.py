"""Database servers: one kept connection each, made when first asked for, never one per poll.

A full server lets nobody else in just when it matters; the connection that was there before is still answered. And a
server counts every login that breaks off, and in the end blocks the address it came from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from cs_exporter.model import Host
from cs_exporter.ports import Clock, Counters, Sql
from cs_exporter.transports.mysql.kept import KeptServer


class MysqlServers:
    """The database servers of all hosts, by host name. All methods are for the event loop's thread."""

    def __init__(self, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters
        self._servers: dict[str, KeptServer] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def of(self, host: Host) -> Sql:
        """The database server of a host; nothing is connected until it is asked."""
        kept = self._servers.get(host.name)
        if kept is not None and kept.serves(host):
            return kept
        self.drop([host.name])
        made = self._servers[host.name] = KeptServer(host, self._clock, self._counters)
        return made

    def drop(self, names: Iterable[str]) -> None:
        """Leave the servers of these hosts, in the background."""
        for name in names:
            kept = self._servers.pop(name, None)
            if kept is not None:
                leaving = asyncio.get_running_loop().create_task(kept.close())
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Leave all of them, within a second."""
        self.drop(tuple(self._servers))
        await asyncio.gather(*self._leaving)
