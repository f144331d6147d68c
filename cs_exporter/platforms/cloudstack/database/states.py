"""How a cloud is, by its database.

Asked every 15 s: some ten short SELECTs, of which one has a line for each host.
"""

from __future__ import annotations

from collections import Counter

from cs_exporter.model import Host
from cs_exporter.platforms.cloudstack.database import machines, settings, state_rows, storage
from cs_exporter.platforms.cloudstack.database.places import names
from cs_exporter.platforms.cloudstack.database.schema import schema_of
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.platforms.cloudstack.states import PoolState, Source, States
from cs_exporter.ports import Sql


async def states(host: Host, sql: Sql, deadline: float) -> States:
    """All states, within `deadline` seconds; `host` is the cloud's pseudo-host. Raises ProbeFailed."""
    session = Session(sql, schema_of(host), deadline)
    await session.open(fresh=False)
    records = await session.needed("hosts", state_rows.hosts)
    servers = await session.part("management servers", state_rows.servers) or ()
    by_number = state_rows.server_names(servers)
    hosts = state_rows.host_states(records, by_number)
    zones = await names(session, "zones", "data_center")
    system_vms = await session.part("system VMs", machines.system_vms) or ()
    vms = await session.part("VMs in transition", state_rows.vms) or ()
    stores = await session.part("secondary storage", storage.image_stores) or ()
    work = await session.part("investigations", state_rows.investigations)
    known = await settings.settings(session)
    return States(
        Source.DATABASE,
        hosts=hosts,
        servers=state_rows.server_states(servers, Counter(record[state_rows.SERVER_OF_HOST] for record in records)),
        system_vms=state_rows.system_vm_states(system_vms, hosts, zones),
        vms=state_rows.vms_in_state(vms, zones),
        pools=await _pools(session, zones),
        image_stores=state_rows.store_states(stores, zones),
        investigations=int(work[0][0]) if work else None,
        agents_servers=known.agents_servers,
        lacking=tuple(session.lacking),
    )


async def _pools(session: Session, zones: state_rows.Names) -> tuple[PoolState, ...]:
    """Pools; only of those that are not Up it is asked which hosts have them."""
    records = await session.part("primary storage", storage.pools) or ()
    ill = [number for number, _, _, _, status, *_ in records if status != "Up"]
    mapped = await session.part("hosts of primary storage", state_rows.hosts_of_pools(ill)) if ill else ()
    return state_rows.pool_states(records, mapped or (), zones)
