"""Who holds a database server's connections, against the size of each client's own pool.

A pool can be used up while the server has plenty left: its application then hangs, and the server looks well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.parsers.mysql_clients import ClientSessions

OTHER = "other"
CLOSE = 0.8
"""Share of its pool from which on a client is shown, however few its connections are."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """The connections of one client; `size` and `used` are those of its pools, None where no size is known.

    `used`: the share of its fullest pool. A client without a known size has no verdict.
    """

    client: str
    connections: int
    size: int | None = None
    used: float | None = None


def client_rows(sessions: Iterable[ClientSessions], sizes: Mapping[str, int], top: int) -> tuple[ClientRow, ...]:
    """The clients that matter most, at most `top`, then the sum of all others where there are any.

    `sizes`: "client" -> size of its only pool, or "client/database" -> size of its pool for that database. A client of
    whom a size is known is there with 0 connections too: that nobody comes from it is worth knowing.
    """
    clients: dict[str, dict[str, int]] = {key.partition("/")[0]: {} for key in sizes}
    for row in sessions:
        databases = clients.setdefault(row.client, {})
        databases[row.database] = databases.get(row.database, 0) + row.sessions
    rows = [_row(client, databases, sizes) for client, databases in clients.items()]
    rows.sort(key=lambda row: ((row.used or 0.0) < CLOSE, -row.connections, row.client))
    others = sum(row.connections for row in rows[top:])
    return (*rows[:top], *([ClientRow(OTHER, others)] if len(rows) > top else []))


def _row(client: str, databases: Mapping[str, int], sizes: Mapping[str, int]) -> ClientRow:
    connections = sum(databases.values())
    whole = sizes.get(client)
    parts = {key.partition("/")[2]: size for key, size in sizes.items() if key.startswith(f"{client}/")}
    used = [databases.get(database, 0) / size for database, size in parts.items()]
    if whole is not None:
        used.append(connections / whole)
    if not used:
        return ClientRow(client, connections)
    return ClientRow(client, connections, sum(parts.values()) if whole is None else whole, max(used))
