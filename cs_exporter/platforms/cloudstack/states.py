"""How a CloudStack cloud is, by one answer of its database or API: states of hosts, servers, system VMs and storage.

Rows of both sources look alike; what a source can't tell is None or empty. What an answer left untold is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Part(StrEnum):
    """What an answer may leave untold although its source has it: refused, or the time ran out."""

    SERVERS = "servers"
    SYSTEM_VMS = "system_vms"
    VMS = "vms"
    POOLS = "pools"
    IMAGE_STORES = "image_stores"


class Source(StrEnum):
    """Where an answer comes from."""

    DATABASE = "database"
    API = "api"


@dataclass(frozen=True, slots=True)
class HostState:
    """A row of `host` with removed IS NULL: hypervisors, and the agents of system VMs. Empty text: NULL."""

    uuid: str
    name: str
    kind: str  # host.type: Routing, ConsoleProxy, SecondaryStorageVM
    state: str  # host.status
    resource_state: str
    hypervisor: str = ""
    server: str = ""  # mshost.name of the management server that has it; its msid where servers are untold
    number: int | None = None  # host.id
    connected: float | None = None  # host.last_ping in seconds since the epoch: connected, or investigated, since then
    transitions: int | None = None  # host.update_count: grows with every change of state
    cluster_id: int | None = None


@dataclass(frozen=True, slots=True)
class ServerState:
    """A row of `mshost` with removed IS NULL."""

    uuid: str
    name: str
    state: str
    address: str = ""  # service_ip
    number: int | None = None  # msid, which host.mgmt_server_id refers to
    version: str = ""
    beat_age: float | None = (
        None  # the database's UTC_TIMESTAMP minus last_update, in seconds: negative = its clock is ahead
    )
    agents: int | None = None
    peers_down: int | None = None  # rows of mshost_peer in which another server calls this one Down


@dataclass(frozen=True, slots=True)
class SystemVmState:
    """A console proxy or secondary storage VM."""

    name: str
    kind: str  # ConsoleProxy or SecondaryStorageVM
    state: str  # vm_instance.state
    agent_state: str = ""  # host.status of its agent; empty: it has none
    address: str = ""  # public
    zone: str = ""
    uuid: str = ""  # vm_instance.uuid, as in the census; its agent's row of `host` has another


@dataclass(frozen=True, slots=True)
class VmsInState:
    """Guests and system VMs of one zone that are in a state of transition, or in Error."""

    zone: str
    state: str
    count: int
    oldest: float | None = None  # seconds since vm_instance.update_time of the one that has been in it longest


@dataclass(frozen=True, slots=True)
class PoolState:
    """A primary storage pool that hosts have mapped."""

    uuid: str
    name: str
    kind: str  # pool_type
    status: str
    server: str = ""  # host_address
    path: str = ""
    zone: str = ""
    hosts: tuple[str, ...] = ()  # uuids of hosts that have it mapped; only where it is not Up


@dataclass(frozen=True, slots=True)
class ImageStoreState:
    """A secondary storage. `url`: without whatever could be a secret in it."""

    name: str
    protocol: str  # nfs, s3, swift, ...
    url: str
    readonly: bool = False
    zone: str = ""


@dataclass(frozen=True)
class States:
    """All of it. `lacking`: what this source, or this version of the cloud, can't tell; a line each.

    `untold`: parts whose rows did not come with this answer. That there are none of them would be wrong to conclude.
    """

    source: Source
    hosts: tuple[HostState, ...] = ()
    servers: tuple[ServerState, ...] = ()
    system_vms: tuple[SystemVmState, ...] = ()
    vms: tuple[VmsInState, ...] = ()
    pools: tuple[PoolState, ...] = ()
    image_stores: tuple[ImageStoreState, ...] = ()
    investigations: int | None = None  # rows of op_ha_work that are not Done, Cancelled or Error
    agents_servers: tuple[str, ...] = ()  # what agents are told to connect to (global setting `host`)
    lacking: tuple[str, ...] = field(default=())
    untold: frozenset[Part] = frozenset()
    ping_interval: float | None = None  # seconds; the global setting ping.interval; None: not told


def kept(states: States, before: States | None) -> States:
    """The answer, with the rows of `before` in each part that it left untold; `untold` still names them.

    Ages are not kept: they would be those of then. Rows of another source are other rows, and none is kept of them.
    """
    if before is None or before.source is not states.source or not states.untold:
        return states
    found = states
    if Part.SERVERS in states.untold:
        names = {str(one.number): one.name for one in before.servers if one.number is not None}
        hosts = tuple(replace(host, server=names.get(host.server, host.server)) for host in states.hosts)
        servers = tuple(replace(one, beat_age=None, peers_down=None) for one in before.servers)
        found = replace(found, hosts=hosts, servers=servers)
    if Part.SYSTEM_VMS in states.untold:
        found = replace(found, system_vms=before.system_vms)
    if Part.VMS in states.untold:
        found = replace(found, vms=before.vms)
    if Part.POOLS in states.untold:
        found = replace(found, pools=before.pools)
    if Part.IMAGE_STORES in states.untold:
        found = replace(found, image_stores=before.image_stores)
    return found
