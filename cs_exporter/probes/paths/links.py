"""A host's own devices: the collector's section, and what is worth showing of hundreds of them.

Shown one by one are those that a packet leaves by; guests' taps, their bridges and tunnels are counted by what they
lie upon, since their number is that of the guests, and their names change with every start of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cs_exporter.model import Link, Route
from cs_exporter.spec import Section

# Of the parts of a line (`\` stands between them), the third and later ones begin with the kind, unless they are about
# something else. A peer's name behind @ is what a vlan lies upon, but for a veth it is the other end of the pair.
LINKS = Section(
    name="links",
    tool="ip",
    body=r"""
ip -o -d link show 2>/dev/null | awk '
	function after(text, word) {
		if (!match(" " text " ", " " word " [^ ]+")) return "-"
		return substr(" " text, RSTART + length(word) + 2, RLENGTH - length(word) - 2)
	}
	{
		count = split($0, part, "\\")
		kind = info = ""
		for (i = 3; i <= count && kind == ""; i++) {
			split(part[i], word, " ")
			if (word[1] ~ /_slave$|^(alias|altname|vf|promiscuity|prog|parentbus|permaddr)$|[^a-z0-9_]/) continue
			kind = word[1]
			info = part[i]
		}
		name = $2
		sub(/:$/, "", name)
		lower = "-"
		if (at = index(name, "@")) {
			lower = substr(name, at + 1)
			name = substr(name, 1, at - 1)
		}
		if (kind ~ /^(veth|vxcan|netkit)$/ || lower ~ /^if[0-9]+$/ || lower == "NONE") lower = "-"
		if ($3 ~ /[<,]LOOPBACK[,>]/) kind = "loopback"
		id = address = port = "-"
		if (kind == "vxlan") {
			if (info !~ / external /) id = after(info, "id")
			address = after(info, "local")
			port = after(info, "dstport")
			lower = after(info, "dev")
		}
		up = ($3 ~ /[<,]UP[,>]/ && $3 !~ /NO-CARRIER/)
		print $1 + 0, name, after(part[1], "mtu"), up, kind == "" ? "-" : kind, after(part[1], "master"), lower,
			id, address, port
	}'
""",
)

ENCAPSULATION_IPV4 = 50
"""Bytes that VXLAN adds inside the underlay's MTU: IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14 (RFC 7348)."""

ENCAPSULATION_IPV6 = 70
"""The same with the 40 bytes of IPv6."""

OTHER = "other"
"""Stands for the device below guests whose bridge leads nowhere that the host shows (Open vSwitch)."""

MOST_DEVICES = 64
"""Devices shown one by one, at most; guests are counted and never among them."""

_GUEST_PORTS = frozenset({"tun", "veth", "macvtap", "macvlan", "vxcan", "netkit", "ipvlan", "ifb"})


@dataclass(frozen=True, slots=True)
class Guests:
    """Guests' interfaces that lie upon one device. MTUs in bytes."""

    count: int
    least_mtu: int


@dataclass(frozen=True, slots=True)
class Devices:
    """What is shown of a host's devices, by name; bytes."""

    mtus: Mapping[str, int]
    headroom: Mapping[str, int]  # underlay -> its MTU - encapsulation - the largest MTU of the VXLANs on it
    guests: Mapping[str, Guests]


def shown(links: Sequence[Link], routes: Iterable[Route], declared: Collection[str]) -> Devices:
    """What is worth showing: hardware, bonds, declared bridges, and whatever a packet to a peer goes through.

    `routes` are those to the peers. A VXLAN that names no device, only its own address, lies upon the device whose
    route leaves from that address.
    """
    by_name = {link.name: link for link in links}
    routes = tuple(routes)
    sources = {route.source: route.device for route in routes if route.source}
    below = {link.name: link.underlay or sources.get(link.vxlan_local, "") for link in links if link.kind == "vxlan"}
    uplinks = [*(route.device for route in routes), *declared, *below.values()]
    wanted = {link.name for link in links if link.kind in ("", "bond")} | {*_with_below(uplinks, links)}
    kept = [link for link in links if link.name in wanted and link.kind != "loopback"][:MOST_DEVICES]
    return Devices(
        mtus={link.name: link.mtu for link in kept},
        headroom=_headroom(links, by_name, below),
        guests=_guests(links, below, {link.name for link in kept}),
    )


def _with_below(names: Iterable[str], links: Sequence[Link]) -> Iterable[str]:
    """These devices, and the vlans that are ports of them or lie below."""
    by_name = {link.name: link for link in links}
    ports = defaultdict(list)
    for link in links:
        if link.kind == "vlan":
            ports[link.master].append(link.name)
    found: dict[str, None] = {}
    waiting = [name for name in names if name in by_name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += [other for other in (by_name[name].underlay, *ports[name]) if other in by_name]
    return found


def _headroom(links: Sequence[Link], by_name: Mapping[str, Link], below: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for link in links:
        underlay = by_name.get(below.get(link.name, ""))
        if underlay is not None and underlay.kind != "loopback":
            added = ENCAPSULATION_IPV6 if ":" in link.vxlan_local else ENCAPSULATION_IPV4
            left = underlay.mtu - link.mtu - added
            found[underlay.name] = min(left, found.get(underlay.name, left))
    return found


def _guests(links: Sequence[Link], below: Mapping[str, str], kept: Collection[str]) -> dict[str, Guests]:
    """Guests' interfaces by what they lie upon: a shown bridge, else the underlay of the bridge's tunnel or vlan."""
    leads = {
        link.master: below.get(link.name) or link.underlay or OTHER
        for link in links
        if link.master and link.kind in ("vxlan", "vlan", "geneve", "gretap")
    }
    found: dict[str, Guests] = {}
    for link in links:
        if link.kind in _GUEST_PORTS and link.name not in kept:
            master = link.master or link.underlay
            on = master if master in kept else leads.get(master, OTHER)
            before = found.get(on, Guests(0, link.mtu))
            found[on] = Guests(before.count + 1, min(before.least_mtu, link.mtu))
    return found
