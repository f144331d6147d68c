"""Who belongs to a cloud, by lists of its API.

Who is left out of a list because the account may not see it must not count as gone: then the census is not complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cs_exporter.model import Census, CloudHost, Host, Role, Traffic
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.api import pools
from cs_exporter.platforms.cloudstack.api.asking import Asking
from cs_exporter.platforms.cloudstack.api.places import Places, places
from cs_exporter.platforms.cloudstack.api.rows import text
from cs_exporter.ports import ApiRow, CloudApi

UNTOLD = (
    "numbers of hosts, by which lines in a log of 4.19 and before name them: the API does not tell them",
    "addresses on other networks, and whether libvirt uses TLS: the API does not tell them",
)
"""What no version's API tells, or only at a price: listHosts with all details computes the capacity of each host."""

GOING = frozenset({"Destroyed", "Expunging"})
"""States of a system VM that is no more, or not for long."""

SYSTEM_VMS = {"consoleproxy": Role.CONSOLE_PROXY, "secondarystoragevm": Role.SECONDARY_STORAGE_VM}


@dataclass(frozen=True, slots=True)
class _Lists:
    """What was listed; empty where it was refused. `settings`: as CloudHost has them."""

    hosts: tuple[ApiRow, ...]
    servers: tuple[ApiRow, ...]
    system_vms: tuple[ApiRow, ...]
    pools: tuple[ApiRow, ...]
    stores: tuple[ApiRow, ...]
    places: Places
    settings: Mapping[str, Mapping[str, float]]


async def census(host: Host, api: CloudApi, deadline: float) -> Census:
    """All machines that the API lists, within `deadline` seconds in all. Raises ProbeFailed, and then tells nothing.

    Not complete where the account may not list a kind of machine.
    """
    del host
    asking = Asking(api, deadline)
    hosts = await asking.needed("listHosts", details="min")
    servers = await asking.part("listManagementServers", "management servers")
    system_vms = await asking.part("listSystemVms", "system VMs")
    storage = await asking.part("listStoragePools", "primary storage")
    stores = await asking.part("listImageStores", "secondary storage")
    clusters = await asking.part("listClusters", "names of zones, pods and clusters")
    lists = _Lists(
        hosts=hosts,
        servers=servers or (),
        system_vms=system_vms or (),
        pools=storage or (),
        stores=stores or (),
        places=places(clusters or ()),
        settings=await _settings(asking),
    )
    told = [*_hypervisors(lists), *_servers(lists), *_system_vms(lists)]
    nowhere = [one for one in told if not one.address]
    found = words.with_storage((one for one in told if one.address), _nfs_servers(lists))
    return Census(
        words.distinct(found),
        complete=None not in (servers, system_vms, storage, stores),
        lacking=tuple(asking.lacking),
        untold=(*UNTOLD, pools.BY_SCOPE, *words.without_address(one.name for one in nowhere)),
        nowhere=frozenset(one.uuid for one in nowhere),
    )


async def setting(asking: Asking, name: str) -> str:
    """The value of a global setting; empty where it has none. The API gives all whose names contain this one."""
    return _value(await _rows_of(asking, name) or (), name)


async def _settings(asking: Asking) -> Mapping[str, Mapping[str, float]]:
    """Empty where they can't be read: what was read before counts, and not what is built in."""
    intervals = await _rows_of(asking, words.PING_INTERVAL)
    timeouts = await _rows_of(asking, words.PING_TIMEOUT)
    if intervals is None or timeouts is None:
        return {}
    return words.heartbeat_settings(_number(intervals, words.PING_INTERVAL), _number(timeouts, words.PING_TIMEOUT))


async def _rows_of(asking: Asking, name: str) -> tuple[ApiRow, ...] | None:
    return await asking.part("listConfigurations", f"setting {name}", name=name)


def _value(rows: tuple[ApiRow, ...], name: str) -> str:
    return next((text(row, "value") for row in rows if text(row, "name") == name), "")


def _number(rows: tuple[ApiRow, ...], name: str) -> float:
    try:
        value = float(_value(rows, name))
    except ValueError:
        return words.DEFAULTS[name]
    return value if 0 < value < float("inf") else words.DEFAULTS[name]


def _hypervisors(lists: _Lists) -> Iterator[CloudHost]:
    for row in lists.hosts:
        if text(row, "type") == "Routing":
            yield CloudHost(
                uuid=text(row, "id"),
                name=text(row, "name"),
                address=text(row, "ipaddress"),
                roles=frozenset({Role.HYPERVISOR}),
                place=lists.places.of(row),
                maintenance=text(row, "resourcestate") in words.PLANNED,
                asked=text(row, "hypervisor").upper() in words.ASKED_HYPERVISORS,
                mounts=pools.mounts(row, lists.pools),
                settings=lists.settings,
            )


def _servers(lists: _Lists) -> Iterator[CloudHost]:
    """Their address is in "ipaddress" from 4.20 on, in "serviceip" before, and in neither in the oldest."""
    for row in lists.servers:
        yield CloudHost(
            uuid=text(row, "id"),
            name=text(row, "name"),
            address=text(row, "ipaddress") or text(row, "serviceip"),
            roles=frozenset({Role.MANAGEMENT}),
            maintenance=text(row, "state") in words.SERVER_PLANNED,
            settings=lists.settings,
        )


def _system_vms(lists: _Lists) -> Iterator[CloudHost]:
    """At their public address, where they have one yet."""
    for row in lists.system_vms:
        role = SYSTEM_VMS.get(text(row, "systemvmtype"))
        if role is not None and text(row, "state") not in GOING:
            private = text(row, "privateip")
            address = text(row, "publicip") or private
            yield CloudHost(
                uuid=text(row, "id"),
                name=text(row, "name"),
                address=address,
                roles=frozenset({role}),
                place=lists.places.of(row),
                asked=False,
                addresses={Traffic.MANAGEMENT: private} if private not in ("", address) else {},
            )


def _nfs_servers(lists: _Lists) -> Iterator[tuple[str, str]]:
    """Address and zone of every storage that is mounted by NFS, the primary one by somebody."""
    for row in lists.pools:
        mounted = text(row, "type") == pools.NFS and text(row, "ipaddress")
        if mounted and any(pools.reaches(row, host) for host in lists.hosts):
            yield text(row, "ipaddress"), text(row, "zonename")
    for row in lists.stores:
        source = words.nfs_source(text(row, "url"))
        if source is not None:
            yield source[0], text(row, "zonename")
