"""One database server as a probe asks it: a kept connection, statements outside any transaction, rows as text.

The transport logs in once and keeps the connection: a full server lets nobody else in when it matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cs_exporter.model import ProbeFailed, Reason

SqlRow = Mapping[str, str | None]
"""Column name, as the server spells it -> value as text; None is NULL."""


class SqlError(ProbeFailed):
    """The server answered with an error of its own. `code` is its number (1040, 1045, ...)."""

    def __init__(self, reason: Reason, detail: str, code: int) -> None:
        super().__init__(reason, detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class SqlServer:
    """Who answers at the kept connection. `version` is the greeting's text, such as "10.11.19-MariaDB-deb12"."""

    version: str
    connection_id: int
    logins: int  # how many times this process has logged in to this server; 1 while the first connection is kept

    @property
    def mariadb(self) -> bool:
        """Whether it is MariaDB: some statements and grants differ from MySQL's."""
        return "mariadb" in self.version.lower()


class Sql(Protocol):
    """The database server of one host.

    All errors are ProbeFailed; one that the server itself gave is SqlError. Reasons: mute (accepted, no greeting or no
    answer: what was begun goes on, and the next call waits for it instead of beginning another), refused, unreachable,
    reset (the connection was lost in the middle; the next login makes a new one), denied, exhausted, not_ready.
    """

    async def login(self, deadline: float) -> SqlServer:
        """The kept connection's server, logging in where there is none, within `deadline` seconds."""

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """The rows of one statement on the kept connection. Only after `login`, one statement at a time."""

    async def leave(self) -> None:
        """Give the kept connection up in order: it was let in where only the DBA should be."""
