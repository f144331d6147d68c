"""ports.Sql that writes down what was asked and answered, for `cs-exporter probe`.

Rows are shortened: a list of sessions may have thousands, each with a statement of its own.
"""

from __future__ import annotations

import re

from cs_exporter.ports import Clock, Sql, SqlRow, SqlServer
from cs_exporter.transports.transcript.note import Note, Noting

_ROWS, _CHARACTERS = 20, 200
_PASSWORD = re.compile(r"(IDENTIFIED (?:BY|VIA|WITH)\b[^']*)'[^']*'", re.IGNORECASE)
"""In a MariaDB's SHOW GRANTS: the hash of the password."""


class NotedSql:
    """ports.Sql around another one."""

    def __init__(self, inner: Sql, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    async def login(self, deadline: float) -> SqlServer:
        """See ports.Sql."""
        return await self._noted.noted("mysql: the kept connection", self._inner.login(deadline), _server)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See ports.Sql."""
        asked = f"mysql: {' '.join(statement.split())}"
        return await self._noted.noted(asked, self._inner.query(statement, deadline), _rows)

    async def leave(self) -> None:
        """See ports.Sql."""
        await self._noted.noted("mysql: leave", self._inner.leave(), lambda _: [])


def _server(server: SqlServer) -> list[str]:
    return [f"{server.version}, connection {server.connection_id}, login number {server.logins}"]


def _rows(rows: tuple[SqlRow, ...]) -> list[str]:
    lines = [f"{len(rows)} row{'' if len(rows) == 1 else 's'}"]
    lines += ["    " + _row(row) for row in rows[:_ROWS]]
    if len(rows) > _ROWS:
        lines.append(f"    and {len(rows) - _ROWS} more")
    return lines


def _row(row: SqlRow) -> str:
    # In one line, whatever line ends a value has.
    text = "  ".join(f"{name}={'NULL' if value is None else ' '.join(value.split())}" for name, value in row.items())
    text = _PASSWORD.sub(r"\1'...'", text)
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}..."
