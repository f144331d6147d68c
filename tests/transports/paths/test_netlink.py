"""Devices and routes of the exporter's own machine: the same that ip(8) says of them, in name spaces of the lab."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest
import uvloop

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.parsers import iproute
from cs_exporter.ports import Link, Route
from cs_exporter.transports.paths import netlink
from cs_exporter.transports.paths.netlink import KernelLinks
from tests.lab import faults
from tests.lab.control import LabError
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.wait import wait_until
from tests.transports.paths import ip_links
from tests.transports.paths.paths import inside
from tests.transports.ssh.test_greeting import descriptors
from tests.transports.test_tcp import limited

Run = Callable[[Coroutine[Any, Any, Any]], Any]

DEVICES = (
    "link add brvx-7 type bridge",
    "link add vxlan7 type vxlan id 7 local {address} dev eth0 dstport 4789",
    "link set vxlan7 master brvx-7 up",
    "link set brvx-7 up",
    "link add vxlan8 type vxlan id 8 local fd00::5 dstport 8472",
    "link add vxext type vxlan external dstport 4790",
    "link add mac7 link eth0 type macvtap",
    "link add vnet7 type veth peer name vnet8",
    "link set vnet7 master brvx-7 up",
    "link set vnet8 mtu 1400 up",
    "tuntap add dev tap7 mode tap",
)
NAMES = ("vxlan7", "vxlan8", "vxext", "mac7", "vnet7", "tap7", "brvx-7")

ROUTES = {
    "192.0.2.0/25": "via {router}",
    "192.0.2.128/25": "via {router} mtu 1400",
    "198.51.100.0/25": "via {router} mtu lock 1300",
}
NO_ROUTES = {"unreachable": "203.0.113.0/26", "blackhole": "203.0.113.64/26", "prohibit": "203.0.113.128/26"}
DESTINATIONS = (
    *("192.0.2.1", "192.0.2.129", "198.51.100.1", "127.0.0.1", "203.0.113.1", "203.0.113.65", "203.0.113.129"),
    *("::1", "2001:db8::1"),
)


@contextmanager
def devices(host: LabHost) -> Iterator[None]:
    """Devices as a hypervisor has them."""
    host.namespace.ip(*(line.format(address=host.address) for line in DEVICES))
    try:
        yield
    finally:
        host.namespace.ip(*(f"link del {name}" for name in NAMES))


@contextmanager
def routes(host: LabHost, router: str) -> Iterator[None]:
    """Routes of every kind."""
    there = [f"{network} {way.format(router=router)}" for network, way in ROUTES.items()]
    nowhere = [f"{kind} {network}" for kind, network in NO_ROUTES.items()]
    host.namespace.ip(*(f"route add {line}" for line in (*there, *nowhere)))
    try:
        yield
    finally:
        host.namespace.ip(*(f"route del {line}" for line in (*there, *nowhere)))


def links(host: LabHost, run: Run = asyncio.run) -> tuple[Link, ...]:
    """What a program in the host's network name space is told."""
    found: tuple[Link, ...] = inside(host.namespace, lambda: run(KernelLinks().links()))
    return found


def route(host: LabHost, address: str, run: Run = asyncio.run) -> Route | None:
    """The same for one address."""
    found: Route | None = inside(host.namespace, lambda: run(KernelLinks().route(address)))
    return found


def said_by_ip(host: LabHost, address: str) -> Route | None:
    """The route by ip(8), which fails where there is none."""
    try:
        return iproute.route(host.namespace.run(["ip", "-j", "route", "get", address]))
    except LabError:
        return None


def agreed(host: LabHost, run: Run) -> tuple[Link, ...]:
    """The devices, if ip(8) says the same of them."""
    found = links(host, run)
    return found if ip_links.links(host.namespace.run(["ip", "-j", "-d", "link", "show"])) == found else ()


@pytest.mark.lab
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_devices(lab: Lab, run: Run) -> None:
    """Kind, size, what lies upon what; and nothing that ip(8) would tell otherwise."""
    host = lab.hosts["h2"]
    with devices(host):
        # A device's carrier settles a moment after it is made.
        found = wait_until(lambda: agreed(host, run), what="the same from ip(8) and rtnetlink")
    by_name = {link.name: link for link in found}
    carrier = {"vxlan_id": 7, "vxlan_local": host.address, "vxlan_port": 4789}
    shown = asdict(by_name["vxlan7"])
    assert carrier == {key: shown[key] for key in carrier}
    assert (1450, "vxlan", "brvx-7", "eth0") == tuple(shown[key] for key in ("mtu", "kind", "master", "underlay"))
    assert ("fd00::5", 8) == (by_name["vxlan8"].vxlan_local, by_name["vxlan8"].vxlan_id)
    assert (None, 4790) == (by_name["vxext"].vxlan_id, by_name["vxext"].vxlan_port)
    assert ("macvtap", "eth0") == (by_name["mac7"].kind, by_name["mac7"].underlay)
    assert ("veth", "", "brvx-7") == (by_name["vnet7"].kind, by_name["vnet7"].underlay, by_name["vnet7"].master)


@pytest.mark.lab
def test_what_lies_upon_a_device_of_another_name_space(lab: Lab) -> None:
    """Its number there is not that of one of our own."""
    host, hub = lab.hosts["h2"], lab.network.hub
    index = json.loads(hub.run(["ip", "-j", "link", "show", "far"]))[0]["ifindex"]
    host.namespace.ip(f"link add same9 index {index} type bridge")
    hub.ip("link add mac9 link far type macvlan", "link add vxlan9 type vxlan id 9 dev far dstport 4789")
    hub.ip(*(f"link set {name} netns {host.pid}" for name in ("mac9", "vxlan9")))
    try:
        found = {link.name: link for link in links(host)}
        text = host.namespace.run(["ip", "-j", "-d", "link", "show"])
        by_ip = {link.name: link for link in ip_links.links(text)}
    finally:
        host.namespace.ip(*(f"link del {name}" for name in ("same9", "mac9", "vxlan9")))
    assert index == found["same9"].index
    for name in ("mac9", "vxlan9"):
        assert ("", "") == (found[name].underlay, by_ip[name].underlay)


async def test_devices_that_come_and_go_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that the kernel marks as interrupted may lack some: it is asked again, though not for ever."""
    asked: list[int] = []

    async def interrupted(whole: int, *_: object) -> list[netlink._Device]:
        asked.append(len(asked))
        return [netlink._Device(Link(1, f"lo{asked[-1]}", 65536), 0, 0, asked[-1] != whole)]

    for whole, name in ((0, "lo0"), (1, "lo1"), (9, "lo2")):
        asked.clear()
        monkeypatch.setattr(netlink, "_asked", partial(interrupted, whole))
        assert [name] == [link.name for link in await KernelLinks().links()]


@pytest.mark.lab
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_routes(lab: Lab, run: Run) -> None:
    """With an MTU that somebody has set, without, and none; and nothing that ip(8) would tell otherwise."""
    host, router = lab.hosts["h2"], lab.network.lan.address(1)
    with routes(host, router):
        found = {address: route(host, address, run) for address in DESTINATIONS}
        assert {address: said_by_ip(host, address) for address in DESTINATIONS} == found
    expected = [
        *(Route("eth0", host.address), Route("eth0", host.address, 1400), Route("eth0", host.address, 1300)),
        *(Route("lo", "127.0.0.1"), None, None, None),
        *(Route("lo", "::1"), None),
    ]
    assert expected == [*found.values()]


@pytest.mark.lab
async def test_what_the_kernel_has_learnt_is_marked(lab: Lab) -> None:
    """As long as it lasts; an address may be a name."""
    far = lab.hosts["h6"]
    with faults.small_route(far, silent=False), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect((far.address, 9))
        for _ in range(2):
            # The router's word comes back before the second one.
            with suppress(OSError):
                sending.send(bytes(1472))
        found = await KernelLinks().route(far.address)
    assert found is not None
    assert (lab.network.uplink, 1400, True) == (found.device, found.mtu, found.cached)
    local = await KernelLinks().route("localhost")
    assert local is not None
    assert "lo" == local.device


@pytest.mark.lab
def test_many_devices_come_in_several_parts(lab: Lab) -> None:
    """None is lost between them, and none told twice."""
    host = lab.hosts["h2"]
    names = [f"b{number}" for number in range(40)]
    host.namespace.ip(*(f"link add {name} type bridge" for name in names))
    try:
        found = [link.name for link in links(host)]
    finally:
        host.namespace.ip(*(f"link del {name}" for name in names))
    assert sorted(names) == sorted(name for name in found if name.startswith("b"))


async def test_our_own_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """No descriptor, and a kernel that does not answer: they tell nothing of any host, and leave nothing."""
    before = descriptors()
    with limited(2), pytest.raises(ProbeFailed) as caught:
        await KernelLinks().links()
    assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
    monkeypatch.setattr(netlink, "DEADLINE", 0.0)
    with pytest.raises(ProbeFailed) as caught:
        await KernelLinks().route("127.0.0.1")
    assert (Reason.TIMEOUT, True) == (caught.value.reason, caught.value.ours)
    assert descriptors() <= before
