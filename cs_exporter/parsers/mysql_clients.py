"""Who is connected to a database server: its process list, counted in the server by client and database.

A client is an address, or a name where the server resolves addresses; both servers append ":PORT", also to IPv6.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_status import Row
from cs_exporter.parsers.numbers import whole

LOCAL = "localhost"
MAX_ROWS = 1000
COLUMNS = (
    "IF(host LIKE '%:%', LEFT(host, CHAR_LENGTH(host) - LOCATE(':', REVERSE(host))), host) AS client, "
    "db AS db, COUNT(*) AS sessions"
)
"""What is selected, so that thousands of sessions come as a few rows."""


@dataclass(frozen=True, slots=True)
class ClientSessions:
    """The sessions of one client on one database."""

    client: str
    database: str  # empty: none chosen
    sessions: int


def sessions(rows: Iterable[Row], names: Mapping[str, str]) -> tuple[ClientSessions, ...]:
    """Each client by its name in `names` (address -> name) where it has one. Raises UnparsableError."""
    known = {text.lower(): text for text in names.values()}
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        count = row.get("sessions")
        if count is None:
            raise UnparsableError(f"no row of clients: {str(dict(row))[:100]!r}")
        key = (_name(row.get("client") or LOCAL, names, known), row.get("db") or "")
        counted[key] = counted.get(key, 0) + whole(count, "sessions")
    return tuple(ClientSessions(client, database, count) for (client, database), count in counted.items())


def _name(client: str, names: Mapping[str, str], known: Mapping[str, str]) -> str:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        lowered = client.lower()
        return names.get(lowered) or known.get(lowered) or known.get(lowered.partition(".")[0]) or lowered
    mapped = getattr(address, "ipv4_mapped", None)  # a server that listens on :: may show IPv4 so
    text = str(mapped or address)
    return names.get(text) or names.get(client) or text
