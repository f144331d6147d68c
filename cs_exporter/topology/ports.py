"""Which ports the run on each host looks at: the host's own, and from its vantage those of others that it needs.

Series and connections are bounded at both ends. A destination's samples bear its own name whoever looked, and 500
hypervisors that mount from one server would be 500 series and 17 connections a second there; so a port is looked at
from MOST_VANTAGES hosts at most, chosen by hash. What that leaves out has its own witnesses on every host: the mounts,
and the sessions of the agents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from cs_exporter.model import Connection, DeclaredPort, Expected, Host, Manner, Mount, PortRow, Role, Traffic
from cs_exporter.probes.ports import table as port_table
from cs_exporter.probes.ports.table import Cloud, PortSpec, Vantage, When
from cs_exporter.probes.ports.verdicts import needs_shell
from cs_exporter.topology.neighbours import chosen, number_of

MOST_VANTAGES = 20
"""Hosts from which one port is looked at, besides the exporter."""

MOST_TUNNELLED = 24
"""Ports of others that one host's run looks at; the run begins eight at once."""

OWN_IMPACT = 5
"""Of a declared port that is in no table, unless it says another."""


def port_rows(hosts: Mapping[str, Host]) -> Mapping[str, tuple[PortRow, ...]]:
    """Host name -> the rows that its run looks at, for hosts that have any: its own, then others' by impact.

    Where nobody logs in, only what others see of it is known; what has no address is looked at by nobody.
    """
    relations = _Relations(hosts)
    own: dict[str, tuple[PortRow, ...]] = {}
    others: defaultdict[str, list[PortRow]] = defaultdict(list)
    for host in hosts.values():
        entries = _entries(host, relations) if host.address else []
        own[host.name] = tuple(entry.row for entry in entries if _can_tell(host, entry.row))
        for entry in entries:
            if entry.row.expected is Expected.OPEN and not port_table.never_dialled(
                entry.row.port_name, entry.row.port
            ):
                for vantage in entry.vantages:
                    for name, address in relations.looking(host, vantage):
                        others[name].append(_from_elsewhere(entry.row, address))
    return {
        name: (*rows, *sorted(others[name], key=lambda row: -row.impact)[:MOST_TUNNELLED])
        for name, rows in own.items()
        if rows or others[name]
    }


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row as the host's own run has it, and who else needs the port."""

    row: PortRow
    vantages: tuple[Vantage, ...] = ()


class _Relations:
    """What rows depend on besides their own host."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        everybody = hosts.values()
        roles = frozenset(role for host in everybody for role in host.roles)
        self._kinds = {host.platform: Cloud(host.cloud.kind) for host in everybody if host.cloud is not None}
        self._only_openstack = Role.CONTROLLER in roles and Role.MANAGEMENT not in roles
        self._numbers = {name: number_of(name) for name in hosts}
        self._managements = Counter(host.platform for host in everybody if Role.MANAGEMENT in host.roles)
        self._members: defaultdict[tuple[Vantage, str], list[str]] = defaultdict(list)
        self._mounting: defaultdict[tuple[Vantage, str], dict[str, str]] = defaultdict(dict)
        self.mounted_v3 = {mount.server for host in everybody for mount in host.mounts if _is_v3(mount)}
        # A vantage is a host's SSH connection: the exporter's own machine has none.
        for host in everybody:
            if host.connection is Connection.SSH:
                self._take(host)

    def _take(self, host: Host) -> None:
        if host.roles & {Role.HYPERVISOR, Role.NETWORK}:
            self._members[Vantage.COMPUTE, host.platform].append(host.name)
        if Role.MANAGEMENT in host.roles:
            self._members[Vantage.MANAGEMENT, host.platform].append(host.name)
        for mount in host.mounts:
            self._mounting[Vantage.MOUNTING, mount.server].setdefault(host.name, mount.server_address)
            if _is_v3(mount):
                self._mounting[Vantage.MOUNTING_V3, mount.server].setdefault(host.name, mount.server_address)

    def several_managements(self, platform: str) -> bool:
        """Whether that cloud has more than one management server."""
        return self._managements[platform] > 1

    def is_asked(self, platform: str) -> bool:
        """Whether that cloud itself says who belongs to it."""
        return platform in self._kinds

    def cloud(self, host: Host) -> Cloud:
        """Whose table counts for a host, where its role alone does not say."""
        if host.platform in self._kinds:
            return self._kinds[host.platform]
        if host.platform in {Cloud.CLOUDSTACK.value, Cloud.OPENSTACK.value}:
            return Cloud(host.platform)
        return Cloud.OPENSTACK if self._only_openstack else Cloud.CLOUDSTACK

    def looking(self, host: Host, vantage: Vantage) -> Iterator[tuple[str, str]]:
        """The hosts that look at `host` from that vantage, each with the address that it needs."""
        if vantage in {Vantage.MOUNTING, Vantage.MOUNTING_V3}:
            addresses: Mapping[str, str] = self._mounting[vantage, host.name]
            candidates: Collection[str] = addresses
        else:
            addresses = {}
            candidates = self._members[vantage, host.platform]
        usual = host.address_for(Traffic.MANAGEMENT)
        others = [name for name in candidates if name != host.name]
        for name in chosen(others, self._numbers, host.name, MOST_VANTAGES):
            yield name, addresses.get(name, usual)


def _can_tell(host: Host, row: PortRow) -> bool:
    return host.connection is not Connection.NONE or not needs_shell(row)


def _is_v3(mount: Mount) -> bool:
    return (mount.version or "").startswith("3")


def _entries(host: Host, relations: _Relations) -> list[_Entry]:
    """The rows of the table for its roles, with what is declared in place of them or besides."""
    cloud = relations.cloud(host)
    found: dict[str, _Entry] = {}
    for spec in port_table.TABLE:
        if spec.role in host.roles and spec.cloud in {None, cloud}:
            expected = _expected(spec.when, host, relations)
            if expected is not None:
                found[spec.name] = _listed(host, spec, expected)
    for declared in host.declared_ports:
        entry = _declared(host, declared, port_table.named(declared.name, cloud))
        if entry is not None:
            same = [name for name, other in found.items() if other.row.port == entry.row.port]
            for name in (*same, declared.name):
                found.pop(name, None)
            found[declared.name] = entry
    return list(found.values())


def _expected(when: When, host: Host, relations: _Relations) -> Expected | None:
    """What the inventory knows of a row's condition; None where the row is not looked at."""
    if when in {When.SECURED, When.UNSECURED}:
        if host.secured is None:
            return Expected.UNKNOWN
        return Expected.OPEN if host.secured is (when is When.SECURED) else None
    if when is When.SITED:
        return Expected.UNKNOWN if relations.is_asked(host.platform) else Expected.OPEN
    if when is When.SEVERAL:
        return Expected.OPEN if relations.several_managements(host.platform) else None
    if when is When.MOUNTED_V3:
        return Expected.OPEN if host.name in relations.mounted_v3 else None
    return {When.ALWAYS: Expected.OPEN, When.UNTOLD: Expected.UNKNOWN, When.NEVER: Expected.CLOSED}.get(when)


def _listed(host: Host, spec: PortSpec, expected: Expected) -> _Entry:
    """A row as the table has it. Of one that may not be there, the certificate is nobody's concern."""
    port = {"ssh": host.ssh.port, "mysql": host.mysql.port}.get(spec.name, spec.port)
    row = PortRow(host.name, host.address, port, spec.name, spec.impact, expected, spec.manner, send=spec.send)
    if spec.tls:
        row = replace(row, tls=True) if expected is Expected.OPEN else replace(row, manner=Manner.CONNECT, send=b"")
    return _Entry(_harmless(host, row), spec.vantages)


def _declared(host: Host, declared: DeclaredPort, spec: PortSpec | None) -> _Entry | None:
    """A declared row: what it does not say is the table's. None where nobody knows its number."""
    if spec is None and declared.port is None:
        return None
    base = _listed(host, spec or _own(declared), declared.expected)
    tls = base.row.tls if declared.tls is None else declared.tls
    manner = base.row.manner
    if declared.speaks is not None and manner in {Manner.CONNECT, Manner.SPEAK}:
        manner = Manner.SPEAK if declared.speaks else Manner.CONNECT
    row = replace(
        base.row,
        port=declared.port or base.row.port,
        impact=declared.impact or base.row.impact,
        manner=manner,
        tls=tls and manner in {Manner.CONNECT, Manner.SPEAK},
    )
    return _Entry(_harmless(host, row), base.vantages)


def _own(declared: DeclaredPort) -> PortSpec:
    port = declared.port or 0
    return PortSpec(declared.name, port, OWN_IMPACT, Role.HYPERVISOR, When.DECLARED, Manner.CONNECT, "declared")


def _harmless(host: Host, row: PortRow) -> PortRow:
    """The same row, never dialled where that does harm, whatever is declared: numbers can be moved and renamed."""
    manner = row.manner
    if port_table.never_dialled(row.port_name, row.port) or row.port == host.mysql.port:
        manner = Manner.PASSIVE
    elif row.port == host.ssh.port or row.port_name == "ssh":
        # sshd remembers who connects without logging in, and may shut its door to that address.
        manner = Manner.SSH if host.connection is Connection.SSH else Manner.PASSIVE
    if manner in {Manner.PASSIVE, Manner.SSH}:
        return replace(row, manner=manner, tls=False, send=b"")
    return row


def _from_elsewhere(row: PortRow, address: str) -> PortRow:
    """The row as another host looks at it: by connecting and nothing more, which is what only it can tell."""
    return replace(row, address=address, tunnelled=True, manner=Manner.CONNECT, tls=False, send=b"")
