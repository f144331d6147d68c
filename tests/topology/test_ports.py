"""Which ports each host's run looks at, by roles, conditions and declarations; and how few, however large the cloud."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from cs_exporter.model import (
    CloudKind,
    CloudTarget,
    Connection,
    DeclaredPort,
    Expected,
    Host,
    Manner,
    Mount,
    MysqlTarget,
    Place,
    PortRow,
    Role,
    SshTarget,
    Traffic,
)
from cs_exporter.probes.ports.table import NEVER_DIALLED
from cs_exporter.topology.ports import MOST_TUNNELLED, MOST_VANTAGES, port_rows
from tests.lab.worth import slower


def host(name: str, *roles: Role, address: str = "", platform: str = "static") -> Host:
    """A host with an address of its own."""
    return Host(name, address or f"{name}.example", platform=platform, roles=frozenset(roles))


def rows_of(*hosts: Host) -> dict[str, tuple[PortRow, ...]]:
    """Host -> rows; hosts without any are there too."""
    found = port_rows({one.name: one for one in hosts})
    return {one.name: found.get(one.name, ()) for one in hosts}


def own(rows: Iterable[PortRow]) -> dict[str, tuple[int, Manner, Expected]]:
    """Name -> number, manner and expectation of a host's own rows."""
    return {row.port_name: (row.port, row.manner, row.expected) for row in rows if not row.tunnelled}


def elsewhere(rows: Iterable[PortRow]) -> set[tuple[str, str, int]]:
    """(destination, address, number) of the rows that a host looks at from its vantage."""
    return {(row.host, row.address, row.port) for row in rows if row.tunnelled}


def kvm(name: str, cluster: str = "c1", *, secured: bool | None = True, mounts: tuple[Mount, ...] = ()) -> Host:
    """A hypervisor."""
    place = Place("z1", "p1", cluster)
    return replace(host(name, Role.HYPERVISOR), place=place, secured=secured, mounts=mounts)


def test_a_management_server() -> None:
    """Web interface and agents' port are expected, HTTPS is not known, the integration API must be closed."""
    rows = rows_of(host("ms1", Role.MANAGEMENT))["ms1"]
    assert {
        "management-http": (8080, Manner.SPEAK, Expected.OPEN),
        "management-https": (8443, Manner.CONNECT, Expected.UNKNOWN),
        "management-agent": (8250, Manner.PASSIVE, Expected.OPEN),
        "integration-api": (8096, Manner.CONNECT, Expected.CLOSED),
    } == own(rows)
    assert set() == elsewhere(rows)


def test_management_servers_look_at_each_other() -> None:
    """Their cluster port matters where there are several, to each other only, on the management network."""
    second = replace(host("ms2", Role.MANAGEMENT), addresses={Traffic.MANAGEMENT: "10.0.0.2"})
    found = rows_of(host("ms1", Role.MANAGEMENT), second, host("kvm1", Role.HYPERVISOR))
    assert (9090, Manner.PASSIVE, Expected.OPEN) == own(found["ms1"])["management-cluster"]
    assert {("ms2", "10.0.0.2", 9090)} == elsewhere(found["ms1"])
    assert {("ms1", "ms1.example", 9090)} == elsewhere(found["ms2"])
    assert set() == elsewhere(found["kvm1"])


@pytest.mark.parametrize(
    ("secured", "expected"),
    [
        (True, {"libvirt-tls": (16514, Manner.PASSIVE, Expected.OPEN)}),
        (False, {"libvirt-tcp": (16509, Manner.PASSIVE, Expected.OPEN)}),
        (
            None,
            {
                "libvirt-tls": (16514, Manner.PASSIVE, Expected.UNKNOWN),
                "libvirt-tcp": (16509, Manner.PASSIVE, Expected.UNKNOWN),
            },
        ),
    ],
)
def test_libvirt_as_secured_says(secured: bool | None, expected: dict[str, object]) -> None:  # noqa: FBT001 (a parameter)
    """TLS where the host is secured, plain where it is not; both, and neither expected, where nobody knows."""
    rows = rows_of(kvm("a", secured=secured), kvm("b", secured=secured))
    assert {"ssh": (22, Manner.SSH, Expected.OPEN), **expected} == own(rows["a"])
    assert set() == elsewhere(rows["a"]), "each connection from a neighbour would be an error in its log"


def test_storage_is_looked_at_by_who_mounts() -> None:
    """At the address that the mount has; the portmapper only where version 3 is mounted, and by those that do."""
    nas = host("nas1", Role.STORAGE)
    mounts = [Mount(f"/mnt/{version}", "nas1", "10.9.0.1", "/x", version=version) for version in ("3", "4.1")]
    found = rows_of(nas, kvm("a", "ca", mounts=(mounts[0],)), kvm("b", "cb", mounts=(mounts[1],)), kvm("c", "cc"))
    assert {"nfs": (2049, Manner.CONNECT, Expected.OPEN), "portmapper": (111, Manner.CONNECT, Expected.OPEN)} == own(
        found["nas1"]
    )
    assert {("nas1", "10.9.0.1", 2049), ("nas1", "10.9.0.1", 111)} == elsewhere(found["a"])
    assert {("nas1", "10.9.0.1", 2049)} == elsewhere(found["b"])
    assert set() == elsewhere(found["c"])
    assert {"nfs"} == set(own(rows_of(nas, kvm("b", mounts=(mounts[1],)))["nas1"]))


def test_openstack() -> None:
    """Message bus and identity are expected, other services only where declared; computes look at both."""
    control = replace(
        host("ctl1", Role.CONTROLLER, Role.MESSAGE_BUS, Role.DATABASE), declared_ports=(DeclaredPort("placement"),)
    )
    found = rows_of(control, host("cmp1", Role.HYPERVISOR), host("net1", Role.NETWORK))
    rows = own(found["ctl1"])
    assert (5672, Manner.PASSIVE, Expected.OPEN) == rows["rabbitmq"]
    assert (5000, Manner.SPEAK, Expected.OPEN) == rows["keystone"]
    assert (9696, Manner.SPEAK, Expected.UNKNOWN) == rows["neutron"]
    assert (8778, Manner.SPEAK, Expected.OPEN) == rows["placement"]
    assert (4567, Manner.PASSIVE, Expected.UNKNOWN) == rows["galera"]
    assert {5672, 5000, 8778} == {port for _, _, port in elsewhere(found["cmp1"])}
    assert elsewhere(found["cmp1"]) == elsewhere(found["net1"])
    assert [10, 9, 8] == [row.impact for row in found["net1"]]


def test_a_controller_that_its_cloud_names() -> None:
    """Some agent runs there; which APIs do, nobody said: they are looked at, and only declared ones are missed."""
    told = replace(host("endpoint:os1", platform="os1"), cloud=CloudTarget(CloudKind.OPENSTACK))
    control = host("ctl1", Role.CONTROLLER, platform="os1")
    declared = replace(host("ctl2", Role.CONTROLLER, platform="os1"), declared_ports=(DeclaredPort("keystone"),))
    found = rows_of(told, control, declared, host("cmp1", Role.HYPERVISOR, platform="os1"))
    assert (5000, Manner.SPEAK, Expected.UNKNOWN) == own(found["ctl1"])["keystone"]
    assert (5000, Manner.SPEAK, Expected.OPEN) == own(found["ctl2"])["keystone"]
    assert {("ctl2", "ctl2.example", 5000)} == elsewhere(found["cmp1"])


def test_what_computes_need() -> None:
    """Of each rabbit its port, plain or by TLS; of APIs those that a nova-compute calls; never the database."""
    names = ("rabbitmq-tls", "placement", "neutron", "glance", "cinder", "keystone", "nova-metadata", "nova-api")
    control = replace(
        host("ctl1", Role.CONTROLLER, Role.MESSAGE_BUS, Role.DATABASE),
        declared_ports=tuple(DeclaredPort(name) for name in names),
    )
    found = rows_of(control, host("cmp1", Role.HYPERVISOR), host("cmp2", Role.HYPERVISOR))
    seen = {port for name, _, port in elsewhere(found["cmp1"]) if name == "ctl1"}
    assert {5672, 5671, 8778, 9696, 9292, 8776, 5000, 8775} == seen
    assert set() == {port for name, _, port in elsewhere(found["cmp1"]) if name == "cmp2"}, "libvirt is never dialled"


@pytest.mark.parametrize(
    ("platform", "others", "expected"),
    [
        ("cloudstack", [], 10),
        ("openstack", [], 8),
        ("static", [Role.CONTROLLER], 8),
        ("static", [Role.MANAGEMENT, Role.CONTROLLER], 10),
        ("static", [], 10),
    ],
)
def test_whose_database_it_is(platform: str, others: list[Role], expected: int) -> None:
    """The platform says, or the company it is in; where both may be meant, the heavier one."""
    found = rows_of(host("db1", Role.DATABASE, platform=platform), *(host(role.value, role) for role in others))
    assert [expected] == [row.impact for row in found["db1"] if row.port == 3306]


def test_declared_ports() -> None:
    """They stand in place of the table's row of that name or number, or besides; it gives what they leave out."""
    declared = (
        DeclaredPort("management-https", impact=7),
        DeclaredPort("web", 8080, Expected.UNKNOWN, speaks=False),
        DeclaredPort("smtp", 25, speaks=True, impact=2),
        DeclaredPort("vault", 8200, Expected.CLOSED, tls=True),
        DeclaredPort("nowhere"),
    )
    rows = rows_of(replace(host("ms1", Role.MANAGEMENT), declared_ports=declared))["ms1"]
    by_name = {row.port_name: row for row in rows}
    assert (8443, True, 7, Manner.SPEAK) == (
        by_name["management-https"].port,
        by_name["management-https"].tls,
        by_name["management-https"].impact,
        by_name["management-https"].manner,
    )
    assert "management-http" not in by_name
    assert (8080, Manner.CONNECT, Expected.UNKNOWN) == own(rows)["web"]
    assert (b"", Manner.SPEAK, 2) == (by_name["smtp"].send, by_name["smtp"].manner, by_name["smtp"].impact)
    assert (True, Expected.CLOSED, 5) == (by_name["vault"].tls, by_name["vault"].expected, by_name["vault"].impact)
    assert "nowhere" not in by_name


@pytest.mark.parametrize(
    "declared",
    [
        *(DeclaredPort(f"mine-{port}", port, tls=True, speaks=True) for port in sorted(NEVER_DIALLED)),
        DeclaredPort("mysql", 3307, speaks=True),
        DeclaredPort("mine", 13306, speaks=True),
        DeclaredPort("management-agent", 18250, tls=True),
    ],
)
def test_whatever_is_declared_some_ports_are_never_dialled(declared: DeclaredPort) -> None:
    """By number, by name on another number, and where the configuration says that the database is."""
    one = replace(host("ms1", Role.MANAGEMENT), mysql=MysqlTarget(port=13306), declared_ports=(declared,))
    found = rows_of(one, host("ms2", Role.MANAGEMENT), kvm("a"))
    (row,) = [row for row in found["ms1"] if row.port_name == declared.name]
    assert (Manner.PASSIVE, False, b"") == (row.manner, row.tls, row.send)
    assert not [other for rows in found.values() for other in rows if other.tunnelled and other.port == row.port]


def test_sshd_is_never_dialled() -> None:
    """It is judged by the session, on the port where that is, also under another name; not where there is none."""
    one = replace(kvm("a"), ssh=SshTarget(port=2222), declared_ports=(DeclaredPort("door", 2222),))
    assert (2222, Manner.SSH, Expected.OPEN) == own(rows_of(one)["a"])["door"]
    here = replace(kvm("b"), connection=Connection.LOCAL)
    assert (22, Manner.PASSIVE, Expected.OPEN) == own(rows_of(here)["b"])["ssh"]


def test_only_hosts_with_a_session_are_vantages() -> None:
    """The exporter's own machine is the exporter's vantage already."""
    here = replace(host("ms1", Role.MANAGEMENT), connection=Connection.LOCAL)
    found = rows_of(here, host("ms2", Role.MANAGEMENT))
    assert set() == elsewhere(found["ms1"])
    assert {("ms1", "ms1.example", 9090)} == elsewhere(found["ms2"])


def test_a_large_cloud() -> None:
    """Ten thousand hypervisors: nobody looks at much, nobody is looked at by many, and it takes no time to find out."""
    mounts = tuple(
        Mount(f"/mnt/{number}", f"nas{number}", f"10.9.0.{number}", "/x", version="3") for number in range(30)
    )
    hypervisors = [kvm(f"kvm{number:05}", f"c{number // 16}", mounts=mounts) for number in range(10_000)]
    others = [host(f"nas{number}", Role.STORAGE) for number in range(30)]
    controls = [
        replace(host(f"ctl{number}", Role.CONTROLLER, Role.MESSAGE_BUS), declared_ports=(DeclaredPort("neutron"),))
        for number in range(3)
    ]
    hosts = {one.name: one for one in (*hypervisors, *others, *controls)}
    began = time.process_time()
    found = port_rows(hosts)
    took = time.process_time() - began
    assert took < 2.0 * slower(), f"{took:.1f} s of processor time"
    from_vantages = [(name, row) for name, rows in found.items() for row in rows if row.tunnelled]
    assert MOST_TUNNELLED >= max(Counter(name for name, _ in from_vantages).values())
    assert MOST_VANTAGES >= max(Counter((row.host, row.port) for _, row in from_vantages).values())
    assert MOST_VANTAGES == Counter((row.host, row.port) for _, row in from_vantages)["nas7", 2049]
    assert 10_000 == len([row for rows in found.values() for row in rows if row.port_name == "ssh"])


def test_where_nobody_logs_in_only_what_others_see_is_looked_at() -> None:
    """Ports that only the host itself can tell of have no rows; those that others need are looked at from them."""
    proxy = replace(host("v-1-VM", Role.CONSOLE_PROXY), connection=Connection.NONE)
    esxi = replace(host("esxi1", Role.HYPERVISOR), connection=Connection.NONE)
    server = replace(host("ms2", Role.MANAGEMENT), connection=Connection.NONE)
    found = rows_of(proxy, esxi, host("ms1", Role.MANAGEMENT), server, host("kvm1", Role.HYPERVISOR))
    assert {443, 80, 8080, 8443} == {row.port for row in found["v-1-VM"]}
    assert () == found["esxi1"]
    assert {"management-http", "management-https", "integration-api"} == set(own(found["ms2"]))
    assert set() == elsewhere(found["ms2"])
    assert {("ms2", "ms2.example", 9090)} == elsewhere(found["ms1"])


def test_what_has_no_address_is_looked_at_by_nobody() -> None:
    """And a cloud's pseudo-host has no ports of its own."""
    nowhere = replace(host("ms2", Role.MANAGEMENT), address="", connection=Connection.NONE)
    cloud = Host("endpoint:dc1", "192.0.2.1", connection=Connection.NONE, cloud=CloudTarget(CloudKind.CLOUDSTACK))
    found = rows_of(nowhere, cloud, host("ms1", Role.MANAGEMENT))
    assert ((), (), set()) == (found["ms2"], found["endpoint:dc1"], elsewhere(found["ms1"]))


def test_a_clouds_table_is_that_of_its_kind() -> None:
    """However the operator calls it, and whoever else there is."""
    cloud = Host("endpoint:dc1", "a", platform="dc1", cloud=CloudTarget(CloudKind.CLOUDSTACK))
    database, control = host("db1", Role.DATABASE, platform="dc1"), host("ctl1", Role.CONTROLLER, platform="other")
    impacts = [
        [row.impact for row in rows_of(*hosts)["db1"]] for hosts in ((cloud, database, control), (database, control))
    ]
    assert 10 == impacts[0][0]
    assert 8 == impacts[1][0]
