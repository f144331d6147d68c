"""One answer's questions over the kept connection, schema by schema, and what of them could not be asked.

What is visible is read once for each connection, and again whenever a statement finds it changed or a census is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cs_exporter.model import Reason, Schema
from cs_exporter.platforms import listing as listings
from cs_exporter.platforms.columns import Columns, LackingError
from cs_exporter.platforms.listing import Listing, Record
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.platforms.openstack.database import visible
from cs_exporter.platforms.openstack.database.schemas import API, service_of
from cs_exporter.ports import Sql, SqlError, SqlRow, SqlServer

Question = Callable[[Columns], Listing]
"""What is to be asked where these columns are visible; raises LackingError where too few are."""

_SHORTEST = 0.05
"""Seconds that any step is given, however late it is: an answer that is there already is taken."""

_OF_ONE_PART = frozenset({Reason.DENIED, Reason.COMMAND})
"""Reasons of a server's error that say nothing of other statements."""


@dataclass(frozen=True, slots=True)
class _Known:
    server: SqlServer
    columns: Mapping[Schema, Columns]


_KNOWN: WeakKeyDictionary[Sql, _Known] = WeakKeyDictionary()


class Session:
    """The questions of one answer, all of them within `deadline` seconds."""

    def __init__(self, sql: Sql, schemas: Sequence[Schema], deadline: float) -> None:
        self._sql = sql
        self._schemas = tuple(schemas)
        self._ends = asyncio.get_running_loop().time() + deadline
        self.columns: Mapping[Schema, Columns] = {}
        """What is visible, once it is open."""
        self.partial: set[Schema] = set()
        """Schemas of which some lines were refused, or cut short."""
        self._lacking: dict[Service, list[str]] = {}

    @property
    def lacking(self) -> Mapping[Service, str]:
        """What was refused, is not there, or was cut short, by service."""
        return {service: "; ".join(lines) for service, lines in self._lacking.items()}

    async def open(self, *, fresh: bool) -> None:
        """Log in where needed; `fresh`: what is visible is read anew. Raises ProbeFailed."""
        server = await self._sql.login(self._left())
        known = _KNOWN.get(self._sql)
        schemas = (*self._schemas, API)
        if fresh or known is None or known.server != server or {*known.columns} != {*schemas}:
            await self.query(listings.PREPARE)
            rows = await self.query(visible.statement(schemas))
            known = _Known(server, visible.columns(schemas, rows))
            _KNOWN[self._sql] = known
        self.columns = known.columns

    async def query(self, statement: str) -> tuple[SqlRow, ...]:
        """The rows of any other statement. Raises ProbeFailed."""
        return await self._sql.query(statement, self._left())

    async def part(self, schema: Schema, question: Question) -> Sequence[Record] | None:
        """The lines of a schema's part; None, and noted, where only that one can't be had. Raises ProbeFailed."""
        try:
            listing = question(self.columns[schema])
            found = await asyncio.to_thread(listings.listed, await self.query(listing.statement), listing)
        except LackingError as error:
            self._misses(schema, f"not visible to our account: {error}")
            return None
        except SqlError as error:
            _KNOWN.pop(self._sql, None)
            if error.reason not in _OF_ONE_PART:
                raise
            self._misses(schema, f"schema {schema.name}: {error.detail}")
            return None
        if not found.whole:
            self._misses(schema, f"schema {schema.name}: only {len(found.records)} lines were read, there are others")
        return found.records

    def lacks(self, schema: Schema, line: str) -> None:
        """Note that something about the lines of a schema is not told."""
        self._lacking.setdefault(service_of(schema), []).append(line)

    def _misses(self, schema: Schema, line: str) -> None:
        self.partial.add(schema)
        self.lacks(schema, line)

    def _left(self) -> float:
        return max(_SHORTEST, self._ends - asyncio.get_running_loop().time())
