"""How an OpenStack cloud's agents are, by its databases. Asked every 15 s: one short SELECT for each schema.

Ages are the database's, whatever our clock says; how far apart the two clocks are is told with them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.platforms.openstack.database import moment
from cs_exporter.platforms.openstack.database.rows import ASKED
from cs_exporter.platforms.openstack.database.schemas import TABLE, cell_of, schemas_of
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.ports import Clock, Sql

_NEVER_REPORTED = (
    "no service of nova ever reported into its database, though their rows are there: servicegroup_driver = mc keeps "
    "the heartbeats in memcached, where only nova's API sees them"
)
_FIRST_REPORT = 60.0
"""Seconds after which a service that works has reported: it does so after 5 s."""

STALE = 60.0
"""Seconds without any report after which a database that is only read stands still, and tells nothing of now."""


@dataclass(frozen=True, slots=True)
class Found:
    """All rows that could be had, and of which services some were."""

    agents: tuple[AgentState, ...]
    told: frozenset[Service]


async def agents(host: Host, sql: Sql, deadline: float, clock: Clock = time) -> Agents:
    """All agents, within `deadline` seconds; `host` is the cloud's pseudo-host, or a cell's. Raises ProbeFailed.

    A database that stands still is NOT_READY, one that shows none of its tables DENIED. `clock`: the exporter's.
    """
    session = Session(sql, schemas_of(host), deadline)
    await session.open(fresh=False)
    at = await moment.moment(session, clock)
    found = await rows_of(session, host, only_read=at.only_read)
    return Agents(
        Source.DATABASE,
        found.agents,
        told=found.told,
        lacking=session.lacking,
        unusable={Service.NOVA: _NEVER_REPORTED} if _reports_go_elsewhere(found.agents) else {},
        clock=(at.offset, at.error),
    )


async def rows_of(session: Session, host: Host, *, only_read: bool) -> Found:
    """The rows of all schemas, with what lacks noted in the session. Raises ProbeFailed."""
    agents: list[AgentState] = []
    told: set[Service] = set()
    for schema in schemas_of(host):
        service = Service(schema.service)
        question, made = ASKED[service]
        records = await session.part(schema, question)
        if records is None:
            continue
        told.add(service)
        agents += await asyncio.to_thread(made, records, schema.name, cell_of(host, schema))
        if service is Service.NOVA and not session.columns[schema].has(TABLE[service], "forced_down"):
            session.lacks(schema, f"not visible to our account: {schema.name}.services: forced_down")
    if not told:
        raise ProbeFailed(Reason.DENIED, "; ".join(session.lacking.values()))
    if only_read:
        _checked(agents)
    return Found(tuple(agents), frozenset(told))


def _checked(agents: Iterable[AgentState]) -> None:
    """Raises ProbeFailed where the youngest report is so old that this replica must have stood still since."""
    ages = [agent.age for agent in agents if agent.reported and agent.age is not None]
    if ages and min(ages) > STALE:
        detail = f"no report of any agent reached this database for {min(ages):.0f} s, and it is read_only: a replica "
        raise ProbeFailed(Reason.NOT_READY, f"{detail}that stands still does not tell how things are now")


def _reports_go_elsewhere(agents: Sequence[AgentState]) -> bool:
    """Whether nova's services live without ever having written a report: by rows that are all as they were made.

    Nothing else in a database proves it: rows that stand still may as well be those of dead services.
    """
    rows = [agent for agent in agents if agent.service is Service.NOVA]
    return len(rows) > 1 and all(not row.reported and (row.age or 0.0) > _FIRST_REPORT for row in rows)
