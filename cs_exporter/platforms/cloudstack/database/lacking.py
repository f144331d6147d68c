"""Which of the documented grants our account lacks on a cloud's database, for the checklist.

By what information_schema shows, for which nobody needs a right; roles count as far as they are in force.
"""

from __future__ import annotations

from cs_exporter.model import Host
from cs_exporter.platforms.cloudstack.database.grants import missing
from cs_exporter.platforms.cloudstack.database.schema import schema_of
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.ports import Sql


async def lacking(host: Host, sql: Sql, deadline: float) -> tuple[str, ...]:
    """What is to be granted, each as GRANT's text up to TO, found out within `deadline` seconds. Raises ProbeFailed."""
    session = Session(sql, schema_of(host), deadline)
    await session.open(fresh=True)
    return missing(session.columns)
