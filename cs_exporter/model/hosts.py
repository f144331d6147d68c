"""Hosts and the inventory: every machine that is polled, with all that a probe may need to know resolved onto it.

Frozen and compared by value: what a reload leaves equal keeps its connection and its readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from cs_exporter.model.cloud import CloudKind, CloudTarget
from cs_exporter.model.network import DeclaredPort, Peer, PortRow, Traffic
from cs_exporter.model.places import NOWHERE, Place, Role


class Connection(StrEnum):
    """How a host is asked."""

    SSH = "ssh"
    LOCAL = "local"  # the machine cs_exporter runs on: the same collector, without SSH
    NONE = "none"  # nobody logs in: only what is seen from elsewhere is known of it


class CollectorMode(StrEnum):
    """How the collector gets onto a host."""

    STREAMED = "streamed"  # sent over standard input; nothing is installed
    FORCED = "forced"  # it is the account's forced command; nothing is sent


@dataclass(frozen=True, slots=True)
class SshTarget:
    """How to log in to one host; paths are absolute, times in seconds."""

    user: str = "cs_exporter"
    port: int = 22
    key_file: str | None = None
    known_hosts: str | None = None
    verify_host_key: bool = True
    mode: CollectorMode = CollectorMode.STREAMED
    connect_timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Mount:
    """An NFS mount that a host is expected to have."""

    mountpoint: str
    server: str  # name in the inventory, or the address where the server is not a host of ours
    server_address: str
    export: str
    readonly: bool = False  # mounted read-only on purpose
    version: str | None = None  # "3", "4", "4.1", ...: None accepts any


class MysqlTls(StrEnum):
    """Whether the connection to a database server is encrypted."""

    OFF = "off"
    REQUIRED = "required"  # encrypted; whoever answers is believed
    VERIFIED = "verified"  # encrypted, and the certificate is checked


@dataclass(frozen=True, slots=True)
class MysqlTarget:
    """How to log in to the database server of one host; paths are absolute."""

    user: str = "cs_exporter"
    password_file: str | None = None
    port: int = 3306
    tls: MysqlTls = MysqlTls.OFF
    ca_file: str | None = None  # default: the system's


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class HostLimits:
    """Limits of one host that differ from the symptoms' own, by symptom name, in the symptom's unit."""

    symptoms: Mapping[str, float] = field(default_factory=_empty)


@dataclass(frozen=True)
class Host:
    """A machine that is polled, with everything a probe may need to know resolved onto it."""

    name: str
    address: str
    platform: str = "static"
    roles: frozenset[Role] = frozenset()
    place: Place = NOWHERE
    maintenance: bool = False
    connection: Connection = Connection.SSH
    ssh: SshTarget = SshTarget()
    addresses: Mapping[Traffic, str] = field(default_factory=lambda: MappingProxyType({}))
    """traffic -> the host's address on that network, where it is not `address`"""
    mounts: tuple[Mount, ...] = ()
    peers: tuple[Peer, ...] = ()
    secured: bool | None = None
    """whether libvirt uses TLS there; None: unknown"""
    declared_ports: tuple[DeclaredPort, ...] = ()
    ports: tuple[PortRow, ...] = ()
    mysql: MysqlTarget = MysqlTarget()
    names: Mapping[str, str] = field(default_factory=_empty)
    """address -> name of every host, on hosts with the role database: who is connected there; on the pseudo-host of a
    cloud: the cloud's uuid -> name of its host, for rows about it"""
    cloud: CloudTarget | None = None
    """on the pseudo-host `endpoint:<platform>` of a cloud only: how the cloud itself is asked"""
    cloud_kind: CloudKind | None = None
    """the type of its platform; None where that is no cloud that is asked"""
    limits: HostLimits = HostLimits()
    settings: Mapping[str, Any] = field(default_factory=_empty)
    """probe name -> that probe's settings for this host (an instance of its settings class)"""

    def address_for(self, traffic: Traffic) -> str:
        """Its address on that network; the one it is polled at, where no other is known."""
        return self.addresses.get(traffic, self.address)


@dataclass(frozen=True)
class Inventory:
    """All hosts of one moment, by name."""

    hosts: Mapping[str, Host] = field(default_factory=_empty)

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts.values())

    def __len__(self) -> int:
        return len(self.hosts)

    def get(self, name: str) -> Host | None:
        """The host of that name, or None."""
        return self.hosts.get(name)
