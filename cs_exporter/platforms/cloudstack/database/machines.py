"""Hypervisors, management servers and system VMs as rows of the database, and what a census makes of them.

Statements and the meaning of their lines stand together, because a field is known by its place only.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from cs_exporter.model import CloudHost, CloudMount, Role, Traffic
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database.places import Places
from cs_exporter.platforms.cloudstack.database.settings import Settings
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, Record

HOSTS, SERVERS, SYSTEM_VMS = 20_000, 200, 5_000
"""Lines that are taken at most."""

SYSTEM_VM_ROLES = {"ConsoleProxy": Role.CONSOLE_PROXY, "SecondaryStorageVm": Role.SECONDARY_STORAGE_VM}
"""By vm_instance.type."""

_PUBLIC = {"ConsoleProxy": "console_proxy", "SecondaryStorageVm": "secondary_storage_vm"}
"""vm_instance.type of a system VM -> the table that has its public address."""


def hypervisors(columns: Columns) -> Listing:
    """Live rows of `host` that are hypervisors, with what host_details says of TLS where that may be read."""
    host = columns.table(
        "host",
        "id uuid name private_ip_address storage_ip_address hypervisor_type data_center_id pod_id cluster_id "
        "resource_state type removed",
    )
    source, secured = f"{host} h", "''"
    if columns.has("host_details", "host_id", "name", "value"):
        source += f" LEFT JOIN {columns.table('host_details')} d ON d.host_id = h.id AND d.name = 'secured'"
        secured = "d.value"
    return Listing(
        (
            *("h.id", uuid("h", "host"), "h.name", "h.private_ip_address", "h.storage_ip_address"),
            *("h.hypervisor_type", "h.data_center_id", "h.pod_id", "h.cluster_id", "h.resource_state", secured),
        ),
        f"{source} WHERE h.type = 'Routing' AND h.removed IS NULL ORDER BY h.id",
        HOSTS,
    )


def servers(columns: Columns) -> Listing:
    """Live rows of `mshost`."""
    table = columns.table("mshost", "id msid name service_ip state uuid removed")
    fields = (uuid("m", "mshost", "msid"), "m.name", "m.service_ip", "m.state")
    return Listing(fields, f"{table} m WHERE {present(table)} ORDER BY m.msid", SERVERS)


def present(mshost: str) -> str:
    """The condition for a row `m` of mshost that stands for a server, running or not.

    A server whose network card was replaced has another msid; its old row stays, Down for ever, at the same address.
    """
    follower = "n.service_ip = m.service_ip AND n.id <> m.id AND n.state <> 'Down' AND n.removed IS NULL"
    return f"m.removed IS NULL AND NOT (m.state = 'Down' AND EXISTS (SELECT 1 FROM {mshost} n WHERE {follower}))"  # noqa: S608


def unaddressed(columns: Columns) -> frozenset[str]:
    """Kinds of system VMs (vm_instance.type) whose public addresses we do not see: that they have none is not known."""
    return frozenset(kind for kind, table in _PUBLIC.items() if not columns.has(table, "id", "public_ip_address"))


def system_vms(columns: Columns) -> Listing:
    """Console proxies and secondary storage VMs that are there to stay."""
    table = columns.table(
        "vm_instance", "id uuid name type state private_ip_address data_center_id pod_id hypervisor_type removed"
    )
    source, public = f"{table} v", []
    for other in sorted(_PUBLIC[kind] for kind in _PUBLIC.keys() - unaddressed(columns)):
        source += f" LEFT JOIN {columns.table(other)} {other} ON {other}.id = v.id"
        public.append(f"{other}.public_ip_address")
    kinds = ", ".join(f"'{kind}'" for kind in SYSTEM_VM_ROLES)
    return Listing(
        (
            *(uuid("v", "vm"), "v.name", "v.type", "v.state", f"COALESCE({', '.join([*public, 'NULL', 'NULL'])})"),
            *("v.private_ip_address", "v.data_center_id", "v.pod_id", "v.hypervisor_type"),
        ),
        f"{source} WHERE v.type IN ({kinds}) AND v.removed IS NULL AND v.state NOT IN ('Destroyed', 'Expunging') "
        "ORDER BY v.id",
        SYSTEM_VMS,
    )


def hypervisor_hosts(
    records: Iterable[Record],
    places: Places,
    settings: Settings,
    mounts: Mapping[str, Sequence[CloudMount]],
    known: Container[str] = (),
) -> list[CloudHost]:
    """Of `hypervisors`; mounts by host.id. Those without an address are left out.

    `known`: uuids of hosts whose settings were told before. While those of clusters can't be read they are told none,
    and keep theirs; for a new one the whole cloud's are likelier than what is built in.
    """
    found = []
    for number, key, name, address, storage, hypervisor, zone, pod, cluster, resource_state, secured in records:
        if not address:
            continue
        asked = hypervisor.upper() in words.ASKED_HYPERVISORS
        kept = cluster and key in known and not settings.clusters_known
        made = CloudHost(
            key,
            name,
            address,
            frozenset({Role.HYPERVISOR}),
            places.place(zone, pod, cluster, hypervisor),
            maintenance=resource_state in words.PLANNED,
            asked=asked,
            addresses={Traffic.STORAGE: storage} if storage not in ("", address) else {},
            mounts=tuple(mounts.get(number, ())) if asked else (),
            secured={"true": True, "false": False}.get(secured.lower()),
            settings={} if kept else settings.heartbeat(cluster),
        )
        found.append(made)
    return found


def server_hosts(records: Iterable[Record], settings: Settings) -> list[CloudHost]:
    """Of `servers`."""
    return [
        CloudHost(
            key,
            name,
            address,
            frozenset({Role.MANAGEMENT}),
            maintenance=state in words.SERVER_PLANNED,
            settings=settings.heartbeat(),
        )
        for key, name, address, state in records
        if address
    ]


def system_vm_hosts(records: Iterable[Record], places: Places, unaddressed: Container[str] = ()) -> list[CloudHost]:
    """Of `system_vms`: at their public address, where they have one yet; without the kinds that are `unaddressed`."""
    found = []
    for key, name, kind, _, public, private, zone, pod, hypervisor in records:
        address = public or private
        if not address or kind in unaddressed:
            continue
        place = places.place(zone, pod, hypervisor=hypervisor)
        addresses = {Traffic.MANAGEMENT: private} if private not in ("", address) else {}
        roles = frozenset({SYSTEM_VM_ROLES[kind]})
        found.append(CloudHost(key, name, address, roles, place, asked=False, addresses=addresses))
    return found


def uuid(alias: str, kind: str, number: str = "id") -> str:
    """The expression for a row's uuid; rows of old clouds may have none, and are known by their number."""
    return f"COALESCE({alias}.uuid, CONCAT('{kind}-', {alias}.{number}))"
