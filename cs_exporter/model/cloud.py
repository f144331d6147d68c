"""A cloud as one answer of its own database or API tells it: who is there, and how to ask it.

Plain rows of any platform: the platforms' adapters make them, the inventory is built from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cs_exporter.model.network import Traffic
from cs_exporter.model.places import NOWHERE, Place, Role


class CloudKind(StrEnum):
    """The platforms that can be asked."""

    CLOUDSTACK = "cloudstack"
    OPENSTACK = "openstack"


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """How to ask a cloud's API; paths are absolute. Keys are read from their files at each login."""

    url: str
    key_file: str
    secret_file: str
    verify: bool = True
    ca_file: str | None = None  # default: the system's


@dataclass(frozen=True, slots=True)
class SdkTarget:
    """How to ask an OpenStack cloud's APIs: an entry of a clouds.yaml, whose path is absolute.

    `cloud` None: the variables OS_* of our environment. `clouds_file` None: where openstacksdk looks for it.
    """

    cloud: str | None = None
    clouds_file: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """One schema of an OpenStack cloud's database server. `service`: nova, neutron, cinder or heat.

    Several of nova are its cells that share the server.
    """

    service: str
    name: str


@dataclass(frozen=True, slots=True)
class CloudTarget:
    """What stands on a cloud's pseudo-host. Its database is at the pseudo-host's `address`, by its `mysql`.

    `database`: the schema's name; None where only the API may be asked. `schemas` and `sdk`: the same of OpenStack.
    `cell`: the pseudo-host is no whole cloud, but a cell of nova whose database is on a server of its own.
    """

    kind: CloudKind
    database: str | None = None
    api: ApiTarget | None = None
    schemas: tuple[Schema, ...] = ()
    sdk: SdkTarget | None = None
    cell: str = ""


@dataclass(frozen=True, slots=True)
class CloudMount:
    """An NFS mount that the cloud told a host to make. `server` is an address or name as the cloud has it."""

    mountpoint: str
    server: str
    export: str


@dataclass(frozen=True)
class CloudHost:
    """A machine as its cloud knows it. `uuid` is what stays the same when it is renamed.

    `asked`: it has a Linux of its own that we may log in to (KVM hypervisors, management servers). Of others only the
    cloud, and their ports, tell something; without an address it may be no machine at all, but a name in the cloud.
    """

    uuid: str
    name: str
    address: str
    roles: frozenset[Role]
    place: Place = NOWHERE
    maintenance: bool = False
    asked: bool = True
    addresses: Mapping[Traffic, str] = field(default_factory=lambda: MappingProxyType({}))
    mounts: tuple[CloudMount, ...] = ()
    secured: bool | None = None
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    """probe -> that probe's settings which the cloud decides for this host, such as its ping.interval (seconds)"""


@dataclass(frozen=True)
class Census:
    """Who belongs to a cloud, by one answer of it.

    `complete`: every machine is in it, or in `nowhere`: uuids of those that are there and have no address (any more, or
    yet); one that is missing may count as gone. `removed`: uuids of which the cloud itself says that they are no more.
    `lacking`: what could not be found out, a line each, for the operator.
    `machines_told`: nothing of that is about a machine, and what is empty of one is not merely unknown.
    `stand_in`: of the lesser of two sources; what it leaves empty it may merely not know, and it removes nobody.
    `untold`: what is not told and no right of our account would change that; a line each.
    """

    hosts: tuple[CloudHost, ...]
    removed: frozenset[str] = frozenset()
    complete: bool = True
    lacking: tuple[str, ...] = ()
    stand_in: bool = False
    untold: tuple[str, ...] = ()
    nowhere: frozenset[str] = frozenset()
    machines_told: bool = False
