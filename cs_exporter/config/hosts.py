"""What the configuration says about hosts: the fields any host, group or the defaults may have, and a host's block.

Fields left out are None, so that the next broader layer decides. `probes` and the names in `limits` depend on the
register of probes and are narrowed by whoever composes the configuration's shape.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from cs_exporter.config.ranges import Pattern, parse_pattern
from cs_exporter.model import CollectorMode, Connection, Role
from cs_exporter.spec import Seconds

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
_NFS_VERSION = re.compile(r"[34]|4\.[0-2]")


def empty_where_null(value: object) -> object:
    """A section whose every line is commented out is null in YAML; it means an empty one."""
    return {} if value is None else value


def host_name(text: str) -> str:
    """A host's name; raises ValueError."""
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            f"{text[:300]!r} is not a host name; use only letters, digits, '.', '-' and '_' (at most 253), "
            "beginning with a letter or digit"
        )
    return text


def group_name(text: str) -> str:
    """A group's name, which stands in paths and in names of variables; raises ValueError."""
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{text[:300]!r} is not a group's name; use only letters, digits, '.', '-' and '_'")
    return text


def host_address(text: str) -> str:
    """An IPv4 or IPv6 address or a resolvable name, without a port, in its usual spelling; raises ValueError."""
    bare = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    try:
        if ":" in bare:
            ipaddress.IPv6Address(bare)
        elif _DIGITS_AND_DOTS.fullmatch(bare):
            ipaddress.IPv4Address(bare)
        else:
            host_name(bare)
    except ValueError:
        raise ValueError(
            f"{text[:300]!r} is not an address; write an IPv4 or IPv6 address or a name, without a port"
        ) from None
    if bare != text:
        raise ValueError(f"{text!r} has brackets; write the IPv6 address without them")
    return _spelt_as_usual(text)


def _spelt_as_usual(address: str) -> str:
    """An IPv6 address can be written in many ways; in one only it is found again, and compares with the kernel's."""
    if ":" not in address:
        return address
    value = ipaddress.IPv6Address(address)
    return f"::ffff:{value.ipv4_mapped}" if value.ipv4_mapped else str(value)


def _printable(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; give a value or remove the key")
    if not text.isprintable():
        raise ValueError(f"{text!r} has a control character; remove it")
    return text


def _absolute(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not absolute; begin it with '/'")
    return text.rstrip("/") or "/"


def _not_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false; correct it")  # noqa: TRY004  # pydantic's protocol
    return value


def _version(value: object) -> object:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(text, str) and _NFS_VERSION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a version of NFS; write 3, 4, 4.0, 4.1 or 4.2")
    return text


Text = Annotated[str, AfterValidator(_printable)]
Integer = Annotated[int, BeforeValidator(_not_boolean)]
Number = Annotated[float, BeforeValidator(_not_boolean), Field(allow_inf_nan=False)]
AbsolutePath = Annotated[str, AfterValidator(_printable), AfterValidator(_absolute)]
NfsVersion = Annotated[str, BeforeValidator(_version, json_schema_input_type=str | float)]


class Strict(BaseModel):
    """A mapping of the file: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """What `defaults`, a group and a host may all have."""

    roles: tuple[Role, ...] | None = Field(default=None, description="what the host is for")
    cloud_zone: Text | None = Field(default=None, description="the cloud's name of the zone it stands in")
    cloud_pod: Text | None = Field(default=None, description="the cloud's name of its pod")
    cloud_cluster: Text | None = Field(default=None, description="the cloud's name of its cluster")
    hypervisor: Text | None = Field(default=None, description="KVM, XenServer, VMware, ...")
    maintenance: bool | None = Field(default=None, description="true: planned work, its alerts are muted")
    connection: Connection | None = Field(
        default=None, description="ssh, or local for the machine that cs_exporter runs on; default: ssh"
    )
    ssh: Annotated[SshFields, BeforeValidator(empty_where_null)] | None = Field(
        default=None, description="what differs from the ssh section"
    )
    mounts: tuple[MountBlock, ...] | None = Field(default=None, description="NFS mounts it is expected to have")
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


class HostBlock(HostFields):
    """A host, or with numeric ranges in its name many: `kvm[001-500].example`."""

    name: str = Field(description="unique; may hold numeric ranges in brackets, then it stands for many hosts")
    address: str | None = Field(
        default=None, description="address or resolvable name, with as many hosts in its ranges; default: the name"
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
        if text is not None:
            for address in _address_pattern(text).ends:
                host_address(address)
        return text

    def members(self) -> list[tuple[str, str]]:
        """Name and address of every host that the block stands for. Raises ValueError where their numbers differ."""
        names = parse_pattern(self.name)
        addresses = names if self.address is None else _address_pattern(self.address)
        if len(names) != len(addresses):
            raise ValueError(
                f"{self.address!r} makes {len(addresses)} and the name makes {len(names)}; "
                "give both ranges the same length"
            )
        return list(zip(names, map(_spelt_as_usual, addresses), strict=True))


def _address_pattern(text: str) -> Pattern:
    # An IPv6 address in brackets is no range; it passes as it is, to be refused for what it is.
    return Pattern((text,), ()) if text.startswith("[") and ":" in text else parse_pattern(text)
