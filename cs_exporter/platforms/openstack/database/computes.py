"""What nova knows of hypervisors beside their agents: address, kind and availability zone, where it may be read.

None of it is needed, and nothing is said where it can't be had: then names are resolved, and there is no zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.model import Schema
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.platforms.openstack.database.rows import MOST
from cs_exporter.platforms.openstack.database.schemas import AGGREGATES, API, COMPUTES, METADATA, service_of
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.platforms.openstack.machines import Compute


async def computes(session: Session, schemas: Iterable[Schema]) -> Mapping[str, Compute]:
    """By the name of the host, of all cells. Raises ProbeFailed."""
    zones: dict[str, str] = {}
    shared = session.columns[API]
    if shared.has(AGGREGATES, "host", "aggregate_id") and shared.has(METADATA, "aggregate_id", "key", "value"):
        zones.update((host, zone) for host, zone in await session.part(API, _zones) or ())
    found = {host: Compute(zone=zone) for host, zone in zones.items()}
    for schema in schemas:
        seen = session.columns[schema]
        if service_of(schema) is Service.NOVA and seen.has(COMPUTES, "host", "host_ip", "deleted"):
            for host, address, hypervisor in await session.part(schema, _nodes) or ():
                found[host] = Compute(address, hypervisor, zones.get(host, ""))
    return found


def _zones(columns: Columns) -> Listing:
    """A line for each host that is in a zone: nova lets none be in two."""
    source = (
        f"{columns.table(AGGREGATES)} h JOIN {columns.table(METADATA)} m ON m.aggregate_id = h.aggregate_id "
        "WHERE m.`key` = 'availability_zone' AND h.host IS NOT NULL GROUP BY h.host"
    )
    return Listing(("h.host", "MIN(m.value)"), source, MOST)


def _nodes(columns: Columns) -> Listing:
    """A line for each host, with what its hypervisors have in common: those of bare metal are many."""
    kind = _common("c.hypervisor_type") if columns.has(COMPUTES, "hypervisor_type") else "''"
    source = f"{columns.table(COMPUTES)} c WHERE c.deleted = 0 AND c.host IS NOT NULL GROUP BY c.host"
    return Listing(("c.host", _common("c.host_ip"), kind), source, MOST)


def _common(column: str) -> str:
    return f"IF(MIN({column}) = MAX({column}), MIN({column}), '')"
