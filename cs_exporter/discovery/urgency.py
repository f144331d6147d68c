"""Whether what a cloud says of its states calls for a census at once.

Planned work mutes by the census's word: a host that is switched off right after would page before the next one is due.
"""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.words import SERVER_PLANNED
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading


def calls_for_census(before: object, reading: object) -> bool:
    """Whether planned work has begun or ended between these two readings of a probe, whichever it is."""
    if not isinstance(before, CloudStackStatesReading) or not isinstance(reading, CloudStackStatesReading):
        return False
    return _planned(before) != _planned(reading)


def _planned(reading: CloudStackStatesReading) -> set[str]:
    hosts = {uuid for uuid, row in reading.hosts.items() if row.planned}
    return hosts | {uuid for uuid, row in reading.servers.items() if row.said.state in SERVER_PLANNED}
