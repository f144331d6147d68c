"""What both sources of a CloudStack cloud mean by the same words: planned work, NFS servers, names that occur twice.

Here so that the database and the API give the same machine the same uuid and name, whichever of them is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from cs_exporter.model.cloud import CloudHost
from cs_exporter.model.places import Place, Role

PLANNED = frozenset({"PrepareForMaintenance", "Maintenance"})
"""host.resource_state of planned work, which mutes.

Not its Error... states: what was planned has failed, guests still run there, and nobody would hear of their host. Not
Disabled: the cloud itself disables sick hosts.
"""

SERVER_PLANNED = frozenset(
    {
        *("PreparingForMaintenance", "Maintenance"),
        *("PreparingForShutDown", "PreparingToShutDown", "ReadyToShutDown", "ShuttingDown"),
    }
)
"""mshost.state of planned work on a management server; the words for shutting down differ between versions."""

ASKED_HYPERVISORS = frozenset({"KVM", "LXC"})
"""Hypervisors that are Linux hosts with an agent of CloudStack's; of others only the cloud tells something."""

PING_INTERVAL, PING_TIMEOUT, AGENTS_SERVERS = "ping.interval", "ping.timeout", "host"
"""Names of settings: seconds, intervals, and the addresses that agents are told to connect to."""

DEFAULTS: Mapping[str, float] = {PING_INTERVAL: 60.0, PING_TIMEOUT: 2.5}
"""What the management servers do where a setting has no value."""

NFS_SERVER = "nfs:"
"""What the uuid of an NFS server begins with; its address, as the cloud has it, is the rest."""

_MAPPED = "::ffff:"
_NAMED = 5


def heartbeat_settings(interval: float, timeout: float) -> Mapping[str, Mapping[str, float]]:
    """CloudHost.settings of a host that is given up by these two."""
    return {"agent_heartbeat": {"ping_interval": interval, "ping_timeout": timeout}}


def nfs_source(url: str) -> tuple[str, str] | None:
    """Server and export of a secondary storage's URL ("nfs://192.0.2.7/export/secondary"); None where it is no such."""
    try:
        parts = urlsplit(url)
        server = parts.hostname
    except ValueError:
        return None
    return (server, parts.path) if parts.scheme.lower() == "nfs" and server else None


def without_secrets(url: str) -> str:
    """A storage's URL or path without account, password and options (SMB and S3 have them there)."""
    bare = url.partition("?")[0]
    scheme, mark, rest = bare.partition("://")
    server, slash, path = rest.partition("/")
    return f"{scheme}{mark}{server.rpartition('@')[2]}{slash}{path}" if mark else bare


def unmapped(address: str) -> str:
    """The address, of version 4 where it is one that version 6 has mapped ("::ffff:192.0.2.3"): the same machine."""
    plain = address.lower().removeprefix(_MAPPED)
    return plain if "." in plain and ":" not in plain and plain != address.lower() else address


def without_address(names: Iterable[str]) -> tuple[str, ...]:
    """A line that names machines which have no address, and so can't be asked; none where all have."""
    known = sorted(names)
    several = ", ".join(known[:_NAMED]) + (", ..." if known[_NAMED:] else "")
    return (f"addresses of {several}: they have none now",) if known else ()


def with_storage(hosts: Iterable[CloudHost], servers: Iterable[tuple[str, str]]) -> tuple[CloudHost, ...]:
    """The hosts, and the NFS servers among them: (address, zone's name) of each storage that is mounted from one.

    A machine that is there already (an address or the name is its own) gets the role; others are hosts of their own,
    in their zone where it is the only one.
    """
    zones: dict[str, set[str]] = {}
    for address, zone in servers:
        zones.setdefault(unmapped(address), set()).add(zone)
    found = []
    for host in map(_unmapped, hosts):
        own = {address for address in (host.name, host.address, *host.addresses.values()) if address in zones}
        found.append(replace(host, roles=host.roles | {Role.STORAGE}) if own else host)
        for address in own:
            del zones[address]
    return (*found, *(_storage(address, zones[address]) for address in sorted(zones)))


def distinct(hosts: Iterable[CloudHost]) -> tuple[CloudHost, ...]:
    """The hosts with a name of its own each: of those that share one, the first keeps it.

    A row with neither name nor uuid is no machine that could be known again, and is left out.
    """
    taken: set[str] = set()
    found = []
    for host in hosts:
        if not (host.name or host.uuid):
            continue
        name = host.name or host.address or host.uuid
        if name in taken:
            name = f"{name}-{host.uuid[:8]}"
        taken.add(name)
        found.append(host if name == host.name else replace(host, name=name))
    return tuple(found)


def _unmapped(host: CloudHost) -> CloudHost:
    addresses = {traffic: unmapped(address) for traffic, address in host.addresses.items()}
    address = unmapped(host.address)
    return (
        host
        if (address, addresses) == (host.address, host.addresses)
        else replace(host, address=address, addresses=addresses)
    )


def _storage(address: str, zones: set[str]) -> CloudHost:
    [zone, *others] = zones
    place = Place(cloud_zone="" if others else zone)
    return CloudHost(NFS_SERVER + address, address, address, frozenset({Role.STORAGE}), place, asked=False)
