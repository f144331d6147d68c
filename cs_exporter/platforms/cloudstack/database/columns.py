"""Which tables and columns our account sees in this version of the cloud, by information_schema.

It shows what may be selected only, so a missing grant and a column that a version lacks look alike, and are met alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.platforms.cloudstack.database.listing import quoted, text

TABLES = (
    *("host", "host_details", "cluster", "cluster_details", "host_pod_ref", "data_center", "configuration"),
    *("storage_pool", "storage_pool_host_ref", "image_store", "vm_instance", "console_proxy", "secondary_storage_vm"),
    *("mshost", "mshost_peer", "op_ha_work"),
)
"""All that is ever read."""

_LIMIT = 100
"""Rows: one for each table, and room for another spelling."""


class LackingError(Exception):
    """A part of an answer can't be asked; the text says what is not visible."""


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
            raise LackingError(f"table {self.schema}.{name}")
        if missing:
            raise LackingError(f"{self.schema}.{name}: {', '.join(missing)}")
        return f"{quoted(self.schema)}.{quoted(name)}"

    def has(self, table: str, *names: str) -> bool:
        """Whether all of these columns are visible."""
        return self.visible.get(table, frozenset()).issuperset(names)


def statement(schema: str) -> str:
    """Table and columns, a row for each table. Only after listing.PREPARE."""
    names = ", ".join(f"'{name}'" for name in TABLES)
    return (
        "SELECT table_name AS named, GROUP_CONCAT(column_name) AS seen "  # noqa: S608  # all ours
        f"FROM information_schema.columns WHERE table_schema = {text(schema)} AND table_name IN ({names}) "
        f"GROUP BY table_name LIMIT {_LIMIT}"
    )


def columns(schema: str, rows: Iterable[Mapping[str, str | None]]) -> Columns:
    """The answer to `statement`."""
    return Columns(
        schema,
        {(row["named"] or "").lower(): frozenset((row["seen"] or "").lower().split(",")) for row in rows},
    )
