"""Whether what a cloud says of its states calls for a census at once.

Planned work mutes by the census's word: a host that is switched off right after would page before the next one is due.
"""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.words import SERVER_PLANNED
from cs_exporter.probes.cloudstack import cloudstack_census
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.openstack import openstack_census
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading


def census_called_for(before: object, reading: object) -> str | None:
    """The census to be made because planned work has begun or ended between these two readings of a probe.

    None where it has not, or they are of no probe that tells of such work.
    """
    if isinstance(before, CloudStackStatesReading) and isinstance(reading, CloudStackStatesReading):
        return cloudstack_census.SPEC.name if _planned(before) != _planned(reading) else None
    if isinstance(before, OpenStackAgentsReading) and isinstance(reading, OpenStackAgentsReading):
        return openstack_census.SPEC.name if _forced_down(before) != _forced_down(reading) else None
    return None


def _planned(reading: CloudStackStatesReading) -> set[str]:
    hosts = {uuid for uuid, row in reading.hosts.items() if row.planned}
    return hosts | {uuid for uuid, row in reading.servers.items() if row.said.state in SERVER_PLANNED}


def _forced_down(reading: OpenStackAgentsReading) -> set[str]:
    """By the rows that are known, so that an answer which leaves nova out ends no planned work."""
    return {row.said.machine for row in reading.rows.values() if row.said.forced_down}
