"""From a configuration to the inventory, and what is different between two inventories.

A host that a new configuration leaves as it was stays the same object, so that whatever is kept for it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cs_exporter.config import Config
from cs_exporter.config.endpoints import EndpointPlan
from cs_exporter.config.found import Tell, fleet
from cs_exporter.config.hosts import Member
from cs_exporter.config.profiles import Profile
from cs_exporter.config.resolve import HostPlan
from cs_exporter.model import Census, CloudKind, Host, Inventory, Mount, Role, Traffic
from cs_exporter.probes.mysql import mysql_connections
from cs_exporter.probes.mysql.mysql_connections import MysqlConnectionsSettings
from cs_exporter.topology.peers import peers_of
from cs_exporter.topology.ports import port_rows

ENDPOINT = "endpoint:"
"""What names of clouds' pseudo-hosts begin with; no other host's can."""

_NOBODY: Mapping[str, Census] = MappingProxyType({})
_ITSELF = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class InventoryChange:
    """Names of hosts, and the new inventory, in which unchanged hosts are the old one's objects."""

    inventory: Inventory
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def _say_nothing(_line: str) -> None:
    pass


def build_inventory(config: Config, censuses: Mapping[str, Census] = _NOBODY, tell: Tell = _say_nothing) -> Inventory:
    """All hosts: those of the configuration in its order, those that its clouds tell of, and the clouds' pseudo-hosts.

    `censuses`: what is known of each platform, by its name. `tell` is given a line for whatever in them can't be used.
    An NFS server that is one of the hosts goes by its name.
    """
    found = fleet(config, censuses, tell)
    known = {platform: _Known(found.plans, platform) for platform in {plan.profile.platform for plan in found.plans}}
    kinds = {platform.name: platform.kind for platform in config.platforms}
    hosts: dict[str, Host] = {}
    mounts: dict[int, tuple[Mount, ...]] = {}
    for plan in found.plans:
        profile = plan.profile
        names = known[profile.platform]
        if id(profile) not in mounts:
            mounts[id(profile)] = tuple(map(names.mount, profile.mounts))
        for member in plan.members:
            others = _with_itself(names.names, member.name, profile) if Role.DATABASE in profile.roles else {}
            if Role.MESSAGE_BUS in profile.roles:
                others = {**others, **_served(found.names, profile.platform, hosts_of=names.names.values())}
            hosts[member.name] = _host(member, profile, mounts[id(profile)], others, kinds.get(profile.platform))
    for platform in config.platforms:
        for endpoint in platform.endpoints:
            host = _endpoint(endpoint, found.names[platform.name])
            hosts[host.name] = host
    return Inventory(MappingProxyType(_related(hosts)))


class _Known:
    """Who has which address, for the hosts of one platform: two clouds may use the same private addresses."""

    def __init__(self, plans: Iterable[HostPlan], platform: str) -> None:
        ordered = sorted(plans, key=lambda plan: plan.profile.platform != platform)
        members = [member for plan in ordered for member in plan.members]
        self._addresses = {
            member.name: member.addresses.get(Traffic.STORAGE, member.address) for member in reversed(members)
        }
        found = {address: member.name for member in reversed(members) for address in member.addresses.values()}
        self.names = {**found, **{member.address: member.name for member in reversed(members) if member.address}}

    def mount(self, written: Mapping[str, Any]) -> Mount:
        """A mount whose server goes by its name, of several with one address the first in the configuration."""
        server = written["server"]
        name = server if server in self._addresses else self.names.get(server, server)
        return Mount(**{**written, "server": name, "server_address": self._addresses.get(server, server)})


def _endpoint(endpoint: EndpointPlan, names: Mapping[str, str]) -> Host:
    member = Member(f"{ENDPOINT}{endpoint.name}", endpoint.address)
    return replace(_host(member, endpoint.profile, (), names, endpoint.target.kind), cloud=endpoint.target)


def _with_itself(names: Mapping[str, str], name: str, profile: Profile) -> Mapping[str, str]:
    """With the names that a management server has for a database on its own machine, for which it has a pool too."""
    if not profile.roles >= {Role.MANAGEMENT, Role.DATABASE}:
        return names
    return {**names, **dict.fromkeys(_ITSELF, name)}


def _served(clouds: Mapping[str, Mapping[str, str]], platform: str, *, hosts_of: Iterable[str]) -> Mapping[str, str]:
    """Whose queues a message bus has: machines as their cloud calls them -> by name; of any cloud, if it is of none."""
    theirs = [clouds[platform]] if platform in clouds else [*clouds.values()]
    return {name: name for name in hosts_of} | {uuid: name for names in theirs for uuid, name in names.items()}


def _related(hosts: dict[str, Host]) -> dict[str, Host]:
    """The same hosts with what they have to do with each other: all of them must be known before."""
    peers, ports = peers_of(hosts), port_rows(hosts)
    servers = [host for host in hosts.values() if Role.MANAGEMENT in host.roles]
    return {
        name: replace(
            host,
            peers=peers.get(name, ()),
            ports=ports.get(name, ()),
            settings=_with_pools(host, [server.name for server in servers if server.platform == host.platform]),
        )
        for name, host in hosts.items()
    }


def _with_pools(host: Host, servers: list[str]) -> Mapping[str, Any]:
    """The host's settings; a database's know the connection pools of the management servers."""
    settings = host.settings.get(mysql_connections.SPEC.name)
    if Role.DATABASE not in host.roles or not isinstance(settings, MysqlConnectionsSettings):
        return host.settings
    return MappingProxyType({**host.settings, mysql_connections.SPEC.name: settings.with_management(servers)})


def difference(old: Inventory, new: Inventory) -> InventoryChange:
    """What `new` changes: a host is changed where any of its fields differs."""
    merged: dict[str, Host] = {}
    changed: list[str] = []
    unchanged: list[str] = []
    for host in new:
        before = old.get(host.name)
        same = before is not None and before == host
        merged[host.name] = before if before is not None and same else host
        if before is not None:
            (unchanged if same else changed).append(host.name)
    return InventoryChange(
        inventory=Inventory(MappingProxyType(merged)),
        added=tuple(name for name in new.hosts if name not in old.hosts),
        removed=tuple(name for name in old.hosts if name not in new.hosts),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
    )


def _host(
    member: Member, profile: Profile, mounts: tuple[Mount, ...], names: Mapping[str, str], kind: CloudKind | None
) -> Host:
    return Host(
        name=member.name,
        address=member.address,
        platform=profile.platform,
        roles=profile.roles,
        place=profile.place,
        maintenance=profile.maintenance,
        connection=profile.connection,
        ssh=profile.ssh,
        addresses=MappingProxyType(dict(member.addresses)),
        mounts=mounts,
        secured=profile.secured,
        declared_ports=profile.ports,
        mysql=profile.mysql,
        names=MappingProxyType(names),
        cloud_kind=kind,
        limits=profile.limits,
        settings=profile.settings,
    )
