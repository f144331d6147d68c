"""The statements that the probe mysql_connections asks, for each flavour and version of server.

SHOW where it does: it reads no table, so it is answered by a Galera node that refuses every SELECT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.parsers import mysql_clients, mysql_galera, mysql_status
from cs_exporter.ports import SqlServer


def _of_names(statement: str, names: Iterable[str]) -> str:
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{statement} WHERE Variable_name IN ({listed})"


STATUS = _of_names("SHOW GLOBAL STATUS", (*mysql_status.STATUS_NAMES, *mysql_galera.STATUS_NAMES))
VARIABLES = _of_names("SHOW GLOBAL VARIABLES", (*mysql_status.VARIABLE_NAMES, *mysql_galera.VARIABLE_NAMES))
GRANTS = "SHOW GRANTS"

_NEWER = (8, 0, 22)
"""MySQL's version from which on it has SHOW REPLICA STATUS, and a process list that is read without a lock."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between servers."""

    mariadb: bool
    version: tuple[int, ...]

    @property
    def replication(self) -> str:
        """Replication status, of all sources."""
        if self.mariadb:
            return "SHOW ALL SLAVES STATUS"
        return "SHOW REPLICA STATUS" if self.version >= _NEWER else "SHOW SLAVE STATUS"

    @property
    def monitor(self) -> tuple[str, ...]:
        """Privileges that allow `replication`; the first is what to grant."""
        if self.mariadb and self.version >= (10, 5):
            return ("SLAVE MONITOR", "REPLICA MONITOR", "SUPER")
        return ("REPLICATION CLIENT", "SUPER")

    def clients(self, *, performance_schema: bool) -> str:
        """The process list without the server's own threads, counted by client and database."""
        return (
            f"SELECT {mysql_clients.COLUMNS} FROM {self._processlist(performance_schema)} "  # noqa: S608  # all ours
            "WHERE command <> 'Daemon' AND user <> 'system user' "
            f"GROUP BY client, db ORDER BY sessions DESC LIMIT {mysql_clients.MAX_ROWS}"
        )

    def waiting(self, *, performance_schema: bool) -> str:
        """How many sessions wait for replication status: one's own are seen without any privilege."""
        return (
            f"SELECT COUNT(*) AS sessions FROM {self._processlist(performance_schema)} "  # noqa: S608  # all ours
            f"WHERE info LIKE '{self.replication}%'"
        )

    def _processlist(self, performance_schema: bool) -> str:  # noqa: FBT001
        newer = not self.mariadb and self.version >= _NEWER and performance_schema
        return f"{'performance_schema' if newer else 'information_schema'}.processlist"


def dialect(server: SqlServer) -> Dialect:
    """What a server understands, by the version in its greeting ("5.5.5-10.11.6-MariaDB" is MariaDB 10.11.6)."""
    text = server.version.removeprefix("5.5.5-") if server.mariadb else server.version
    found = re.match(r"\d{1,3}(?:\.\d{1,3}){0,2}", text)
    return Dialect(server.mariadb, tuple(map(int, found.group().split("."))) if found else ())
