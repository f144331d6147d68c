"""One answer's questions over the kept connection: what the connection is known to show, and what could not be asked.

What is visible is read once for each connection, and again whenever a statement finds it changed or a census is made:
a cloud may be upgraded under us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms import listing as listings
from cs_exporter.platforms.cloudstack.database import columns as visible
from cs_exporter.platforms.cloudstack.database.tables import READ, whole
from cs_exporter.platforms.columns import Columns, LackingError
from cs_exporter.platforms.listing import Listing, Record
from cs_exporter.ports import Sql, SqlError, SqlServer

Question = Callable[[Columns], Listing]
"""What is to be asked where these columns are visible; raises LackingError where too few are."""

_SHORTEST = 0.05
"""Seconds that any step is given, however late it is: an answer that is there already is taken."""

_OF_ONE_PART = frozenset({Reason.DENIED, Reason.COMMAND})
"""Reasons of a server's error that say nothing of other statements."""


@dataclass(frozen=True, slots=True)
class _Known:
    server: SqlServer
    columns: Columns


_KNOWN: WeakKeyDictionary[Sql, _Known] = WeakKeyDictionary()


class Session:
    """The questions of one census or one look at states, all of them within `deadline` seconds."""

    def __init__(self, sql: Sql, schema: str, deadline: float) -> None:
        self._sql = sql
        self._schema = schema
        self._ends = asyncio.get_running_loop().time() + deadline
        self._columns = Columns(schema, {})
        self.lacking: list[str] = []
        self.partial: set[str] = set()
        """Parts that were refused, or cut short."""
        self._named: set[str] = set()

    @property
    def columns(self) -> Columns:
        """What is visible, once it is open."""
        return self._columns

    async def open(self, *, fresh: bool) -> None:
        """Log in where needed; `fresh`: what is visible is read anew. Raises ProbeFailed.

        COMMAND where nothing of the schema is visible, and that of another one is: its name is a mistake of ours.
        """
        server = await self._sql.login(self._left())
        known = _KNOWN.get(self._sql)
        if fresh or known is None or (known.server, known.columns.schema) != (server, self._schema):
            known = _Known(server, await self._visible())
            _KNOWN[self._sql] = known
        self._columns = known.columns

    async def needed(self, what: str, question: Question) -> Sequence[Record]:
        """The lines of a part without which there is no answer. Raises ProbeFailed."""
        try:
            return await self._listed(what, question(self._columns))
        except LackingError as error:
            detail = f"not visible to our account: {error}" if self._columns.visible else self._nothing()
            raise ProbeFailed(Reason.DENIED, f"{what}: {detail}") from None
        except SqlError:
            _KNOWN.pop(self._sql, None)
            raise

    async def part(self, what: str, question: Question) -> Sequence[Record] | None:
        """The lines of a part; None, and noted in `lacking`, where only that one can't be had. Raises ProbeFailed."""
        try:
            return await self._listed(what, question(self._columns))
        except LackingError as error:
            self._named.add(error.table)
            self._lacks(what, f"not visible to our account: {error}")
        except SqlError as error:
            _KNOWN.pop(self._sql, None)
            if error.reason not in _OF_ONE_PART:
                raise
            self._lacks(what, error.detail)
        return None

    def unnamed(self, tables: Iterable[str]) -> None:
        """Note in `lacking` which of these tables are not visible, or in part, and have not been a part's reason yet.

        Without some tables a part is told all the same and merely knows less, and others are no part of this answer.
        """
        for table in tables:
            try:
                whole(self._columns, table)
            except LackingError as error:
                if table not in self._named:
                    self._named.add(table)
                    self.lacking.append(f"{READ[table].tells}: not visible to our account: {error}")

    async def _listed(self, what: str, listing: Listing) -> Sequence[Record]:
        found = listings.listed(await self._sql.query(listing.statement, self._left()), listing)
        if not found.whole:
            self._lacks(what, f"only {len(found.records)} lines were read, there are others")
        return found.records

    async def _visible(self) -> Columns:
        await self._sql.query(listings.PREPARE, self._left())
        rows = await self._sql.query(visible.statement(self._schema), self._left())
        if not rows:
            await self._look_elsewhere()
        return visible.columns(self._schema, rows)

    async def _look_elsewhere(self) -> None:
        others = [row["named"] or "" for row in await self._sql.query(visible.schemas(), self._left())]
        if others:
            detail = f"nothing of a database {self._schema} is visible to our account, but of {', '.join(others)}"
            raise ProbeFailed(Reason.COMMAND, f"{detail}: is database.name right?", ours=True)

    def _nothing(self) -> str:
        return (
            f"nothing of a database {self._schema} is visible to our account: "
            "nothing was granted there, or database.name is wrong"
        )

    def _lacks(self, what: str, line: str) -> None:
        self.lacking.append(f"{what}: {line}")
        self.partial.add(what)

    def _left(self) -> float:
        return max(_SHORTEST, self._ends - asyncio.get_running_loop().time())
