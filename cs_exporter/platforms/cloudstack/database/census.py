"""Who belongs to a cloud, by its database. Once a minute, some twelve short SELECTs.

Machines are left out only where the database itself has no live row of them, or the answer is said to be incomplete.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from cs_exporter.model import Census, CloudHost, Host
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database import freshness, machines, removed, settings, storage
from cs_exporter.platforms.cloudstack.database.places import Places, places
from cs_exporter.platforms.cloudstack.database.schema import schema_of
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.platforms.cloudstack.database.settings import Settings
from cs_exporter.platforms.cloudstack.database.tables import READ
from cs_exporter.platforms.listing import Record
from cs_exporter.ports import Sql

HYPERVISORS, SERVERS, SYSTEM_VMS = "hypervisors", "management servers", "system VMs"
PRIMARY, SECONDARY = "primary storage", "secondary storage"
MACHINES = frozenset({HYPERVISORS, SERVERS, SYSTEM_VMS, PRIMARY, SECONDARY})
"""Parts that list machines; where another one is refused, nobody is missing for it."""

_OPTIONAL = ("host_details", "cluster_details", "console_proxy", "secondary_storage_vm")
"""Tables without which all machines are told, but something of them is not."""


async def census(host: Host, sql: Sql, deadline: float) -> Census:
    """Everybody, within `deadline` seconds; `host` is the cloud's pseudo-host. Raises ProbeFailed."""
    session = Session(sql, schema_of(host), deadline)
    await session.open(fresh=True)
    rows = await _rows(session)
    where = await places(session)
    hosts = _hosts(rows, where, await settings.settings(session), host.names)
    found = words.distinct(words.with_storage(hosts, storage.nfs_servers(rows.pools, rows.stores, where)))
    nowhere = rows.names.keys() - {each.uuid for each in hosts}
    gone = await removed.removed(session, host.names.keys() - {each.uuid for each in found})
    session.unnamed(_OPTIONAL)
    machines_told = not session.lacking
    session.unnamed(READ)
    return Census(
        found,
        gone,
        complete=session.partial.isdisjoint(MACHINES),
        lacking=tuple(session.lacking),
        untold=words.without_address(rows.names[uuid] for uuid in nowhere - rows.hidden),
        nowhere=frozenset(nowhere),
        machines_told=machines_told,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Records of all parts that list machines. `unaddressed`: kinds of system VMs whose addresses we do not see."""

    hypervisors: Sequence[Record]
    servers: Sequence[Record]
    system_vms: Sequence[Record]
    pools: Sequence[Record]
    mounts: Sequence[Record]
    stores: Sequence[Record]
    unaddressed: frozenset[str]

    @property
    def names(self) -> Mapping[str, str]:
        """Uuid -> name of each that has a row of its own."""
        return {record[1]: record[2] for record in self.hypervisors} | {
            record[0]: record[1] for record in (*self.servers, *self.system_vms)
        }

    @property
    def hidden(self) -> frozenset[str]:
        """Uuids of system VMs that may well have an address."""
        return frozenset(record[0] for record in self.system_vms if record[2] in self.unaddressed)


async def _rows(session: Session) -> _Rows:
    hypervisors = await session.needed(HYPERVISORS, machines.hypervisors)
    servers = await session.part(SERVERS, machines.servers) or ()
    if servers:
        await freshness.checked(session)
    return _Rows(
        hypervisors,
        servers,
        await session.part(SYSTEM_VMS, machines.system_vms) or (),
        await session.part(PRIMARY, storage.pools) or (),
        await session.part("NFS mounts of hosts", storage.mounts) or (),
        await session.part(SECONDARY, storage.image_stores) or (),
        machines.unaddressed(session.columns),
    )


def _hosts(rows: _Rows, where: Places, given: Settings, known: Container[str]) -> list[CloudHost]:
    """Machines of the rows, NFS servers excepted.

    Servers keep no order, and of two machines with one name the same one must be the first in every answer.
    """
    mounts = storage.mounts_of_hosts(rows.mounts, rows.pools)
    return [
        *machines.hypervisor_hosts(sorted(rows.hypervisors, key=_number), where, given, mounts, known),
        *machines.server_hosts(sorted(rows.servers), given),
        *machines.system_vm_hosts(sorted(rows.system_vms), where, rows.unaddressed),
    ]


def _number(record: Record) -> int:
    return int(record[0])
