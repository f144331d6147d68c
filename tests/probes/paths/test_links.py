"""A hypervisor's devices: compact on the host, whatever awk it has, and folded by what guests lie upon."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.model import Link, Route
from cs_exporter.parsers import links
from cs_exporter.probes.paths.links import LINKS, MOST_DEVICES, OTHER, Devices, Guests, shown
from tests.transports.paths import ip_links

CAPTURES = Path(__file__).parents[2] / "captures" / "links"
ROUTES = (Route("cloudbr0", "10.213.0.5"),)


def printed(tmp_path: Path, capture: Path, awk: str) -> str:
    """What the section says where ip shows that capture, with that awk."""
    (tmp_path / "ip").write_text(f"#!/bin/sh\ncat {capture}\n", encoding="utf-8")
    (tmp_path / "awk").write_text(f'#!/bin/sh\nexec {awk} "$@"\n', encoding="utf-8")
    for name in ("ip", "awk"):
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    done = subprocess.run(["sh", "-c", LINKS.body], capture_output=True, text=True, check=True, env={"PATH": path})
    assert "" == done.stderr
    return done.stdout


@pytest.mark.debian
@pytest.mark.parametrize("awk", ["mawk", "busybox awk"])
def test_the_short_form_loses_nothing(awk: str, tmp_path: Path) -> None:
    """The same devices as from ip's own JSON of the same moment, in a tenth of the bytes."""
    text = printed(tmp_path, CAPTURES / "hypervisor.txt", awk)
    whole = (CAPTURES / "hypervisor.json").read_text(encoding="utf-8")
    assert ip_links.links(whole) == links.devices(text)
    assert 10 * len(text) < len(whole)


def test_this_machine_understands_the_section() -> None:
    """The real ip: the loopback device is always there."""
    done = subprocess.run(["sh", "-c", LINKS.body], capture_output=True, text=True, check=True)
    (loopback,) = [link for link in links.devices(done.stdout) if link.name == "lo"]
    assert "loopback" == loopback.kind


def hypervisor() -> tuple[Link, ...]:
    """The captured one."""
    return ip_links.links((CAPTURES / "hypervisor.json").read_text(encoding="utf-8"))


def test_what_is_shown_of_a_hypervisor() -> None:
    """Hardware, the bond, and the way to the peers; guests by bridge, tunnel's underlay or vlan's; room for VXLAN."""
    assert Devices(
        mtus={"vec0": 1500, "bond0": 9000, "bond0.100": 9000, "cloudbr0": 1500},
        headroom={"cloudbr0": 1500 - 8950 - 50},
        guests={
            "cloudbr0": Guests(3, 1500),  # vnet0 by its VXLAN, tap1 on the bridge, macvtap0 on it
            OTHER: Guests(2, 1400),  # one end of a pair, and tap0, whose VXLAN says nothing of its underlay
            "bond0": Guests(1, 1500),
        },
    ) == shown(hypervisor(), ROUTES, ())


def test_declared_bridges_are_shown() -> None:
    """With the vlans that are their ports."""
    assert {"vec0", "bond0", "bond0.200", "breth-200"} <= shown(hypervisor(), (), ("breth-200", "none")).mtus.keys()


def test_a_vxlan_without_a_device_lies_where_its_address_is() -> None:
    """As with EVPN: by the route that leaves from there; over IPv6 the encapsulation takes 70 bytes."""
    routes = (*ROUTES, Route("bond0", "fd00::5"))
    found = shown(hypervisor(), routes, ())
    assert 9000 - 1500 - 70 == found.headroom["bond0"]
    assert Guests(2, 1400) == found.guests["bond0"]


@pytest.mark.parametrize(("overlay", "expected"), [(1450, 0), (1451, -1), (1400, 50)])
def test_room_for_vxlan(overlay: int, expected: int) -> None:
    """Underlay minus overlay minus 50; the largest of several VXLANs counts."""
    vxlan = Link(3, "vx1", overlay, "vxlan", underlay="eth0", vxlan_id=1)
    devices = (Link(2, "eth0", 1500), vxlan, replace(vxlan, name="vx2", mtu=1280))
    assert {"eth0": expected} == shown(devices, (), ()).headroom


def test_a_thousand_guests_are_a_few_values() -> None:
    """And a host with a thousand ports of hardware shows only so many."""
    many = tuple(Link(number, f"vnet{number}", 1500, "tun", master=f"brvx-{number}") for number in range(1000))
    found = shown((Link(1, "eth0", 9000), *many), (), ())
    assert Devices({"eth0": 9000}, {}, {OTHER: Guests(1000, 1500)}) == found
    ports = tuple(Link(number, f"eth{number}", 1500) for number in range(1000))
    assert MOST_DEVICES == len(shown(ports, (), ()).mtus)


def test_circles_end() -> None:
    """Devices that lie upon each other, as no kernel makes them."""
    one, other = Link(1, "a", 1500, "vlan", underlay="b"), Link(2, "b", 1500, "vlan", underlay="a")
    assert {"a": 1500, "b": 1500} == shown((one, other), (Route("a"),), ()).mtus
