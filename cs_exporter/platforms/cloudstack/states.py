"""How a CloudStack cloud is, by one answer of its database or API: states of hosts, servers, system VMs and storage.

Rows of both sources look alike; what a source can't tell is None or empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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
    server: str = ""  # mshost.name of the management server that has it
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
    """All of it. `lacking`: what this source, or this version of the cloud, can't tell; a line each."""

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
