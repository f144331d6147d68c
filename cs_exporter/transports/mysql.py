"""Database servers (aiomysql): one kept connection each, made when first asked for, never one per poll.

A full server lets nobody else in just when it matters; the connection that was there before is still answered.
"""

from __future__ import annotations

from collections.abc import Iterable

from cs_exporter.model import Host, UnsupportedError
from cs_exporter.ports import Clock, Counters, Sql, SqlRow, SqlServer


class MysqlServers:
    """The database servers of all hosts, by host name. All methods are for the event loop's thread."""

    def __init__(self, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters

    def of(self, host: Host) -> Sql:
        """The database server of a host; nothing is connected until it is asked."""
        return _Unbuilt(host)

    def drop(self, names: Iterable[str]) -> None:
        """Leave the servers of these hosts, in the background."""

    async def close(self) -> None:
        """Leave all of them."""


class _Unbuilt:
    def __init__(self, host: Host) -> None:
        self._host = host

    async def login(self, deadline: float) -> SqlServer:
        del deadline
        raise UnsupportedError("not built")

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        del statement, deadline
        raise UnsupportedError("not built")

    async def leave(self) -> None:
        return
