"""Which tables and columns our account sees in the schemas of a cloud, by information_schema.

One statement for all of them, each table by its full name: else the server looks into every table that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cs_exporter.model import Schema
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import integer, text
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.platforms.openstack.database.schemas import AGGREGATES, API, COMPUTES, METADATA, TABLE
from cs_exporter.ports import SqlRow


def statement(schemas: Sequence[Schema]) -> str:
    """A row for each table, with the columns that are seen: NULL for none. Only after listing.PREPARE."""
    return " UNION ALL ".join(
        f"SELECT {number} AS number, '{table}' AS named, GROUP_CONCAT(column_name) AS seen "  # noqa: S608  # all ours
        f"FROM information_schema.columns WHERE table_schema = {text(schema.name)} AND table_name = '{table}'"
        for number, schema in enumerate(schemas)
        for table in _tables(schema)
    )


def columns(schemas: Sequence[Schema], rows: Iterable[SqlRow]) -> Mapping[Schema, Columns]:
    """The answer to `statement`, for each schema."""
    found: dict[int, dict[str, frozenset[str]]] = {number: {} for number in range(len(schemas))}
    for row in rows:
        number, seen = integer(row["number"] or ""), row["seen"]
        if number in found and seen:
            found[number][row["named"] or ""] = frozenset(seen.lower().split(","))
    return {schema: Columns(schema.name, found[number]) for number, schema in enumerate(schemas)}


def _tables(schema: Schema) -> tuple[str, ...]:
    if schema == API:
        return AGGREGATES, METADATA
    service = Service(schema.service)
    return (TABLE[service], COMPUTES) if service is Service.NOVA else (TABLE[service],)
