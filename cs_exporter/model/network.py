"""What a host has to do with others: networks, peers whose paths are measured, ports that are looked at, its devices.

Plain rows: who derives them stands on a higher floor, who asks them in a probe.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Traffic(StrEnum):
    """What a network of the cloud carries; a host may have an address for each."""

    MANAGEMENT = "management"
    STORAGE = "storage"
    OVERLAY = "overlay"  # the tunnel endpoint's (VTEP)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another machine whose path from a host is measured. `name` is the inventory's, or the address."""

    name: str
    address: str
    traffic: Traffic


class Expected(StrEnum):
    """What is known of whether a port should be open."""

    OPEN = "open"
    CLOSED = "closed"  # open is the finding
    UNKNOWN = "unknown"  # looked at; red only where whoever accepts has no word for who speaks to him


class Manner(StrEnum):
    """How a port is looked at without harm."""

    CONNECT = "connect"  # connect and close
    SPEAK = "speak"  # connect, perhaps say something, and wait for a first byte
    PASSIVE = "passive"  # never dialled: the host itself is asked who listens there
    SSH = "ssh"  # never dialled: judged by the session that the host is asked over


@dataclass(frozen=True, slots=True)
class PortRow:
    """One destination that the run on a host looks at. `host` is the destination's name in the inventory.

    `tunnelled`: the vantage is the host that is asked, through its SSH connection; else it is the exporter.
    `impact`: 1 to 10, from the operators' table.
    """

    host: str
    address: str
    port: int
    port_name: str
    impact: int
    expected: Expected
    manner: Manner
    tunnelled: bool = False
    tls: bool = False
    send: bytes = b""


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A port that the configuration says a host has; by name from the port table, or with a number of its own."""

    name: str
    port: int | None = None
    expected: Expected = Expected.OPEN
    tls: bool | None = None
    speaks: bool | None = None
    impact: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A network device, as rtnetlink(7) shows it. Empty or None where it does not apply."""

    index: int
    name: str
    mtu: int
    kind: str = ""  # bond, bridge, vlan, vxlan, veth, tun, loopback, ...; empty for what is hardware
    up: bool = True  # switched on, and with a carrier
    master: str = ""  # the bridge or bond it belongs to
    underlay: str = ""  # the device below a vlan or vxlan
    vxlan_id: int | None = None  # None also where each packet brings its own (Open vSwitch)
    vxlan_local: str = ""
    vxlan_port: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one address: out of which device, from which source; `mtu` where the route or the cache has one."""

    device: str
    source: str = ""
    mtu: int | None = None
    cached: bool = False  # `mtu` is a learnt one that will expire
