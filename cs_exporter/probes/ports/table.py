"""The port table: which ports a cloud's machines have, how bad it is when one fails, who needs it, how it is looked at.

Data and nothing else, so that an operator can read it. Impacts are those of the operators' own tables. UDP is not here:
VXLAN (8472, 4789) and Geneve (6081) answer no connection request, and path_mtu measures the way they take.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.model import DeclaredPort, Manner, Role


class Cloud(StrEnum):
    """Whose table a row is from, where that makes a difference."""

    CLOUDSTACK = "cloudstack"
    OPENSTACK = "openstack"


class When(StrEnum):
    """When a port is expected to be open on a host of the row's role; what the inventory can't tell is not expected."""

    ALWAYS = "always"
    SITED = "sited"  # always on machines that are declared; of one that its cloud names, no agent there tells of it
    SECURED = "secured"  # libvirt is known to use TLS there
    UNSECURED = "unsecured"  # libvirt is known not to
    SEVERAL = "several"  # there is more than one management server
    MOUNTED_V3 = "mounted_v3"  # a mount of NFS version 3 from there is declared
    UNTOLD = "untold"  # looked at, and expected only where declared
    NEVER = "never"  # open is the finding
    DECLARED = "declared"  # not even looked at unless declared


class Vantage(StrEnum):
    """Hosts that need the port: a row is looked at from them as well, by connecting and nothing more."""

    MOUNTING = "mounting"  # hypervisors that mount from there
    MOUNTING_V3 = "mounting_v3"  # those with version 3
    MANAGEMENT = "management"  # other management servers
    COMPUTE = "compute"  # hypervisors and network nodes


@dataclass(frozen=True, slots=True)
class PortSpec:
    """A row: a port of hosts with this role. `impact`: 1 to 10. `manner`: by the exporter, or passively.

    `vantages` look besides. `send`: what makes a server speak that waits for its client's first word. `kept`: its
    clients keep their sessions, which tell whether anybody still reads there.
    """

    name: str
    port: int
    impact: int
    role: Role
    when: When
    manner: Manner
    why: str
    vantages: tuple[Vantage, ...] = ()
    send: bytes = b""
    tls: bool = False
    cloud: Cloud | None = None
    kept: bool = False


NEVER_DIALLED = frozenset({3306, 8250, 4568, 4444, 16509, 16514})
"""Ports to which a connection that is not completed does harm; whatever is declared, they are looked at passively.

3306: MySQL counts interrupted handshakes and blocks their source's address. 8250: each costs the management server a
thread until a handshake or 30 s. 4568, 4444: Galera takes whoever connects for the node that it sends its state to.
16509, 16514: measured with libvirt 9.0.0, each is an error in its log: "End of file while reading data" without TLS,
"authentication failed: TLS handshake failed" with it.
"""

HTTP = b"OPTIONS / HTTP/1.0\r\n\r\n"
"""What load balancers ask web servers to see whether they live: answered without an account, a session or a change."""

_MS, _KVM, _NFS, _DB = Role.MANAGEMENT, Role.HYPERVISOR, Role.STORAGE, Role.DATABASE
_VM, _SSVM, _CTL, _BUS = Role.CONSOLE_PROXY, Role.SECONDARY_STORAGE_VM, Role.CONTROLLER, Role.MESSAGE_BUS
_ALWAYS, _UNTOLD, _DECLARED = When.ALWAYS, When.UNTOLD, When.DECLARED
_CONNECT, _PASSIVE, _SSH = Manner.CONNECT, Manner.PASSIVE, Manner.SSH
_COMPUTE = Vantage.COMPUTE


def _row(
    name: str, port: int, impact: int, role: Role, when: When, manner: Manner, why: str, *vantages: Vantage
) -> PortSpec:
    return PortSpec(name, port, impact, role, when, manner, why, vantages)


def _http(name: str, port: int, impact: int, role: Role, when: When, why: str, *vantages: Vantage) -> PortSpec:
    return PortSpec(name, port, impact, role, when, Manner.SPEAK, why, vantages, send=HTTP)


def _https(name: str, port: int, impact: int, role: Role, why: str) -> PortSpec:
    return PortSpec(name, port, impact, role, _UNTOLD, Manner.SPEAK, why, send=HTTP, tls=True)


def _kept(name: str, port: int, role: Role, why: str, *vantages: Vantage) -> PortSpec:
    return PortSpec(name, port, 10, role, _ALWAYS, _PASSIVE, why, vantages, kept=True)


def _mysql(impact: int, cloud: Cloud) -> PortSpec:
    why = "all state; interrupted handshakes block their source's address"
    return PortSpec("mysql", 3306, impact, _DB, _ALWAYS, _PASSIVE, why, cloud=cloud, kept=True)


def _galera(name: str, port: int, impact: int, when: When, why: str) -> PortSpec:
    return PortSpec(name, port, impact, _DB, when, _PASSIVE, why, cloud=Cloud.OPENSTACK)


CLOUDSTACK = (
    _http("management-http", 8080, 10, _MS, _ALWAYS, "API and web interface; one that is stopped still accepts"),
    _https("management-https", 8443, 10, _MS, "the same over TLS, where that is on"),
    _row(
        "management-cluster", 9090, 10, _MS, When.SEVERAL, _PASSIVE, "servers among themselves only", Vantage.MANAGEMENT
    ),
    _kept("management-agent", 8250, _MS, "agents; each connection costs a handshake thread"),
    _mysql(10, Cloud.CLOUDSTACK),
    _row("ssh", 22, 9, _KVM, _ALWAYS, _SSH, "adding hosts, renewing certificates; our own session tells"),
    _row("libvirt-tls", 16514, 9, _KVM, When.SECURED, _PASSIVE, "migration between secured hosts"),
    _row("libvirt-tcp", 16509, 9, _KVM, When.UNSECURED, _PASSIVE, "migration between hosts not secured"),
    _row("nfs", 2049, 8, _NFS, _ALWAYS, _CONNECT, "volumes, templates, heartbeats", Vantage.MOUNTING),
    _row("portmapper", 111, 8, _NFS, When.MOUNTED_V3, _CONNECT, "mounts of version 3 need it", Vantage.MOUNTING_V3),
    _https("console-proxy-https", 443, 7, _VM, "consoles, where they are served over TLS"),
    _http("console-proxy-http", 80, 7, _VM, _UNTOLD, "consoles, where they are served without TLS"),
    # Not spoken to: what a server of websockets makes of a request without one has not been measured.
    _row("console-proxy-websocket", 8080, 7, _VM, _UNTOLD, _CONNECT, "consoles in the browser, without TLS"),
    _row("console-proxy-websocket-tls", 8443, 7, _VM, _UNTOLD, _CONNECT, "consoles in the browser, over TLS"),
    _row("integration-api", 8096, 6, _MS, When.NEVER, _CONNECT, "every command without a login: open is the finding"),
    _row("ilo", 17988, 3, _KVM, _DECLARED, _CONNECT, "virtual media of the machine's controller; few have it"),
    _row("vnc", 5900, 5, _KVM, _DECLARED, _PASSIVE, "one port per guest, up to 6100: they come and go with guests"),
    _https("secondary-storage-https", 443, 7, _SSVM, "uploads and downloads, where they are served over TLS"),
    _http("secondary-storage-http", 80, 7, _SSVM, _UNTOLD, "uploads and downloads, where they are served without TLS"),
    _row("system-vm-ssh", 3922, 4, _SSVM, _DECLARED, _CONNECT, "repairs; often reachable from its hypervisor only"),
    _http("cloudstack-exporter", 9595, 3, _MS, _DECLARED, "CloudStack's own exporter; off unless configured"),
)

OPENSTACK = (
    _http("keystone", 5000, 9, _CTL, When.SITED, "every request of every service checks its token", _COMPUTE),
    # Measured with RabbitMQ 3.10.8: each greeting that is broken off is an info and a warning in its log, a connection
    # closed without a word is no line at all.
    _kept("rabbitmq", 5672, _BUS, "all that agents say and are told", _COMPUTE),
    _row("rabbitmq-tls", 5671, 10, _BUS, _UNTOLD, _PASSIVE, "the same over TLS, where that is on", _COMPUTE),
    _mysql(8, Cloud.OPENSTACK),
    _galera("galera", 4567, 8, _UNTOLD, "nodes among themselves; strangers are errors in its log"),
    _galera("galera-ist", 4568, 4, _DECLARED, "listens only while a node catches up"),
    _galera("galera-sst", 4444, 4, _DECLARED, "listens only while a node is copied"),
    _http("horizon-http", 80, 6, _CTL, _UNTOLD, "the dashboard, on its controller or behind a balancer"),
    _https("horizon-https", 443, 6, _CTL, "the same over TLS"),
    _http("novncproxy", 6080, 6, _CTL, _UNTOLD, "consoles"),
    _http("nova-api", 8774, 8, _CTL, _UNTOLD, "guests can't be started, stopped or looked at without"),
    _http("nova-metadata", 8775, 6, _CTL, _UNTOLD, "guests get keys and settings from it when they start", _COMPUTE),
    _http("placement", 8778, 8, _CTL, _UNTOLD, "no guest can be placed without, no compute report", _COMPUTE),
    _http("neutron", 9696, 8, _CTL, _UNTOLD, "no network can be changed or plugged without", _COMPUTE),
    _http("glance", 9292, 7, _CTL, _UNTOLD, "no guest can be made from an image without", _COMPUTE),
    _http("cinder", 8776, 7, _CTL, _UNTOLD, "no volume can be made or attached without", _COMPUTE),
    _row("ovn-southbound", 6642, 8, _CTL, _DECLARED, _PASSIVE, "every ovn-controller gets its flows there", _COMPUTE),
    _http("heat", 8004, 4, _CTL, _DECLARED, "stacks"),
    _http("octavia", 9876, 5, _CTL, _DECLARED, "load balancers"),
    _http("manila", 8786, 5, _CTL, _DECLARED, "shares"),
    _http("barbican", 9311, 5, _CTL, _DECLARED, "keys, without which encrypted volumes can't be attached"),
    _row("memcached", 11211, 5, _CTL, _UNTOLD, _PASSIVE, "checked tokens; for controllers only"),
)

TABLE: tuple[PortSpec, ...] = (*CLOUDSTACK, *OPENSTACK)

NAMES = frozenset(spec.name for spec in TABLE)


def named(name: str, cloud: Cloud | None = None) -> PortSpec | None:
    """The row of that name; where both clouds have one, that of `cloud`, or else CloudStack's."""
    found = [spec for spec in TABLE if spec.name == name]
    return next((spec for spec in found if spec.cloud is cloud), found[0] if found else None)


def never_dialled(name: str, port: int) -> bool:
    """Whether connecting would do harm: by its number, or by what its row's name says it is on another number."""
    row = named(name)
    return port in NEVER_DIALLED or (row is not None and row.port in NEVER_DIALLED)


def mistake_in(declared: DeclaredPort) -> str | None:
    """What is wrong with a port in the configuration, with its mend; None where nothing is."""
    row = named(declared.name)
    if row is None and declared.port is None:
        return f"{declared.name!r} is not in the port table; give it a port, or use one of {', '.join(sorted(NAMES))}"
    port = declared.port if declared.port is not None else row.port if row else 0
    if never_dialled(declared.name, port) and (declared.speaks or declared.tls):
        return f"{declared.name!r} ({port}) is never connected to, which would do harm; remove speaks and tls"
    return None
