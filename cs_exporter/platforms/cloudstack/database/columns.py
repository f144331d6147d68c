"""Which tables and columns our account sees in this version of the cloud, by information_schema.

It shows what may be selected only, so a missing grant and a column that a version lacks look alike, and are met alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.platforms.cloudstack.database.tables import READ
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import text

_NAMES = ", ".join(f"'{name}'" for name in READ)
_LIMIT = 100
"""Rows: one for each table, and room for another spelling."""

_CLOUDS_OWN = ("vm_instance", "mshost", "storage_pool_host_ref", "host_pod_ref")
"""Tables that no other database is likely to have."""


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
