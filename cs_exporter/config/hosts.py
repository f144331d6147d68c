"""What the configuration says about hosts: the fields any host, group or the defaults may have, and a host's block.

Fields left out are None, so that the next broader layer decides. `probes` and the names in `limits` depend on the
register of probes and are narrowed by whoever composes the configuration's shape.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from cs_exporter.config.network import (
    AddressFields,
    MysqlFields,
    PortBlock,
    address_pattern,
    given_by_name,
    good_pattern,
)
from cs_exporter.config.ranges import parse_pattern
from cs_exporter.config.types import (
    AbsolutePath,
    Integer,
    NfsVersion,
    Number,
    Strict,
    Text,
    empty_where_null,
    host_address,
    host_name,
    spelt_as_usual,
)
from cs_exporter.model import CollectorMode, Connection, Role, Traffic
from cs_exporter.spec import Seconds


class SshFields(Strict):
    """How to log in; every field may differ per host or group."""

    user: Text | None = Field(default=None, description="account on the host; default: cs_exporter")
    port: Integer | None = Field(default=None, ge=1, le=65535, description="default: 22")
    key_file: Text | None = Field(
        default=None, description="private key, without a passphrase; relative to the configuration file's directory"
    )
    known_hosts: Text | None = Field(
        default=None, description="the hosts' public keys, as ssh-keyscan prints them; relative as key_file"
    )
    verify_host_key: bool | None = Field(
        default=None, description="false is for labs: whoever answers at the address is believed; default: true"
    )
    mode: CollectorMode | None = Field(
        default=None,
        description="streamed: the collector is sent, nothing is installed; forced: it is the account's forced command",
    )
    connect_timeout: Seconds | None = Field(
        default=None, gt=0, le=300, description="until the host has let the account in; default: 5s"
    )


class MountBlock(Strict):
    """An NFS mount that the host is expected to have."""

    mountpoint: AbsolutePath = Field(description="where it is mounted")
    server: Annotated[str, AfterValidator(host_address)] = Field(description="name or address of the NFS server")
    export: AbsolutePath = Field(description="path on the server")
    readonly: bool = Field(default=False, description="true: mounted read-only on purpose")
    version: NfsVersion | None = Field(default=None, description="3, 4, 4.0, 4.1 or 4.2; default: any")


class HostFields(Strict):
    """What a platform's hosts, `defaults`, a group and a host may all have."""

    roles: tuple[Role, ...] | None = Field(default=None, description="what the host is for")
    cloud_zone: Text | None = Field(default=None, description="the cloud's name of the zone it stands in")
    cloud_pod: Text | None = Field(default=None, description="the cloud's name of its pod")
    cloud_cluster: Text | None = Field(default=None, description="the cloud's name of its cluster")
    hypervisor: Text | None = Field(default=None, description="KVM, XenServer, VMware, ...")
    maintenance: bool | None = Field(default=None, description="true: planned work, its alerts are muted")
    connection: Connection | None = Field(
        default=None,
        description="ssh, local for the machine that cs_exporter runs on, or none: nobody logs in; default: ssh",
    )
    ssh: Annotated[SshFields, BeforeValidator(empty_where_null)] | None = Field(
        default=None, description="what differs from the ssh section"
    )
    mounts: tuple[MountBlock, ...] | None = Field(default=None, description="NFS mounts it is expected to have")
    secured: bool | None = Field(
        default=None, description="whether libvirt uses TLS there (CloudStack: the host is Secured); default: unknown"
    )
    ports: tuple[Annotated[PortBlock, BeforeValidator(given_by_name)], ...] | None = Field(
        default=None, description="ports it is expected to have open, by name from the port table or with a number"
    )
    mysql: Annotated[MysqlFields, BeforeValidator(empty_where_null)] | None = Field(
        default=None, description="what differs from the mysql section"
    )
    limits: dict[str, Number] | None = Field(
        default=None, description="limits that differ from a symptom's own, in the symptom's unit"
    )
    probes: Strict | None = Field(default=None, description="what differs from the probes section")

    @field_validator("mounts")
    @classmethod
    def _mountpoints_once(cls, mounts: tuple[MountBlock, ...] | None) -> tuple[MountBlock, ...] | None:
        seen: set[str] = set()
        for mount in mounts or ():
            if mount.mountpoint in seen:
                raise ValueError(f"{mount.mountpoint!r} is listed twice; remove one of them")
            seen.add(mount.mountpoint)
        return mounts


class WrittenFields(HostFields):
    """What `defaults`, a group and a host may all have: of what is found, the cloud knows where it belongs."""

    platform: Text | None = Field(
        default=None, description="the platform it belongs to; default: the one there is, where there is one"
    )


class UnlikeRangesError(ValueError):
    """The ranges of an address make another number of hosts than those of the name; `key` says which address."""

    def __init__(self, key: str, addresses: int, names: int) -> None:
        super().__init__(f"makes {addresses} and the name makes {names}; give both ranges the same length")
        self.key = key


@dataclass(frozen=True, slots=True)
class Member:
    """One host of a block."""

    name: str
    address: str
    addresses: Mapping[Traffic, str] = field(default_factory=dict)


class HostBlock(WrittenFields):
    """A host, or with numeric ranges in its name many: `kvm[001-500].example`."""

    name: str = Field(description="unique; may hold numeric ranges in brackets, then it stands for many hosts")
    address: str | None = Field(
        default=None, description="address or resolvable name, with as many hosts in its ranges; default: the name"
    )
    addresses: Annotated[AddressFields, BeforeValidator(empty_where_null)] = Field(
        default_factory=AddressFields, description="its addresses on other networks, with as many hosts in their ranges"
    )
    groups: tuple[str, ...] = Field(default=(), description="groups whose fields it takes, a later one before earlier")

    @field_validator("name")
    @classmethod
    def _name_is_good(cls, text: str) -> str:
        for name in parse_pattern(text).ends:
            host_name(name)
        return text

    @field_validator("address")
    @classmethod
    def _address_is_good(cls, text: str | None) -> str | None:
        return None if text is None else good_pattern(text)

    def members(self) -> list[Member]:
        """Every host that the block stands for. Raises UnlikeRangesError."""
        names = parse_pattern(self.name)
        written = names if self.address is None else address_pattern(self.address)
        others = {traffic: address_pattern(text) for traffic, text in self.addresses.given().items()}
        for key, pattern in {
            "address": written,
            **{f"addresses.{name}": found for name, found in others.items()},
        }.items():
            if len(names) != len(pattern):
                raise UnlikeRangesError(key, len(pattern), len(names))
        columns = [map(spelt_as_usual, pattern) for pattern in others.values()]
        rows = zip(*columns, strict=True) if columns else itertools.repeat(())
        return [
            Member(name, spelt_as_usual(address), dict(zip(others, row, strict=True)))
            for name, address, row in zip(names, written, rows, strict=False)
        ]
