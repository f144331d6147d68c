"""Peers derived from the inventory: who measures whom, evenly, stably, and quickly enough for 10,000 hosts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Connection, Host, Mount, Peer, Place, Role, Traffic
from cs_exporter.topology.peers import FAR, MOST, NEAR, peers_of
from tests.lab.worth import slower

K = NEAR + FAR


def hypervisor(number: int, cluster: str = "c1", **more: object) -> Host:
    """A hypervisor with an overlay address."""
    return replace(
        Host(
            f"kvm{number}",
            f"10.0.{number // 250}.{number % 250}",
            roles=frozenset({Role.HYPERVISOR}),
            place=Place("z1", "p1", cluster),
            addresses={Traffic.OVERLAY: f"10.9.{number // 250}.{number % 250}"},
        ),
        **more,  # type: ignore[arg-type]  # fields of Host by name
    )


def by_name(*hosts: Host) -> dict[str, Host]:
    """As the inventory holds them."""
    return {host.name: host for host in hosts}


def of(peers: Iterable[Peer], traffic: Traffic) -> list[str]:
    """The names of the peers on one network."""
    return [peer.name for peer in peers if peer.traffic is traffic]


def server(name: str, *roles: Role, **more: object) -> Host:
    """A host with these roles, reached by its name."""
    return replace(Host(name, name, roles=frozenset(roles)), **more)  # type: ignore[arg-type]  # fields of Host by name


NFS = server("nfs1", Role.STORAGE, addresses={Traffic.STORAGE: "10.8.0.1"})
MOUNT = Mount("/mnt/a", "nfs1", "10.8.0.1", "/export")


def test_a_hypervisor_measures_its_servers() -> None:
    """Storage by the address of the mounts, once however many there are; management servers at theirs."""
    mounts = (MOUNT, replace(MOUNT, mountpoint="/mnt/b"), Mount("/mnt/c", "10.7.0.1", "10.7.0.1", "/x"))
    ms = server("ms1", Role.MANAGEMENT, addresses={Traffic.MANAGEMENT: "10.5.0.1"})
    found = peers_of(by_name(hypervisor(1, mounts=mounts), NFS, ms, server("db1", Role.DATABASE)))
    assert {
        "kvm1": (
            Peer("nfs1", "10.8.0.1", Traffic.STORAGE),
            Peer("ms1", "10.5.0.1", Traffic.MANAGEMENT),
            Peer("10.7.0.1", "10.7.0.1", Traffic.STORAGE),
        ),
        "ms1": (Peer("db1", "db1", Traffic.MANAGEMENT),),
    } == found


def test_management_servers_measure_each_other_and_the_databases() -> None:
    """A black hole there stops the whole cloud; another platform's servers are nobody's concern."""
    hosts = by_name(
        server("ms1", Role.MANAGEMENT),
        server("ms2", Role.MANAGEMENT),
        server("db1", Role.DATABASE),
        server("os1", Role.CONTROLLER, platform="openstack"),
    )
    found = peers_of(hosts)
    assert {"ms2", "db1"} == {peer.name for peer in found["ms1"]}
    assert "os1" not in found


def test_neighbours_by_overlay_and_management() -> None:
    """Three each; a host without an overlay address is not asked for one."""
    hosts = by_name(*(hypervisor(number) for number in range(8)), hypervisor(9, addresses={}))
    for name, peers in peers_of(hosts).items():
        assert (0 if name == "kvm9" else K) == len(of(peers, Traffic.OVERLAY)), name
        assert K == len(of(peers, Traffic.MANAGEMENT))
        assert "kvm9" not in of(peers, Traffic.OVERLAY)
        assert name not in {peer.name for peer in peers}


def test_network_nodes_are_at_the_end_of_tunnels() -> None:
    """Hypervisors measure two of them besides their neighbours; they measure the tunnels back, and nothing else."""
    nodes = [
        server(f"net{number}", Role.NETWORK, addresses={Traffic.OVERLAY: f"10.9.9.{number}"}, place=Place("nova"))
        for number in range(4)
    ]
    bare = server("net9", Role.NETWORK)
    resting = replace(nodes[3], maintenance=True)
    many = [hypervisor(number, place=Place("nova")) for number in range(40)]
    found = peers_of(by_name(*many, *nodes[:3], resting, bare))
    names = {"net0", "net1", "net2"}
    for one in many:
        assert NEAR <= len(names & set(of(found[one.name], Traffic.OVERLAY))), one.name
        assert "net3" not in of(found[one.name], Traffic.OVERLAY)
    assert {Traffic.OVERLAY} == {peer.traffic for peer in found["net0"]}
    assert Peer("net1", "10.9.9.1", Traffic.OVERLAY) in found["net0"]
    assert "net9" not in found


def test_vteps_of_a_small_openstack_are_a_mesh() -> None:
    """Two computes and a network node, as their agents' tunneling_ip says: each measures both others."""
    overlay = {name: {Traffic.OVERLAY: f"10.9.0.{number}"} for number, name in enumerate(("cmp1", "cmp2", "net1"), 1)}
    computes = [server(name, Role.HYPERVISOR, addresses=overlay[name]) for name in ("cmp1", "cmp2")]
    found = peers_of(by_name(*computes, server("net1", Role.NETWORK, addresses=overlay["net1"])))
    for name, peers in found.items():
        assert {*overlay} - {name} == set(of(peers, Traffic.OVERLAY))
    assert Peer("net1", "10.9.0.3", Traffic.OVERLAY) in found["cmp1"]


def test_storage_among_hypervisors_where_they_have_no_mount() -> None:
    """A storage network of their own, and no server to measure it against: they measure each other."""
    addresses = [{Traffic.STORAGE: f"10.8.1.{number}"} for number in range(3)]
    hosts = [hypervisor(number, addresses=addresses[number]) for number in range(3)]
    assert 2 == len(of(peers_of(by_name(*hosts))["kvm0"], Traffic.STORAGE))
    mounted = replace(hosts[0], mounts=(MOUNT,))
    assert ["nfs1"] == of(peers_of(by_name(mounted, *hosts[1:]))["kvm0"], Traffic.STORAGE)


def test_one_neighbour_is_beyond_the_cluster() -> None:
    """Most of two clusters' hosts measure into the other one."""
    hosts = by_name(*(hypervisor(number, f"c{number % 10}") for number in range(200)))
    beyond = 0
    for name, peers in peers_of(hosts).items():
        clusters = [hosts[peer].place.cloud_cluster for peer in of(peers, Traffic.OVERLAY)]
        own = hosts[name].place.cloud_cluster
        assert NEAR <= clusters.count(own)
        beyond += any(cluster != own for cluster in clusters)
    assert 150 < beyond


def test_nobody_measures_towards_maintenance() -> None:
    """Planned work reddens no neighbour; the host itself goes on measuring."""
    hosts = by_name(*(hypervisor(number, maintenance=number == 3) for number in range(6)))
    found = peers_of(hosts)
    assert "kvm3" not in {peer.name for peers in found.values() for peer in peers}
    assert K == len(of(found["kvm3"], Traffic.OVERLAY))
    resting = replace(NFS, maintenance=True)
    assert {} == peers_of(by_name(hypervisor(1, mounts=(MOUNT,)), resting))


def test_at_most_twelve_with_a_fair_share() -> None:
    """Twenty management servers do not crowd out neighbours and storage."""
    many = [server(f"ms{number}", Role.MANAGEMENT) for number in range(20)]
    hosts = by_name(*many, *(hypervisor(number, mounts=(MOUNT,)) for number in range(8)), NFS)
    peers = peers_of(hosts)["kvm0"]
    assert MOST == len(peers)
    assert ["nfs1"] == of(peers, Traffic.STORAGE)
    assert K == len(of(peers, Traffic.OVERLAY))
    assert 8 == len(of(peers, Traffic.MANAGEMENT))


def test_both_ends_tend_to_choose_each_other() -> None:
    """In a cluster of 16 most overlay pairs are measured from both ends."""
    found = peers_of(by_name(*(hypervisor(number) for number in range(16))))
    pairs = {(name, peer) for name, peers in found.items() for peer in of(peers, Traffic.OVERLAY)}
    both = sum((other, one) in pairs for one, other in pairs)
    assert 0.5 < both / len(pairs)


def test_one_host_more_changes_few_others() -> None:
    """And the order of the inventory changes nothing."""
    hosts = [hypervisor(number, f"c{number % 5}") for number in range(400)]
    before = peers_of(by_name(*hosts))
    assert before == peers_of(by_name(*reversed(hosts)))
    after = peers_of(by_name(*hosts, hypervisor(999, "c1")))
    changed = [name for name, peers in before.items() if after[name] != peers]
    assert 0 < len(changed) < 30


def test_load_is_even() -> None:
    """Nobody is the neighbour of a multitude."""
    found = peers_of(by_name(*(hypervisor(number) for number in range(300))))
    times = Counter(peer.address for peers in found.values() for peer in peers)
    assert max(times.values()) < 4 * K


def test_ten_thousand_hosts_take_less_than_two_seconds() -> None:
    """In one cluster or in many: processor time, as of a machine that is not held up."""
    for clusters in (1, 400):
        hosts = by_name(*(hypervisor(number, f"c{number % clusters}") for number in range(10_000)))
        began = time.process_time()
        found = peers_of(hosts)
        took = time.process_time() - began
        assert took < 2.0 * slower(), f"{took:.1f} s of processor time"
        assert len(hosts) == len(found)


@given(
    st.lists(
        st.tuples(st.sampled_from(["c1", "c2", ""]), st.frozensets(st.sampled_from(Role)), st.booleans()), max_size=25
    )
)
def test_whatever_the_inventory(given_hosts: list[tuple[str, frozenset[Role], bool]]) -> None:
    """Never oneself, nobody twice, no more than the most, and only hosts that are there and at work."""
    hosts = by_name(
        *(
            replace(hypervisor(number, cluster), roles=roles, maintenance=resting)
            for number, (cluster, roles, resting) in enumerate(given_hosts)
        )
    )
    for name, peers in peers_of(hosts).items():
        assert 0 < len(peers) <= MOST
        assert len(peers) == len({(peer.address, peer.traffic) for peer in peers})
        for peer in peers:
            assert peer.name != name
            assert not hosts[peer.name].maintenance


def test_where_nobody_logs_in_nothing_is_measured() -> None:
    """Others measure their paths to it, unless nobody knows where it is."""
    quiet = replace(hypervisor(1), connection=Connection.NONE)
    nowhere = replace(hypervisor(2), address="", connection=Connection.NONE)
    lost = replace(server("ms2", Role.MANAGEMENT), address="", connection=Connection.NONE)
    cloud = Host("endpoint:dc1", "192.0.2.1", connection=Connection.NONE)
    found = peers_of(by_name(hypervisor(0), quiet, nowhere, lost, cloud))
    assert {"kvm0": {"kvm1"}} == {name: {peer.name for peer in peers} for name, peers in found.items()}
