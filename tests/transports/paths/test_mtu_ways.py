"""What a process without privileges finds out of a path, by ping sockets and by UDP, and where that ends.

Real processes of nobody in a name space of the lab, with and without the sysctl that allows ping sockets.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from cs_exporter.ports import EchoWay
from tests.lab import faults
from tests.lab.lab import Lab
from tests.lab.netns import ROUTER
from tests.transports.paths.paths import ping_sockets

CHILD = [sys.executable, "-m", "tests.transports.paths.echo_child"]
CHILD_DEADLINE = 30.0
WAYS = (EchoWay.PING, EchoWay.UDP)


def asked(enter: Sequence[str], *echoes: tuple[str, int]) -> tuple[str, list[dict[str, Any]]]:
    """The way that a process of nobody goes, started by `enter`, and what became of its echoes."""
    words = [str(word) for pair in echoes for word in pair]
    argv = [*enter, *CHILD, *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CHILD_DEADLINE, check=False)
    assert not done.stderr
    way, *lines = map(json.loads, done.stdout.splitlines())
    return way, lines


@contextmanager
def going(lab: Lab, way: EchoWay) -> Iterator[list[str]]:
    """Processes of nobody go that way in the mgmt name space; how one is started there."""
    with ping_sockets(lab.network.mgmt, "0 2147483647" if way is EchoWay.PING else "1 0"):
        yield lab.network.mgmt.enter([])


@pytest.mark.lab
@pytest.mark.parametrize("way", WAYS)
def test_a_path_that_is_right(lab: Lab, way: EchoWay) -> None:
    """What fits comes back with its time, through the router too; our own device is told apart."""
    near, far = lab.hosts["h1"].address, lab.hosts["h6"].address
    with going(lab, way) as enter:
        found_way, found = asked(enter, (near, 100), (near, 1500), (far, 1500), ("::1", 9000), (far, 1501))
    assert way == found_way
    assert ["reply", "reply", "reply", "reply", "local"] == [one["state"] for one in found]
    assert all(0 < one["rtt"] < 1 for one in found[:4])
    assert 1500 == found[4]["mtu"]


@pytest.mark.lab
@pytest.mark.parametrize("way", WAYS)
def test_a_router_that_says_so(lab: Lab, way: EchoWay) -> None:
    """By how much, and who it is; again and again, though the kernel has cached it."""
    far = lab.hosts["h6"]
    with going(lab, way) as enter, faults.small_route(far, silent=False):
        _, found = asked(enter, (far.address, 1500), (far.address, 1401), (far.address, 1400))
    said = [(one["state"], one["mtu"], one["by"]) for one in found]
    router = lab.network.lan.address(ROUTER)
    assert [("too_big", 1400, router), ("too_big", 1400, router), ("reply", None, None)] == said


@pytest.mark.lab
@pytest.mark.parametrize("way", WAYS)
def test_a_black_hole(lab: Lab, way: EchoWay) -> None:
    """The large packet is lost, the one that fits is not."""
    far = lab.hosts["h6"]
    with going(lab, way) as enter, faults.small_route(far, silent=True):
        _, found = asked(enter, (far.address, 1401), (far.address, 1400))
    assert ["silent", "reply"] == [one["state"] for one in found]


@pytest.mark.lab
@pytest.mark.parametrize("way", WAYS)
def test_a_router_that_refuses(lab: Lab, way: EchoWay) -> None:
    """A refusal is no answer of the peer, also where the router takes the same words for it."""
    far, router = lab.hosts["h6"].address, lab.network.lan.address(ROUTER)
    for refusal in ("admin-prohibited", "port-unreachable"):
        with (
            going(lab, way) as enter,
            faults.filtered(lab.network.router, "forward", f"reject with icmp type {refusal}"),
        ):
            _, (found,) = asked(enter, (far, 1000))
        assert ("unreachable", router) == (found["state"], found["by"])


@pytest.mark.lab
def test_a_peer_that_filters_looks_silent_by_udp(lab: Lab) -> None:
    """Which is why silence on a small packet is no evidence by that way: the same peer answers echoes."""
    host = lab.hosts["h1"]
    with faults.filtered(host.namespace, "input", "meta l4proto udp drop"):
        states = []
        for way in WAYS:
            with going(lab, way) as enter:
                states.append(asked(enter, (host.address, 100))[1][0]["state"])
    assert ["reply", "silent"] == states


@pytest.mark.lab
@pytest.mark.parametrize("way", WAYS)
def test_our_own_packet_filter_is_our_own_fault(lab: Lab, way: EchoWay) -> None:
    """What our kernel may not send tells nothing of the path."""
    with (
        going(lab, way) as enter,
        faults.filtered(lab.network.mgmt, "output", f"ip daddr {lab.hosts['h1'].address} drop"),
    ):
        _, (found,) = asked(enter, (lab.hosts["h1"].address, 100))
    assert found["ours"]
    assert "on the machine of cs_exporter itself: Operation not permitted" in found["failed"]


@pytest.mark.lab
def test_no_route() -> None:
    """Where the kernel knows no way, nobody else has said so."""
    _, found = asked(["unshare", "--net"], ("192.0.2.1", 100), ("2001:db8::1", 100))
    assert [("unreachable", None)] * 2 == [(one["state"], one["by"]) for one in found]
