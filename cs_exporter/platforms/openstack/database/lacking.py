"""Which of the documented grants our account lacks on a cloud's databases, for the checklist.

By what information_schema shows, for which nobody needs a right; roles count as far as they are in force.
"""

from __future__ import annotations

from cs_exporter.model import Host, Schema
from cs_exporter.platforms.openstack.database.grants import missing
from cs_exporter.platforms.openstack.database.schemas import schemas_of
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.ports import Sql


async def lacking(host: Host, sql: Sql, deadline: float) -> tuple[str, ...]:
    """What is to be granted, each as GRANT's text up to TO, found out within `deadline` seconds. Raises ProbeFailed."""
    schemas = schemas_of(host)
    session = Session(sql, schemas, deadline)
    await session.open(fresh=True)
    return missing(schemas, session.columns)


async def doubted(host: Host, sql: Sql, deadline: float) -> tuple[str, ...]:
    """What the configuration calls schemas of which nothing at all is visible; they may not be there. As `lacking`."""
    schemas = schemas_of(host)
    session = Session(sql, schemas, deadline)
    await session.open(fresh=False)
    return tuple(_field(host, schema) for schema in schemas if not session.columns[schema].visible)


def _field(host: Host, schema: Schema) -> str:
    """The key that names a schema, and how."""
    cell = host.cloud.cell if host.cloud is not None else ""
    return f"schema of the cell {cell} ({schema.name})" if cell else f"database.{schema.service} ({schema.name})"
