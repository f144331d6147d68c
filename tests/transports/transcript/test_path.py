"""Packets, devices and routes in the transcript: a line each, failures too."""

from __future__ import annotations

import re
import time

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Counters, Echo, EchoState, EchoWay, Io, Link, Route
from cs_exporter.transports.paths.mtu import Echoes
from cs_exporter.transports.paths.netlink import KernelLinks
from cs_exporter.transports.transcript import path as transcript_path
from cs_exporter.transports.transcript.transcript import noted
from tests import world


def noting(lines: list[str]) -> Io:
    """A run's ports as `cs-exporter probe` gives them, over the real ones."""
    return noted(world.io(mtu=Echoes(Counters()), netlink=KernelLinks()), lines.append)


async def test_a_packet_and_what_became_of_it() -> None:
    """The way too, because what an answer is worth depends on it."""
    lines: list[str] = []
    io = noting(lines)
    assert io.mtu.way in EchoWay
    assert EchoState.REPLY is (await io.mtu.echo("127.0.0.1", 1400, 5.0)).state
    asked, answered = lines
    assert asked.startswith(f"> echo ({io.mtu.way}): 1400 bytes to 127.0.0.1, not to be fragmented   (")
    assert re.fullmatch(r"< reply in \d+\.\d\d ms", answered)


async def test_our_own_fault_is_noted_and_raised() -> None:
    """The reason stands where the answer would."""
    lines: list[str] = []
    with pytest.raises(ProbeFailed):
        await noting(lines).mtu.echo("no..such..name", 1400, 5.0)
    assert lines[1].startswith("< failed: unreachable: echo to no..such..name: the name does not resolve")


async def test_devices_and_routes() -> None:
    """Those of this machine; there is always a way to itself."""
    lines: list[str] = []
    io = noting(lines)
    links = await io.netlink.links()
    await io.netlink.route("127.0.0.1")
    assert lines[0].startswith("> rtnetlink: the devices   (")
    assert "< lo: mtu 65536 loopback" in lines
    asked, answered = lines[len(links) + 1 :]
    assert asked.startswith("> rtnetlink: the route to 127.0.0.1   (")
    assert "< out of lo from 127.0.0.1" == answered


class Told:
    """Ports that give what the test wants, as a kernel elsewhere would."""

    way = EchoWay.RAW

    def __init__(self, echo: Echo, links: tuple[Link, ...], route: Route | None) -> None:
        self._echo, self._links, self._route = echo, links, route

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """See ports.Mtu."""
        assert (address, size, deadline) == ("10.0.0.1", self._echo.size, 1.0)
        return self._echo

    async def links(self) -> tuple[Link, ...]:
        """See ports.Netlink."""
        return self._links

    async def route(self, address: str) -> Route | None:
        """See ports.Netlink."""
        assert "10.0.0.1" == address
        return self._route


LINKS = (
    Link(2, "eth0", 1500, up=False),
    Link(3, "vxlan7", 1450, "vxlan", underlay="eth0", master="brvx-7", vxlan_id=7, vxlan_port=4789),
    Link(4, "vxext", 65000, "vxlan", vxlan_port=4789, vxlan_local="10.0.0.5"),
)


@pytest.mark.parametrize(
    ("echo", "route", "expected"),
    [
        (
            Echo(EchoState.TOO_BIG, 1500, mtu=1400, by="10.0.0.254"),
            Route("eth0", "10.0.0.5", 1400, cached=True),
            ("too_big mtu 1400 by 10.0.0.254", "out of eth0 from 10.0.0.5 mtu 1400 (learnt, will expire)"),
        ),
        (Echo(EchoState.SILENT, 9000), Route("eth0", mtu=9000), ("silent", "out of eth0 mtu 9000")),
        (Echo(EchoState.UNREACHABLE, 68), None, ("unreachable", "none")),
    ],
)
async def test_all_that_may_be_told(echo: Echo, route: Route | None, expected: tuple[str, str]) -> None:
    """What is not known is left out."""
    lines: list[str] = []
    told = Told(echo, LINKS, route)
    await transcript_path.NotedMtu(told, lines.append, time).echo("10.0.0.1", echo.size, 1.0)
    netlink = transcript_path.NotedNetlink(told, lines.append, time)
    await netlink.route("10.0.0.1")
    await netlink.links()
    answers = [line.removeprefix("< ") for line in lines if line.startswith("< ")]
    assert expected == tuple(answers[:2])
    assert [
        "eth0: mtu 1500 down",
        "vxlan7: mtu 1450 vxlan on eth0 in brvx-7 id 7 port 4789",
        "vxext: mtu 65000 vxlan any id port 4789 from 10.0.0.5",
    ] == answers[2:]
