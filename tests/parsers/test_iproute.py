"""Devices and routes as ip(8) tells them: captured hosts, quirks of versions, and nothing but UnparsableError."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Link, Route, UnparsableError
from cs_exporter.parsers import iproute
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "iproute"


def capture(name: str) -> str:
    """One captured answer."""
    return (CAPTURES / f"{name}.json").read_text(encoding="utf-8")


VXLAN = Link(
    11,
    "vxlan1001",
    8950,
    "vxlan",
    master="brvx-1001",
    underlay="cloudbr0",
    vxlan_id=1001,
    vxlan_local="10.213.0.5",
    vxlan_port=4789,
)
HOST = {link.name: link for link in iproute.links(capture("link.uml"))}


@pytest.mark.parametrize(
    "expected",
    [
        Link(1, "lo", 65536, "loopback"),
        Link(2, "vec0", 1500),
        Link(6, "eno1", 9000, "dummy", master="bond0"),
        Link(8, "bond0", 9000, "bond"),
        Link(9, "bond0.100", 9000, "vlan", master="cloudbr0", underlay="bond0"),
        Link(10, "cloudbr0", 9000, "bridge"),
        VXLAN,
        Link(13, "vxlan6", 1500, "vxlan", up=False, vxlan_id=1002, vxlan_local="fd00::5", vxlan_port=8472),
        Link(14, "geneve0", 65465, "geneve", up=False),
        Link(16, "vnet0", 1500, "veth", master="brvx-1001"),
        Link(17, "tap0", 1500, "tun", up=False),
        Link(18, "vxext", 1500, "vxlan", up=False, vxlan_port=4790),
        Link(19, "macvtap0", 9000, "macvtap", up=False, underlay="cloudbr0"),
        Link(20, "gre1", 1476, "gre", up=False),
        Link(22, "vx-lower", 1500, "veth", up=False),
    ],
    ids=lambda link: link.name,
)
def test_devices_of_a_host(expected: Link) -> None:
    """What lies upon what, what belongs to what, and which of them carries a tunnel."""
    assert expected == HOST[expected.name]


def test_a_device_of_a_network_name_space() -> None:
    """A bridge's port has its own data beside the bridge's."""
    wanted = replace(VXLAN, index=4, name="vx100", mtu=1450, master="brvx100", underlay="e0", vxlan_id=100100)
    assert (replace(wanted, vxlan_local="10.99.1.1"),) == iproute.links(capture("link.vxlan"))


def test_no_carrier_is_not_up() -> None:
    """A device that is switched on and has no cable carries nothing."""
    row = {"ifindex": 1, "ifname": "eth0", "mtu": 1500, "flags": ["NO-CARRIER", "BROADCAST", "UP"]}
    assert not iproute.links(json.dumps([row]))[0].up


def test_what_versions_differ_in() -> None:
    """Empty objects stand where 4.15 filtered something away; null and missing keys, where it knew nothing."""
    rows = [{}, {"ifindex": 3, "ifname": "eno1", "mtu": 1500, "flags": ["UP"], "link": None, "linkinfo": {}}, {}]
    assert (Link(3, "eno1", 1500),) == iproute.links(json.dumps(rows))
    assert () == iproute.links("[{},{}]")
    assert () == iproute.links("[]")


def test_a_device_that_lies_upon_one_of_another_name_space() -> None:
    """There ip(8) shows a number, or for a vxlan the device of ours that has the same one."""
    row = {"ifindex": 9, "ifname": "vxlan9", "mtu": 1450, "flags": ["UP"], "link_index": 2, "link_netnsid": 0}
    info = {"info_kind": "vxlan", "info_data": {"id": 9, "link": "eth0", "port": 4789}}
    expected = Link(9, "vxlan9", 1450, "vxlan", vxlan_id=9, vxlan_port=4789)
    assert (expected,) == iproute.links(json.dumps([{**row, "linkinfo": info}]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", Route("vec0", "10.213.0.201")),
        ("route-mtu", Route("vec0", "10.213.0.201", 1400)),
        ("route-mtu-locked", Route("vec0", "10.213.0.5", 1300)),
        ("local", Route("lo", "10.213.0.5")),
        ("ipv6", Route("cloudbr0", "fd00::5")),
        ("cached", Route("cslab0", "10.213.0.3", 1400, cached=True)),
    ],
)
def test_routes(name: str, expected: Route) -> None:
    """An MTU that was learnt is told from one that somebody has set."""
    assert expected == iproute.route(capture(f"route.{name}"))


@pytest.mark.parametrize("text", ["", "\n", "[]", "[{}]", '[{"type":"unreachable","dst":"2001:db8::1","dev":"lo"}]'])
def test_no_route(text: str) -> None:
    """Nothing at all, or a route that says that there is none."""
    assert iproute.route(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Object "link" is unknown', "not JSON"),
        ("{}", "not a list"),
        ("[1]", "not an object"),
        ('[{"ifname":"eth0","mtu":1500}]', "without ifindex"),
        ('[{"ifindex":1,"mtu":1500}]', "without ifname"),
        ('[{"ifindex":1,"ifname":"eth0"}]', "without mtu"),
        ('[{"ifindex":1,"ifname":"eth0","mtu":"1500"}]', "mtu: not a number"),
        ('[{"ifindex":1,"ifname":"eth0","mtu":-1}]', "mtu: not a number"),
        ('[{"ifindex":1,"ifname":"eth0","mtu":true}]', "mtu: not a number"),
        ('[{"ifindex":1,"ifname":["eth0"],"mtu":1}]', "ifname: not a word"),
        ('[{"ifindex":1,"ifname":"eth0","mtu":1,"flags":"UP"}]', "flags are no list"),
        ("[" * 100_000, "not JSON"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_answer_of_ip_link(text: str, said: str) -> None:
    """The error names the part that offends."""
    with pytest.raises(UnparsableError, match=said):
        iproute.links(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"dst":"10.0.0.1"}]', "without dev"),
        ('[{"dev":"eth0","metrics":{"mtu":1}}]', "metrics are no list"),
        ('[{"dev":"eth0","metrics":[1400]}]', "metrics: not an object"),
        ('[{"dev":"eth0","metrics":[{"mtu":"lock"}]}]', "mtu: not a number"),
    ],
)
def test_what_is_no_answer_of_ip_route(text: str, said: str) -> None:
    """The error names the part that offends."""
    with pytest.raises(UnparsableError, match=said):
        iproute.route(text)


_KEYS = st.sampled_from(
    ["ifindex", "ifname", "mtu", "flags", "linkinfo", "info_kind", "info_data", "dev", "metrics", "link", "expires"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=20,
)


@given(_JSON.map(json.dumps) | st.text())
def test_any_text_gives_a_value_or_unparsable(text: str) -> None:
    """No other error, whatever a host says."""
    assert isinstance(outcome(iproute.links, text), tuple | UnparsableError)
    assert isinstance(outcome(iproute.route, text), Route | UnparsableError | None)


@given(st.integers(0, len(capture("link.uml"))), st.text(max_size=3))
def test_a_damaged_answer_gives_a_value_or_unparsable(cut: int, noise: str) -> None:
    """An answer that was cut, or has something in it that does not belong there."""
    whole = capture("link.uml")
    assert isinstance(outcome(iproute.links, whole[:cut] + noise + whole[cut:]), tuple | UnparsableError)
    assert isinstance(outcome(iproute.links, whole[:cut]), tuple | UnparsableError)
