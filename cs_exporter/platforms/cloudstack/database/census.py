"""Who belongs to a cloud, by its database. Once a minute, some twelve short SELECTs.

Machines are left out only where the database itself has no live row of them, or the answer is said to be incomplete.
"""

from __future__ import annotations

from cs_exporter.model import Census, Host
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database import freshness, machines, removed, settings, storage
from cs_exporter.platforms.cloudstack.database.listing import Record
from cs_exporter.platforms.cloudstack.database.places import places
from cs_exporter.platforms.cloudstack.database.schema import schema_of
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.ports import Sql

HYPERVISORS, SERVERS, SYSTEM_VMS = "hypervisors", "management servers", "system VMs"
PRIMARY, SECONDARY = "primary storage", "secondary storage"
MACHINES = frozenset({HYPERVISORS, SERVERS, SYSTEM_VMS, PRIMARY, SECONDARY})
"""Parts that list machines; where another one is refused, nobody is missing for it."""


async def census(host: Host, sql: Sql, deadline: float) -> Census:
    """Everybody, within `deadline` seconds; `host` is the cloud's pseudo-host. Raises ProbeFailed."""
    session = Session(sql, schema_of(host), deadline)
    await session.open(fresh=True)
    hypervisors = await session.needed(HYPERVISORS, machines.hypervisors)
    servers = await session.part(SERVERS, machines.servers) or ()
    if servers:
        await freshness.checked(session)
    system_vms = await session.part(SYSTEM_VMS, machines.system_vms) or ()
    pools = await session.part(PRIMARY, storage.pools) or ()
    mounts = await session.part("NFS mounts of hosts", storage.mounts) or ()
    stores = await session.part(SECONDARY, storage.image_stores) or ()
    where = await places(session)
    known = await settings.settings(session)
    # Servers keep no order, and of two machines with one name the same one must be the first in every answer.
    hosts = [
        *machines.hypervisor_hosts(
            sorted(hypervisors, key=_number), where, known, storage.mounts_of_hosts(mounts, pools)
        ),
        *machines.server_hosts(sorted(servers), known),
        *machines.system_vm_hosts(sorted(system_vms), where),
    ]
    found = words.distinct(words.with_storage(hosts, storage.nfs_servers(pools, stores, where)))
    listed = {record[1]: record[2] for record in hypervisors}
    listed |= {record[0]: record[1] for record in (*servers, *system_vms)}
    nowhere = listed.keys() - {each.uuid for each in hosts}
    gone = await removed.removed(session, host.names.keys() - {each.uuid for each in found})
    return Census(
        found,
        gone,
        complete=session.partial.isdisjoint(MACHINES),
        lacking=tuple(session.lacking),
        untold=words.without_address(listed[uuid] for uuid in nowhere),
        nowhere=frozenset(nowhere),
    )


def _number(record: Record) -> int:
    return int(record[0])
