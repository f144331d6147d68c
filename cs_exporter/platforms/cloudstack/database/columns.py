"""Which tables and columns our account sees in this version of the cloud, by information_schema.

It shows what may be selected only, so a missing grant and a column that a version lacks look alike, and are met alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.platforms.cloudstack.database.listing import quoted, text
from cs_exporter.platforms.cloudstack.database.tables import READ

_NAMES = ", ".join(f"'{name}'" for name in READ)
_LIMIT = 100
"""Rows: one for each table, and room for another spelling."""

_CLOUDS_OWN = ("vm_instance", "mshost", "storage_pool_host_ref", "host_pod_ref")
"""Tables that no other database is likely to have."""


class LackingError(Exception):
    """A part of an answer can't be asked; the text says what of `table` is not visible."""

    def __init__(self, text: str, table: str) -> None:
        super().__init__(text)
        self.table = table


@dataclass(frozen=True, slots=True)
class Columns:
    """Table -> names of its columns that are visible, of one schema."""

    schema: str
    visible: Mapping[str, frozenset[str]]

    def table(self, name: str, needed: str = "") -> str:
        """The table as a statement names it. Raises LackingError where it, or a column of `needed`, is not visible."""
        visible = self.visible.get(name, frozenset())
        missing = [column for column in needed.split() if column not in visible]
        if not visible:
            raise LackingError(f"table {self.schema}.{name}", name)
        if missing:
            raise LackingError(f"{self.schema}.{name}: {', '.join(missing)}", name)
        return f"{quoted(self.schema)}.{quoted(name)}"

    def whole(self, name: str) -> None:
        """Nothing. Raises LackingError where anything that is read of the table in all versions is not visible."""
        self.table(name, " ".join(READ[name].columns))

    def has(self, table: str, *names: str) -> bool:
        """Whether all of these columns are visible."""
        return self.visible.get(table, frozenset()).issuperset(names)


def statement(schema: str) -> str:
    """Table and columns, a row for each table. Only after listing.PREPARE."""
    return (
        "SELECT table_name AS named, GROUP_CONCAT(column_name) AS seen "  # noqa: S608  # all ours
        f"FROM information_schema.columns WHERE table_schema = {text(schema)} AND table_name IN ({_NAMES}) "
        f"GROUP BY table_name LIMIT {_LIMIT}"
    )


def schemas() -> str:
    """Schemas in which we see a table that is a cloud's, one a row: where it is, if not where it was looked for."""
    ours = "', '".join(_CLOUDS_OWN)
    return (
        "SELECT DISTINCT table_schema AS named FROM information_schema.tables "  # noqa: S608  # all ours
        f"WHERE table_name IN ('{ours}') ORDER BY named LIMIT {_LIMIT}"
    )


def columns(schema: str, rows: Iterable[Mapping[str, str | None]]) -> Columns:
    """The answer to `statement`."""
    return Columns(
        schema,
        {(row["named"] or "").lower(): frozenset((row["seen"] or "").lower().split(",")) for row in rows},
    )
