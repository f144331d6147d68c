"""Clouds become pseudo-hosts, and the hosts that they tell of stand in the inventory beside those that are written."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from cs_exporter.config import load
from cs_exporter.inventory import build_inventory, difference
from cs_exporter.model import (
    ApiTarget,
    Census,
    CloudHost,
    CloudKind,
    CloudMount,
    CloudTarget,
    Connection,
    Host,
    HostLimits,
    Mount,
    MysqlTarget,
    MysqlTls,
    Place,
    Role,
)
from cs_exporter.probes import PROBES
from tests.stub_probe import CLOCK, FLEET

CAPTURE = Path(__file__).parent / "captures" / "config" / "platforms.good.yml"


def test_a_cloud_is_a_pseudo_host(tmp_path: Path) -> None:
    """It has what its platform's hosts have as far as that is true of it, and how the cloud itself is asked."""
    for name in ("known_hosts", "password", "ca.pem"):
        (tmp_path / name).write_text("secret\n" if name == "password" else "")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "id_ed25519"))
    key.write_public_key(str(tmp_path / "id.pub"))
    found = build_inventory(load(Path(shutil.copy(CAPTURE, tmp_path)), (CLOCK,), (FLEET,)))
    assert ["endpoint:cloudstack", "endpoint:dc2"] == list(found.hosts)
    first, second = found
    expected = Host(
        name="endpoint:cloudstack",
        address="192.0.2.30",
        platform="cloudstack",
        maintenance=True,
        connection=Connection.NONE,
        ssh=replace(first.ssh, user="guest"),
        mysql=MysqlTarget("watcher", str(tmp_path / "password"), 3307, MysqlTls.VERIFIED, str(tmp_path / "ca.pem")),
        cloud=CloudTarget(CloudKind.CLOUDSTACK, "cloud"),
        cloud_kind=CloudKind.CLOUDSTACK,
        limits=HostLimits({"CsClockSkewed": 4.0}),
        settings=first.settings,
    )
    assert (expected, 45.0) == (first, first.settings["clock"].interval)
    api = ApiTarget(
        "https://ms1.example:8443/client/api",
        str(tmp_path / "id.pub"),
        str(tmp_path / "id_ed25519"),
        verify=False,
        ca_file=str(tmp_path / "ca.pem"),
    )
    assert CloudTarget(CloudKind.CLOUDSTACK, api=api) == second.cloud
    assert ("ms1.example", "dc2", 30.0) == (second.address, second.platform, second.settings["clock"].interval)


TWO = "platforms: {b: {type: cloudstack, database: {address: b}}, c: {type: cloudstack, database: {address: c}}}"


def census(prefix: str) -> Census:
    """A hypervisor with a mount, its NFS server, and a management server, with the same addresses in every cloud."""
    mounts = (CloudMount("/mnt/a", "10.0.0.9", "/e"),)
    return Census(
        (
            CloudHost(f"{prefix}1", "kvm1", "10.0.0.1", frozenset({Role.HYPERVISOR}), mounts=mounts, secured=True),
            CloudHost(f"{prefix}2", f"pool-{prefix}", "10.0.0.9", frozenset({Role.STORAGE}), asked=False),
            CloudHost(f"{prefix}3", f"ms-{prefix}", "10.0.0.5", frozenset({Role.MANAGEMENT})),
        )
    )


def test_hosts_that_are_found_belong_to_their_cloud(tmp_path: Path) -> None:
    """Two clouds may have the same names and addresses: mounts, peers and rows stay within each."""
    (tmp_path / "c.yml").write_text(f"defaults: {{connection: local}}\n{TWO}")
    found = build_inventory(load(tmp_path / "c.yml"), {"b": census("b"), "c": census("c")})
    names = ["kvm1", "pool-b", "ms-b", "kvm1@c", "pool-c", "ms-c", "endpoint:b", "endpoint:c"]
    assert names == list(found.hosts)
    for name, other in (("kvm1", "b"), ("kvm1@c", "c")):
        host = found.hosts[name]
        assert (other, {f"pool-{other}", f"ms-{other}"}) == (host.platform, {peer.name for peer in host.peers})
        assert (Mount("/mnt/a", f"pool-{other}", "10.0.0.9", "/e"),) == host.mounts
        assert {"ssh", "libvirt-tls"} == {row.port_name for row in host.ports}
    assert {"c1": "kvm1@c", "c2": "pool-c", "c3": "ms-c"} == dict(found.hosts["endpoint:c"].names)
    assert () == found.hosts["endpoint:c"].peers


def test_an_openstack_cloud_and_its_cells(tmp_path: Path) -> None:
    """All of its pseudo-hosts know all of its machines; a controller that is written has the roles that are written."""
    text = (
        "platforms: {os: {type: openstack, database: {address: db1}, cells: [{name: east, address: db2}]}}\n"
        "hosts: [{name: ctl1, roles: [controller, message_bus]}, {name: east1.example, address: east1}]\n"
    )
    (tmp_path / "c.yml").write_text(f"defaults: {{connection: local}}\n{text}")
    roles = {"ctl1": Role.CONTROLLER, "net1": Role.NETWORK, "cmp1": Role.HYPERVISOR, "east1": Role.HYPERVISOR}
    rows = tuple(CloudHost(name, name, name, frozenset({role})) for name, role in roles.items())
    found = build_inventory(load(tmp_path / "c.yml"), {"os": Census(rows)})
    assert ["ctl1", "east1.example", "net1", "cmp1", "endpoint:os", "endpoint:os.east"] == list(found.hosts)
    names = {"ctl1": "ctl1", "net1": "net1", "cmp1": "cmp1", "east1": "east1.example"}
    assert names == dict(found.hosts["endpoint:os"].names) == dict(found.hosts["endpoint:os.east"].names)
    assert {Role.CONTROLLER, Role.MESSAGE_BUS} == found.hosts["ctl1"].roles
    assert {"os"} == {host.platform for host in found}
    assert ["db1", "db2"] == [host.address for host in found if host.cloud]


OF_CLOUDSTACK = {"agent_heartbeat", "agent_log", "agent_certificates", "storage_heartbeat"}
"""What hypervisors are asked about CloudStack's agent."""


@pytest.mark.parametrize(("kind", "expected"), [("cloudstack", OF_CLOUDSTACK), ("openstack", set())])
def test_only_cloudstacks_hypervisors_are_asked_about_its_agent(tmp_path: Path, kind: str, expected: set[str]) -> None:
    """Be they found or written, and also while their cloud does not say of which kind they are."""
    (tmp_path / "c.yml").write_text(
        f"defaults: {{connection: local}}\nplatforms: {{dc1: {{type: {kind}, database: {{address: db1}}}}}}\n"
        "hosts: [{name: own, roles: [hypervisor], mounts: [{mountpoint: /mnt/a, server: nfs1, export: /e}]}]"
    )
    mounts = (CloudMount("/mnt/a", "nfs1", "/e"),)
    row = CloudHost("kvm1", "kvm1", "192.0.2.1", frozenset({Role.HYPERVISOR}), mounts=mounts)
    found = build_inventory(load(tmp_path / "c.yml"), {"dc1": Census((row,))})
    for name in ("own", "kvm1"):
        assert expected == OF_CLOUDSTACK & {spec.name for spec in PROBES if spec.applies(found.hosts[name])}


def test_a_written_database_belongs_to_the_one_cloud(tmp_path: Path) -> None:
    """It knows who connects, and the pools of the management servers that were found."""
    text = "platforms: {cloudstack: {database: {address: 10.0.0.7}}}\nhosts: [{name: db1, roles: [database]}]"
    (tmp_path / "c.yml").write_text(f"defaults: {{connection: local}}\n{text}")
    found = build_inventory(load(tmp_path / "c.yml"), {"cloudstack": census("b")})
    database = found.hosts["db1"]
    assert ("cloudstack", "ms-b") == (database.platform, database.names["10.0.0.5"])
    assert {"ms-b/cloud": 250, "ms-b/cloud_usage": 100} == database.settings["mysql_connections"].pool_sizes


def test_a_message_bus_knows_whose_queues_it_has(tmp_path: Path) -> None:
    """Machines as their cloud calls them, and by their own names; one of a cloud is not asked about another's."""
    (tmp_path / "c.yml").write_text(
        "defaults: {connection: local}\nplatforms:\n"
        "  a: {type: openstack, database: {address: 10.0.0.2}}\n  b: {type: openstack, database: {address: 10.0.1.2}}\n"
        "hosts:\n  - {name: kvm1, address: 10.0.0.1}\n  - {name: bus1, roles: [message_bus]}\n"
        "  - {name: bus2, platform: b, roles: [message_bus]}\n"
    )
    found = {
        cloud: Census((CloudHost(f"cmp.{cloud}", name, address, frozenset({Role.HYPERVISOR})),))
        for cloud, name, address in (("a", "cmp-a", "10.0.0.1"), ("b", "cmp-b", "10.0.1.1"))
    }
    inventory = build_inventory(load(tmp_path / "c.yml"), found)
    mine, theirs = inventory.hosts["bus1"].names, inventory.hosts["bus2"].names
    assert ("kvm1", "cmp-b", "kvm1") == (mine["cmp.a"], mine["cmp.b"], mine["kvm1"])
    assert ("cmp-b", None) == (theirs["cmp.b"], theirs.get("cmp.a"))


def test_what_can_not_be_used_is_told(tmp_path: Path) -> None:
    """To whoever wants to know; the inventory is made all the same."""
    (tmp_path / "c.yml").write_text("defaults: {connection: local}\nplatforms: {cloudstack: {database: {address: b}}}")
    told: list[str] = []
    row = CloudHost("u1", "kvm1", "", frozenset({Role.HYPERVISOR}))
    assert 2 == len(build_inventory(load(tmp_path / "c.yml"), {"cloudstack": Census((row,))}, told.append))
    assert ["kvm1: the cloud gives no address, so nobody is asked there"] == told


def test_the_same_answer_changes_nothing(tmp_path: Path) -> None:
    """A cloud that is asked every minute must not shake its hosts; one that moves changes it and its cloud."""
    (tmp_path / "c.yml").write_text(f"defaults: {{connection: local}}\n{TWO}")
    config = load(tmp_path / "c.yml")
    before = build_inventory(config, {"b": census("b")})
    same = difference(before, build_inventory(config, {"b": census("b")}))
    assert ((), (), ()) == (same.added, same.removed, same.changed)
    more = Census((*census("b").hosts, CloudHost("b4", "ms-9", "10.0.0.8", frozenset({Role.STORAGE}))))
    change = difference(before, build_inventory(config, {"b": more}))
    assert (("ms-9",), (), ("endpoint:b",)) == (change.added, change.removed, change.changed)


def test_ten_thousand_found_hosts_take_little_longer_than_written_ones(tmp_path: Path) -> None:
    """Each minute's answer may change one of them, and a build must not starve the rest."""
    hosts = [
        CloudHost(
            f"u{number}",
            f"kvm{number}",
            f"10.{number // 60_000}.{number // 250}.{number % 250}",
            frozenset({Role.HYPERVISOR}),
            Place("z1", "p1", f"c{number % 300}", "KVM"),
            mounts=(CloudMount("/mnt/a", "nfs1.example", "/e"),),
            settings={"clock": {"interval": 45.0}},
        )
        for number in range(10_000)
    ]
    text = "roles: [hypervisor], mounts: [{mountpoint: /mnt/a, server: nfs1.example, export: /e}]"
    (tmp_path / "w.yml").write_text(
        f"defaults: {{connection: local, {text}}}\nhosts:\n"
        + "".join(f"- {{name: {host.name}, address: {host.address}, cloud_cluster: c}}\n" for host in hosts)
    )
    (tmp_path / "c.yml").write_text("defaults: {connection: local}\nplatforms: {cloudstack: {database: {address: b}}}")
    took = []
    for path, censuses in ((tmp_path / "w.yml", {}), (tmp_path / "c.yml", {"cloudstack": Census(tuple(hosts))})):
        config = load(path, (CLOCK,), (FLEET,))
        began = time.process_time()
        assert 10_000 <= len(build_inventory(config, censuses))
        took.append(time.process_time() - began)
    assert took[1] < 3 * took[0]
