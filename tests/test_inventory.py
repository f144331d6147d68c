"""The configuration becomes hosts with everything resolved; a new one keeps the objects of hosts it does not change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from cs_exporter.config import load
from cs_exporter.inventory import InventoryChange, build_inventory, difference
from cs_exporter.model import (
    CollectorMode,
    Connection,
    DeclaredPort,
    Expected,
    Host,
    HostLimits,
    Inventory,
    Mount,
    MysqlTarget,
    MysqlTls,
    Place,
    Role,
    SshTarget,
    Traffic,
)
from cs_exporter.parsers.mysql_clients import ClientSessions, sessions
from tests.stub_probe import CLOCK, FLEET, ClockSettings

CAPTURES = Path(__file__).parent / "captures" / "config"


def inventory(path: Path) -> Inventory:
    """The inventory of a file with the stub probe."""
    return build_inventory(load(path, (CLOCK,), (FLEET,)))


def of_text(directory: Path, text: str) -> Inventory:
    """The inventory of a file's text, with all hosts asked locally."""
    path = directory / "cs_exporter.yml"
    path.write_text(f"defaults: {{connection: local}}\n{text}")
    return inventory(path)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """One with the files that the captures name."""
    for name in ("known_hosts", "password", "ca.pem"):
        (tmp_path / name).write_text("secret\n" if name == "password" else "")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "id_ed25519"))
    key.write_public_key(str(tmp_path / "id.pub"))
    return tmp_path


@pytest.fixture
def everything(directory: Path) -> Inventory:
    """The inventory of the capture that uses every key."""
    return inventory(Path(shutil.copy(CAPTURES / "everything.good.yml", directory)))


def test_a_host_has_all_that_its_layers_say(everything: Inventory, tmp_path: Path) -> None:
    """Checked as a whole, so that a field that gets lost is seen."""
    mounts = (
        Mount("/mnt/primary", "nfs1", "192.0.2.200", "/export/primary", version="4.1"),
        Mount("/mnt/secondary", "nfs9.example", "nfs9.example", "/export/secondary", readonly=True),
    )
    ssh = SshTarget(
        user="guest",
        port=2222,
        key_file=str(tmp_path / "id_ed25519"),
        known_hosts=str(tmp_path / "known_hosts"),
        mode=CollectorMode.FORCED,
        connect_timeout=3.0,
    )
    found = everything.get("kvm002.example")
    assert found is not None
    settings = found.settings["clock"]
    assert isinstance(settings, ClockSettings)
    expected = Host(
        name="kvm002.example",
        address="192.0.2.2",
        roles=frozenset({Role.HYPERVISOR}),
        place=Place(cloud_zone="zone1", cloud_pod="pod1", hypervisor="KVM"),
        ssh=ssh,
        mounts=mounts,
        mysql=MysqlTarget("watcher", str(tmp_path / "password"), 3307, MysqlTls.VERIFIED, str(tmp_path / "ca.pem")),
        limits=HostLimits({"CsClockSkewed": 4.0, "CsClockLost": 3.0}),
        settings={"clock": settings},
    )
    assert expected == replace(found, peers=(), ports=())
    assert {"nfs1", "nfs9.example"} < {peer.name for peer in found.peers}
    assert "ssh" in {row.port_name for row in found.ports}
    assert {("kvm002.example", 2222), ("nfs1", 2049)} <= {(row.host, row.port) for row in found.ports}
    assert (20.0, 5.0, 3.0, ("ntp1", "ntp2")) == (
        settings.interval,
        settings.timeout,
        settings.worst,
        settings.servers,
    )


def test_a_host_differs_only_where_it_says_so(everything: Inventory) -> None:
    """The fourth host of the same group has another pod, account, server and limit."""
    third, fourth = everything.hosts["kvm003.example"], everything.hosts["kvm004.example"]
    assert Place("zone1", "pod2", "cluster9", "KVM") == fourth.place
    assert replace(third.ssh, user="other", port=22, verify_host_key=False) == fourth.ssh
    assert ("nfs1", "192.0.2.200", "/export/other") == (
        fourth.mounts[0].server,
        fourth.mounts[0].server_address,
        fourth.mounts[0].export,
    )
    assert third.mounts[1:] == fourth.mounts[1:]
    assert {"CsClockSkewed": 5.5, "CsClockLost": 3.0, "CsClockUnlikeFleet": 6.0} == dict(fourth.limits.symptoms)
    assert (False, True) == (fourth.settings["clock"].enabled, fourth.maintenance)
    assert replace(third.mysql, port=3308, tls=MysqlTls.OFF) == fourth.mysql


def test_a_host_has_its_networks(everything: Inventory) -> None:
    """Addresses by traffic, each in its usual spelling; ports by name from the table or with all of their own."""
    fourth = everything.hosts["kvm004.example"]
    assert {
        Traffic.MANAGEMENT: "192.0.2.4",
        Traffic.STORAGE: "198.51.100.4",
        Traffic.OVERLAY: "2001:db8::4",
    } == dict(fourth.addresses)
    own = DeclaredPort("own", 9999, Expected.CLOSED, tls=True, speaks=True, impact=7)
    assert (True, (DeclaredPort("nfs"), own)) == (fourth.secured, fourth.declared_ports)


def test_only_databases_know_who_is_who(tmp_path: Path) -> None:
    """Every host that knew all others would change whenever any of them does."""
    text = (
        "hosts: [{name: ms1, address: 192.0.2.1, addresses: {management: 192.0.2.2}}, {name: db1, roles: [database]}]"
    )
    found = of_text(tmp_path, text).hosts
    assert ({}, "ms1", "ms1") == (found["ms1"].names, found["db1"].names["192.0.2.1"], found["db1"].names["192.0.2.2"])


def test_a_management_server_beside_its_database_is_known_by_its_own_name(tmp_path: Path) -> None:
    """Its sessions come from localhost, and count against its pools; elsewhere nobody knows who localhost is."""
    text = "hosts: [{name: all1, roles: [management, database]}, {name: db1, roles: [database]}]"
    found = of_text(tmp_path, text).hosts
    local = ("localhost", "127.0.0.1", "::1")
    assert [["all1"] * 3, [None] * 3] == [[found[name].names.get(row) for row in local] for name in ("all1", "db1")]
    rows = [{"client": client, "db": "cloud", "sessions": "2"} for client in (None, "localhost", "127.0.0.1", "::1")]
    assert (ClientSessions("all1", "cloud", 8),) == sessions(rows, found["all1"].names)


def test_databases_know_the_pools_of_management_servers(tmp_path: Path) -> None:
    """A pool can be used up while the server has plenty left."""
    path = tmp_path / "cs_exporter.yml"
    path.write_text(
        "defaults: {connection: local}\nhosts: [{name: ms1, roles: [management]}, {name: db1, roles: [database]}]"
    )
    settings = build_inventory(load(path)).hosts["db1"].settings["mysql_connections"]
    assert {"ms1/cloud": 250, "ms1/cloud_usage": 100} == settings.pool_sizes


@pytest.mark.parametrize(
    ("written", "address"), [("nfs1", "198.51.100.9"), ("198.51.100.9", "198.51.100.9"), ("192.0.2.9", "192.0.2.9")]
)
def test_a_mount_is_of_the_servers_storage_network(tmp_path: Path, written: str, address: str) -> None:
    """By name, its address there; by address, the one that is written. It is one server either way."""
    text = f"""
hosts:
  - {{name: kvm1, mounts: [{{mountpoint: /a, server: {written}, export: /e}}]}}
  - {{name: nfs1, address: 192.0.2.9, addresses: {{storage: 198.51.100.9}}}}
"""
    (mount,) = of_text(tmp_path, text).hosts["kvm1"].mounts
    assert ("nfs1", address) == (mount.server, mount.server_address)


def test_hosts_stand_in_the_order_of_the_file(everything: Inventory) -> None:
    """Also those of a range."""
    expected = ["kvm001.example", "kvm002.example", "kvm003.example", "kvm004.example", "nfs1", "here"]
    assert expected == [host.name for host in everything]
    assert Connection.LOCAL == everything.hosts["here"].connection


@pytest.mark.parametrize(
    ("written", "server", "address"),
    [
        ("nfs1", "nfs1", "192.0.2.9"),
        ("192.0.2.9", "nfs1", "192.0.2.9"),
        ("nfs2", "nfs2", "nfs2"),
        ("192.0.2.77", "192.0.2.77", "192.0.2.77"),
        ("2001:db8:0::3", "nfs3", "2001:db8::3"),
    ],
)
def test_an_nfs_server_goes_by_its_name_in_the_inventory(
    tmp_path: Path, written: str, server: str, address: str
) -> None:
    """However the mount names it; a server that is no host of ours stays as written."""
    found = of_text(
        tmp_path,
        f"""
hosts:
  - {{name: kvm1, mounts: [{{mountpoint: /a, server: '{written}', export: /e}}]}}
  - {{name: nfs1, address: 192.0.2.9}}
  - {{name: nfs3, address: '2001:DB8::0003'}}
""",
    )
    (mount,) = found.hosts["kvm1"].mounts
    assert (server, address) == (mount.server, mount.server_address)


def test_of_two_hosts_with_one_address_the_first_is_the_server(tmp_path: Path) -> None:
    """A name must not depend on the order of a dictionary."""
    found = of_text(
        tmp_path,
        """
hosts:
  - {name: kvm1, mounts: [{mountpoint: /a, server: 192.0.2.9, export: /e}]}
  - {name: nfs1, address: 192.0.2.9}
  - {name: nfs2, address: 192.0.2.9}
""",
    )
    assert "nfs1" == found.hosts["kvm1"].mounts[0].server


BEFORE = """
hosts:
  - name: kvm[1-4]
  - {name: kvm5, mounts: [{mountpoint: /a, server: nfs1, export: /e}]}
  - {name: nfs1, address: 192.0.2.9}
"""


def change(directory: Path, text: str) -> tuple[Inventory, InventoryChange]:
    """The old inventory and what a new text changes."""
    old = of_text(directory, BEFORE)
    return old, difference(old, of_text(directory, text))


def test_the_same_file_changes_nothing(tmp_path: Path) -> None:
    """And every host stays the same object."""
    old, found = change(tmp_path, BEFORE)
    names = tuple(old.hosts)
    assert ((), (), (), names) == (found.added, found.removed, found.changed, found.unchanged)
    assert all(found.inventory.hosts[name] is old.hosts[name] for name in names)


def test_the_difference_names_who_came_went_and_changed(tmp_path: Path) -> None:
    """In the order of the inventories; a block written differently is no change."""
    old, found = change(
        tmp_path,
        """
hosts:
  - {name: kvm6}
  - {name: kvm1, connection: local}
  - {name: kvm2, maintenance: true}
  - {name: kvm3, probes: {clock: {interval: 31s}}}
  - {name: kvm5, mounts: [{mountpoint: /a, server: nfs1, export: /e}]}
  - {name: nfs1, address: 192.0.2.10}
""",
    )
    # kvm5's own block is the same, but the address of its NFS server is not.
    assert (("kvm6",), ("kvm4",), ("kvm2", "kvm3", "kvm5", "nfs1"), ("kvm1",)) == (
        found.added,
        found.removed,
        found.changed,
        found.unchanged,
    )
    assert found.inventory.hosts["kvm1"] is old.hosts["kvm1"]
    assert found.inventory.hosts["kvm2"].maintenance
    assert ["kvm6", "kvm1", "kvm2", "kvm3", "kvm5", "nfs1"] == list(found.inventory.hosts)


def test_the_inventory_cannot_be_changed(tmp_path: Path) -> None:
    """It is read from several threads."""
    found = of_text(tmp_path, "hosts: [{name: kvm1}]")
    with pytest.raises(TypeError):
        found.hosts["kvm2"] = found.hosts["kvm1"]  # type: ignore[index]  # that is what is tested
