"""Who belongs to a cloud, by its database. Once a minute, some twelve short SELECTs.

Machines are left out only where the database itself has no live row of them, or the answer is said to be incomplete.
"""

from __future__ import annotations

from cs_exporter.model import Census, Host
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database import machines, removed, settings, storage
from cs_exporter.platforms.cloudstack.database.listing import Record
from cs_exporter.platforms.cloudstack.database.places import places
from cs_exporter.platforms.cloudstack.database.schema import schema_of
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.ports import Sql


async def census(host: Host, sql: Sql, deadline: float) -> Census:
    """Everybody, within `deadline` seconds; `host` is the cloud's pseudo-host. Raises ProbeFailed."""
    session = Session(sql, schema_of(host), deadline)
    await session.open(fresh=True)
    hypervisors = await session.needed("hypervisors", machines.hypervisors)
    servers = await session.part("management servers", machines.servers) or ()
    system_vms = await session.part("system VMs", machines.system_vms) or ()
    pools = await session.part("primary storage", storage.pools) or ()
    mounts = await session.part("NFS mounts of hosts", storage.mounts) or ()
    stores = await session.part("secondary storage", storage.image_stores) or ()
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
    nowhere = len(hypervisors) + len(servers) + len(system_vms) - len(hosts)
    found = words.distinct(words.with_storage(hosts, storage.nfs_servers(pools, stores, where)))
    # One that has a live row is neither gone nor here while it has no address.
    complete = session.whole and not nowhere
    gone = await removed.removed(session, host.names.keys() - {each.uuid for each in found})
    lacking = [*session.lacking, *([f"machines without an address yet: {nowhere}"] if nowhere else [])]
    return Census(found, gone, complete, tuple(lacking))


def _number(record: Record) -> int:
    return int(record[0])
