"""States as rows of the database: what is selected, and what is made of it.

Live rows of `host` are the many ones here: their fields are as few as can be, and taken apart without looking back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database import machines, storage
from cs_exporter.platforms.cloudstack.database.session import Question
from cs_exporter.platforms.cloudstack.states import (
    HostState,
    ImageStoreState,
    PoolState,
    ServerState,
    SystemVmState,
    VmsInState,
)
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, Record, integer

Names = Mapping[str, str]
"""Number, as text -> name."""

TICK = 1.024
"""Seconds: host.last_ping counts milliseconds since the epoch, shifted by ten bits."""

SERVER_OF_HOST = 6
"""Where in a record of `hosts` its management server's msid stands."""

_AGENTS = {"ConsoleProxy": "ConsoleProxy", "SecondaryStorageVm": "SecondaryStorageVM"}
"""vm_instance.type of a system VM -> host.type of its agent."""

_MOVING = ("Starting", "Stopping", "Migrating", "Restoring", "Expunging", "Error")
_MOST = 10_000
_MICROSECONDS = 1e6


def hosts(columns: Columns) -> Listing:
    """Live rows of hypervisors and of system VMs' agents."""
    table = columns.table(
        "host",
        "id uuid name type status resource_state hypervisor_type mgmt_server_id last_ping update_count cluster_id "
        "removed",
    )
    kinds = ", ".join(f"'{kind}'" for kind in ("Routing", *_AGENTS.values()))
    return Listing(
        (
            *(machines.uuid("h", "host"), "h.name", "h.type", "h.status", "h.resource_state", "h.hypervisor_type"),
            *("h.mgmt_server_id", "h.id", "h.last_ping", "h.update_count", "h.cluster_id"),
        ),
        f"{table} h WHERE h.removed IS NULL AND h.type IN ({kinds})",
        machines.HOSTS,
    )


def servers(columns: Columns) -> Listing:
    """Live rows of `mshost`, by the database's clock, and how many living others call each one Down."""
    table = columns.table("mshost", "id msid runid uuid name state service_ip version last_update removed")
    down = "NULL"
    if columns.has("mshost_peer", "owner_mshost", "peer_mshost", "peer_runid", "peer_state"):
        down = (
            f"(SELECT COUNT(*) FROM {columns.table('mshost_peer')} p JOIN {table} o ON o.id = p.owner_mshost "  # noqa: S608
            "WHERE p.peer_mshost = m.id AND p.peer_runid = m.runid AND p.peer_state = 'Down' AND o.id <> m.id "
            "AND o.state = 'Up' AND o.removed IS NULL)"
        )
    age = "TIMESTAMPDIFF(MICROSECOND, m.last_update, UTC_TIMESTAMP(6))"
    fields = (machines.uuid("m", "mshost", "msid"), "m.name", "m.state", "m.service_ip", "m.msid", "m.version")
    return Listing((*fields, age, down), f"{table} m WHERE {machines.present(table)}", machines.SERVERS)


def vms(columns: Columns) -> Listing:
    """How many VMs of each zone are in a state of transition or in Error, and since when the first of them."""
    table = columns.table("vm_instance", "state data_center_id update_time removed")
    states = ", ".join(f"'{state}'" for state in _MOVING)
    oldest = "TIMESTAMPDIFF(SECOND, MIN(v.update_time), UTC_TIMESTAMP())"
    return Listing(
        ("v.data_center_id", "v.state", "COUNT(*)", oldest),
        f"{table} v WHERE v.state IN ({states}) AND v.removed IS NULL GROUP BY v.data_center_id, v.state",
        _MOST,
    )


def hosts_of_pools(pools: Sequence[str]) -> Question:
    """Which live hosts have these pools mapped."""

    def question(columns: Columns) -> Listing:
        mapped = columns.table("storage_pool_host_ref", "host_id pool_id")
        host = columns.table("host", "id uuid removed")
        asked = ", ".join(pools)
        source = f"{mapped} r JOIN {host} h ON h.id = r.host_id WHERE r.pool_id IN ({asked}) AND h.removed IS NULL"
        return Listing(("r.pool_id", machines.uuid("h", "host")), source, storage.MOUNTS)

    return question


def investigations(columns: Columns) -> Listing:
    """How much work the high-availability manager has."""
    table = columns.table("op_ha_work", "step")
    return Listing(("COUNT(*)",), f"{table} WHERE step NOT IN ('Done', 'Cancelled', 'Error')", 1)


def host_states(records: Iterable[Record], servers: Names) -> tuple[HostState, ...]:
    """Of `hosts`; `servers`: msid -> name."""
    return tuple(
        HostState(
            uuid,
            name,
            kind,
            state,
            wanted,
            hypervisor,
            servers.get(server, server),
            int(number),
            int(ticks) * TICK if ticks not in ("", "0") else None,
            integer(count),
            integer(cluster),
        )
        for uuid, name, kind, state, wanted, hypervisor, server, number, ticks, count, cluster in records
    )


def server_names(records: Iterable[Record]) -> Names:
    """The name by msid of `servers`; the address where one has no name."""
    return {number: name or address for _, name, _, address, number, *_ in records}


def server_states(records: Iterable[Record], agents: Mapping[str, int], behind: float = 0.0) -> tuple[ServerState, ...]:
    """Of `servers`; `agents`: msid -> hosts that it has. A database that is `behind` tells no age of a heartbeat."""
    return tuple(
        ServerState(
            uuid,
            name or address,
            state,
            address,
            integer(number),
            version,
            int(age) / _MICROSECONDS if age and not behind else None,
            agents.get(number, 0),
            integer(down),
        )
        for uuid, name, state, address, number, version, age, down in records
    )


def system_vm_states(records: Iterable[Record], hosts: Iterable[HostState], zones: Names) -> tuple[SystemVmState, ...]:
    """Of `system_vms`; their agents are among `hosts`, by kind and name."""
    agents = {(host.kind, host.name): host.state for host in hosts if host.kind in _AGENTS.values()}
    return tuple(
        SystemVmState(
            name,
            _AGENTS[kind],
            state,
            agents.get((_AGENTS[kind], name), ""),
            public,
            zones.get(zone, ""),
            uuid,
        )
        for uuid, name, kind, state, public, _, zone, _, _ in records
    )


def vms_in_state(records: Iterable[Record], zones: Names) -> tuple[VmsInState, ...]:
    """Of `vms`; an age is never negative, though a server whose clock is ahead may have written the time."""
    return tuple(
        VmsInState(zones.get(zone, ""), state, int(count), max(0.0, float(oldest)) if oldest else None)
        for zone, state, count, oldest in records
    )


def pool_states(records: Iterable[Record], mapped: Iterable[Record], zones: Names) -> tuple[PoolState, ...]:
    """Of storage.pools and `hosts_of_pools`."""
    hosts: dict[str, list[str]] = {}
    for pool, host in mapped:
        hosts.setdefault(pool, []).append(host)
    return tuple(
        PoolState(uuid, name, kind, status, server, path, zones.get(zone, ""), tuple(hosts.get(number, ())))
        for number, uuid, name, kind, status, server, path, zone in records
    )


def store_states(records: Iterable[Record], zones: Names) -> tuple[ImageStoreState, ...]:
    """Of storage.image_stores."""
    return tuple(
        ImageStoreState(name, protocol, words.without_secrets(url), readonly == "1", zones.get(zone, ""))
        for name, protocol, url, readonly, zone in records
    )
