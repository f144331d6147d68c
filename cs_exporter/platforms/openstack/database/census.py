"""Which machines an OpenStack cloud has, by its databases. Once a minute, a short SELECT for each schema and cell.

A machine is there while any live row names it, however old that row is; whoever is missing only because a part could
not be read makes the answer an incomplete one.
"""

from __future__ import annotations

import time

from cs_exporter.model import Census, Host
from cs_exporter.platforms.openstack.database import moment
from cs_exporter.platforms.openstack.database.agents import rows_of
from cs_exporter.platforms.openstack.database.computes import computes
from cs_exporter.platforms.openstack.database.schemas import schemas_of
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.platforms.openstack.machines import machines
from cs_exporter.ports import Sql


async def census(host: Host, sql: Sql, deadline: float) -> Census:
    """Everybody, within `deadline` seconds; `host` is the cloud's pseudo-host, or a cell's. Raises ProbeFailed."""
    session = Session(sql, schemas_of(host), deadline)
    await session.open(fresh=True)
    at = await moment.moment(session, time)
    found = await rows_of(session, host, only_read=at.only_read)
    whole = not session.partial
    return Census(
        machines(found.agents, await computes(session, schemas_of(host))),
        complete=whole,
        lacking=tuple(f"{service}: {text}" for service, text in session.lacking.items()),
    )
