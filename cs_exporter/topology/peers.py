"""Whose paths a host measures: its storage servers, its management servers, and a few neighbours.

Neighbours are chosen by a hash of the unordered pair, so that both ends tend to choose each other and an added host
changes few others. What an operator declares nowhere is found here, for every host of the inventory at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice, zip_longest

from cs_exporter.model import Connection, Host, Peer, Role, Traffic
from cs_exporter.topology.neighbours import mixed, number_of

NEAR = 2
"""Neighbours of the same cloud_cluster, which share most of the way."""

FAR = 1
"""Neighbours from the whole zone: the way between clusters is where a switch is forgotten."""

MOST = 12
"""Peers of one host, at most; each kind gets its share by turns."""

REACH = 8
"""How far around the ring of hashes a host looks for neighbours, to either side."""

_SERVING = frozenset({Role.MANAGEMENT, Role.CONTROLLER})
_Chosen = Mapping[str, list[Peer]]


def peers_of(hosts: Mapping[str, Host]) -> Mapping[str, tuple[Peer, ...]]:
    """Host name -> its peers, for the hosts that have any; pure, and the same for the same hosts in any order.

    Hypervisors measure the servers of their NFS mounts (storage), the management servers or controllers of their
    platform, and NEAR + FAR neighbours: by their overlay addresses where both have one, by their management addresses
    (live migration), and by their storage addresses where they have one and no mount (storage among themselves).
    Network nodes (OpenStack's) take part in the overlay, and hypervisors measure them before their neighbours there:
    routers, DHCP and the way out are behind these tunnels. What passes between two tunnel endpoints must be the largest
    packet of their underlay, by which neutron reckons its networks' MTU (underlay - 50: 20 for IPv4 and 30 for VXLAN);
    neutron itself never checks that it does.
    Management servers and controllers measure each other and the database servers. Nobody else measures: a storage
    appliance may let nobody in, and its hypervisors see the same path. Nor does a host measure that nobody logs in to,
    though others measure their paths to it. A host in maintenance, or without an address, is nobody's peer.

    Comparing every pair of n hosts would take n² steps. Instead the members of a cluster (and of a zone) stand on a
    ring by the hash of their names, and only the REACH next to either side are candidates: at most 2 * REACH pairs per
    host and ring, so the cost grows with n (10,000 hosts: about 1 s), and an added host concerns only those around it.
    Up to 2 * REACH + 1 members, everybody is everybody's candidate.
    """
    there = [host for host in hosts.values() if host.address]
    asked = [host for host in there if host.connection is not Connection.NONE]
    measuring = [host for host in asked if host.roles & {Role.HYPERVISOR, *_SERVING} or _is_gateway(host)]
    hypervisors = [host for host in there if Role.HYPERVISOR in host.roles]
    tunnelled = [*hypervisors, *(host for host in there if _is_gateway(host))]
    by_traffic = {
        Traffic.OVERLAY: _neighbours(tunnelled, Traffic.OVERLAY, lambda host: Traffic.OVERLAY in host.addresses),
        Traffic.STORAGE: _neighbours(
            hypervisors, Traffic.STORAGE, lambda host: Traffic.STORAGE in host.addresses and not host.mounts
        ),
        Traffic.MANAGEMENT: _neighbours(hypervisors, Traffic.MANAGEMENT, lambda _host: True),
    }
    servers, gateways = _servers(there), _gateways(there)
    found = {
        host.name: _fair(
            host,
            [
                list(_storage(host, hosts)),
                _served(host, servers),
                _ways_out(host, gateways),
                *(chosen.get(host.name, []) for chosen in by_traffic.values()),
            ],
        )
        for host in measuring
    }
    return {name: peers for name, peers in found.items() if peers}


def _storage(host: Host, hosts: Mapping[str, Host]) -> Iterator[Peer]:
    """The servers of the mounts, by the name and address that the mounts have for them."""
    for mount in host.mounts:
        server = hosts.get(mount.server)
        if server is None or not server.maintenance:
            yield Peer(mount.server, mount.server_address, Traffic.STORAGE)


def _servers(hosts: Iterable[Host]) -> Mapping[tuple[str, bool], list[Host]]:
    """(platform, whether databases) -> its servers, those in maintenance left out."""
    found = defaultdict(list)
    for host in hosts:
        if not host.maintenance:
            if host.roles & _SERVING:
                found[host.platform, False].append(host)
            if Role.DATABASE in host.roles:
                found[host.platform, True].append(host)
    return found


def _served(host: Host, servers: Mapping[tuple[str, bool], list[Host]]) -> list[Peer]:
    """Management servers, and for them the databases; where there are many, the pair's hash spreads the load."""
    wanted = list(servers.get((host.platform, False), ()))
    if host.roles & _SERVING:
        wanted += servers.get((host.platform, True), ())
    return [
        Peer(server.name, server.address_for(Traffic.MANAGEMENT), Traffic.MANAGEMENT)
        for server in _by_pair(host, wanted)
    ]


def _is_gateway(host: Host) -> bool:
    """A network node with a tunnel endpoint, and without guests."""
    return Role.NETWORK in host.roles and Role.HYPERVISOR not in host.roles and Traffic.OVERLAY in host.addresses


def _gateways(hosts: Iterable[Host]) -> Mapping[str, list[Host]]:
    """Platform -> its network nodes, those in maintenance left out."""
    found = defaultdict(list)
    for host in hosts:
        if _is_gateway(host) and not host.maintenance:
            found[host.platform].append(host)
    return found


def _ways_out(host: Host, gateways: Mapping[str, list[Host]]) -> list[Peer]:
    """For those with a tunnel endpoint: the first NEAR of the platform's network nodes, by the pair's hash."""
    if Traffic.OVERLAY not in host.addresses:
        return []
    nearest = _by_pair(host, gateways.get(host.platform, ()))[:NEAR]
    return [Peer(node.name, node.addresses[Traffic.OVERLAY], Traffic.OVERLAY) for node in nearest]


def _by_pair(host: Host, others: Iterable[Host]) -> list[Host]:
    own = number_of(host.name)
    return sorted(others, key=lambda other: (mixed(own ^ number_of(other.name)), other.name))


def _neighbours(hypervisors: list[Host], traffic: Traffic, has_one: Callable[[Host], bool]) -> _Chosen:
    """Host name -> its neighbours on that network: the best of its cluster, then the best of its zone."""
    concerned = [host for host in hypervisors if has_one(host)]
    clusters, zones = defaultdict(list), defaultdict(list)
    for host in concerned:
        place = host.place
        zones[host.platform, place.cloud_zone].append(host)
        clusters[host.platform, place.cloud_zone, place.cloud_pod, place.cloud_cluster].append(host)
    chosen: dict[str, list[Peer]] = {host.name: [] for host in concerned}
    for rings, most in ((clusters, NEAR), (zones, NEAR + FAR)):
        for members in rings.values():
            for name, candidates in _candidates(members):
                peers = (Peer(other.name, other.address_for(traffic), traffic) for other in candidates)
                known = chosen[name]
                known += islice((peer for peer in peers if peer not in known), most - len(known))
    return chosen


def _candidates(members: list[Host]) -> Iterator[tuple[str, list[Host]]]:
    """Each member's candidates on the ring, best first: by the hash of the pair, which is the same from both ends."""
    ring = sorted((number_of(host.name), host.name, host) for host in members)
    awake = [(number, host) for number, _, host in ring if not host.maintenance]
    before = 0  # members of `awake` that stand before this one
    for own, _, host in ring:
        after = before + (not host.maintenance)
        reach = min(2 * REACH, len(awake) - (after - before))
        right = min(REACH, reach)
        places = chain(range(after, after + right), range(before - (reach - right), before))
        others = [awake[place % len(awake)] for place in places] if awake else []
        best = sorted((mixed(own ^ number), other.name, other) for number, other in others)
        yield host.name, [other for _, _, other in best]
        before = after


def _fair(host: Host, kinds: list[list[Peer]]) -> tuple[Peer, ...]:
    """One of each kind by turns, up to MOST; nobody twice, and never the host itself."""
    own = {host.address, *host.addresses.values()}
    unique: dict[tuple[str, Traffic], Peer] = {}
    for peer in chain.from_iterable(zip_longest(*kinds)):
        if peer is not None and peer.name != host.name and peer.address not in own:
            unique.setdefault((peer.address, peer.traffic), peer)
    return tuple(unique.values())[:MOST]
