"""How a cloud is, by its database.

Asked every 15 s: some twelve short SELECTs, of which one has a line for each host.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cs_exporter.model import Host
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database import freshness, machines, settings, state_rows, storage
from cs_exporter.platforms.cloudstack.database.places import names
from cs_exporter.platforms.cloudstack.database.schema import schema_of
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.platforms.cloudstack.states import Part, Source, States
from cs_exporter.platforms.listing import Record
from cs_exporter.ports import Sql

ZONES = "zones"

_OPTIONAL = ("mshost_peer", "console_proxy", "secondary_storage_vm")
"""Tables of this answer without which its parts are told all the same, but for a field."""


async def states(host: Host, sql: Sql, deadline: float) -> States:
    """All states, within `deadline` seconds; `host` is the cloud's pseudo-host. Raises ProbeFailed.

    A database that stands still is NOT_READY.
    """
    session = Session(sql, schema_of(host), deadline)
    await session.open(fresh=False)
    records = await session.needed("hosts", state_rows.hosts)
    servers = await session.part("management servers", state_rows.servers)
    behind = await freshness.checked(session) if servers else 0.0
    hosts = state_rows.host_states(records, state_rows.server_names(servers or ()))
    zones = await names(session, ZONES, "data_center")
    system_vms = await session.part("system VMs", machines.system_vms)
    vms = await session.part("VMs in transition", state_rows.vms)
    stores = await session.part("secondary storage", storage.image_stores)
    work = await session.part("investigations", state_rows.investigations)
    known = await settings.settings(session)
    pools, mapped = await _pools(session)
    session.unnamed(_OPTIONAL)
    agents = Counter(record[state_rows.SERVER_OF_HOST] for record in records)
    parts = {Part.SERVERS: servers, Part.SYSTEM_VMS: system_vms, Part.POOLS: pools, Part.IMAGE_STORES: stores}
    parts[Part.VMS] = None if ZONES in session.partial else vms  # they are counted by zone
    return States(
        Source.DATABASE,
        hosts=hosts,
        servers=state_rows.server_states(servers or (), agents, behind),
        system_vms=state_rows.system_vm_states(system_vms or (), hosts, zones),
        vms=state_rows.vms_in_state(parts[Part.VMS] or (), zones),
        pools=state_rows.pool_states(pools or (), mapped, zones),
        image_stores=state_rows.store_states(stores or (), zones),
        investigations=int(work[0][0]) if work else None,
        agents_servers=known.agents_servers,
        lacking=(*session.lacking, *freshness.lacking(behind)),
        untold=frozenset(part for part, rows in parts.items() if rows is None),
        ping_interval=known.number(words.PING_INTERVAL) if known.known else None,
    )


async def _pools(session: Session) -> tuple[Sequence[Record] | None, Sequence[Record]]:
    """Pools, and of those that are not Up, which hosts have them."""
    records = await session.part("primary storage", storage.pools)
    ill = [number for number, _, _, _, status, *_ in records or () if status != "Up"]
    mapped = await session.part("hosts of primary storage", state_rows.hosts_of_pools(ill)) if ill else ()
    return records, mapped or ()
