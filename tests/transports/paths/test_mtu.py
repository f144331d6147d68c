"""Echoes over real paths of the lab: what a path carries, who says so, and what is nobody's word.

As root, so by raw sockets; processes without privileges are in `test_mtu_ways.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time

import pytest
import uvloop

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, Echo, EchoState, EchoWay
from cs_exporter.transports.names import Found, Names
from cs_exporter.transports.paths import mtu
from cs_exporter.transports.paths.mtu import Echoes
from cs_exporter.transports.paths.netlink import KernelLinks
from cs_exporter.transports.tcp import RESERVE
from tests.lab import fair, faults
from tests.lab.lab import Lab
from tests.lab.netns import ROUTER
from tests.lab.wait import wait_until_async
from tests.transports.paths.paths import by_hand, inside, ipv6, ping_sockets
from tests.transports.ssh.test_greeting import descriptors
from tests.transports.test_tcp import limited

DEADLINE = 0.4
PATIENCE = 5.0
"""Seconds for what must come: the machine may be busy."""


async def echo(address: str, size: int, deadline: float = PATIENCE) -> Echo:
    """What becomes of one packet; nothing is left of it."""
    before = descriptors()
    found = await Echoes(Counters()).echo(address, size, deadline)
    assert descriptors() <= before
    return found


async def state(address: str, size: int) -> EchoState:
    """What becomes of one packet that may be lost."""
    return (await echo(address, size, DEADLINE)).state


@pytest.mark.lab
async def test_what_fits_comes_back(lab: Lab) -> None:
    """With the time it took, whether it went through a router or not."""
    for name in ("h1", "h6"):
        found = await echo(lab.hosts[name].address, 1500)
        assert (EchoState.REPLY, 1500, None, None) == (found.state, found.size, found.mtu, found.by)
        assert found.rtt is not None
        assert 0 < found.rtt < 1


@pytest.mark.lab
async def test_a_router_that_says_so_and_a_repair_at_once(lab: Lab) -> None:
    """The kernel has then cached 1400 for ten minutes, and the repaired path is seen with the next packet."""
    host = lab.hosts["h6"]
    with faults.small_route(host, silent=False):
        expected = Echo(EchoState.TOO_BIG, 1500, mtu=1400, by=lab.network.lan.address(ROUTER))
        assert expected == await echo(host.address, 1500)
        assert EchoState.TOO_BIG is (await echo(host.address, 1401)).state
        assert EchoState.REPLY is (await echo(host.address, 1400)).state
    route = await KernelLinks().route(host.address)
    assert route is not None
    assert (1400, True) == (route.mtu, route.cached)
    assert EchoState.REPLY is (await echo(host.address, 1500)).state


@pytest.mark.lab
async def test_black_holes(lab: Lab) -> None:
    """A router that tells nobody, and a bridge's port, which never does: only the large packet is lost."""
    far, near = lab.hosts["h6"], lab.hosts["h2"]
    with faults.small_route(far, silent=True), faults.small_path(near):
        for host in (far, near):
            assert EchoState.REPLY is (await echo(host.address, 1400)).state
            assert EchoState.SILENT is await state(host.address, 1401)
    for host in (far, near):
        assert EchoState.REPLY is (await echo(host.address, 1500)).state


@pytest.mark.lab
def test_the_same_under_uvloop(lab: Lab) -> None:
    """The daemon's event loop is another one than a test's, and hears of sockets in another way."""
    host = lab.hosts["h6"]
    with faults.small_route(host, silent=False):
        found = [uvloop.run(echo(host.address, size)) for size in (1500, 1400)]
    assert [EchoState.TOO_BIG, EchoState.REPLY] == [one.state for one in found]


@pytest.mark.lab
async def test_our_own_device_is_no_verdict_on_the_path(lab: Lab) -> None:
    """What our kernel does not send is told apart, with the device's MTU; nothing is counted as sent."""
    counters = Counters()
    found = await Echoes(counters).echo(lab.hosts["h1"].address, 1501, PATIENCE)
    assert (Echo(EchoState.LOCAL, 1501, mtu=1500), 0) == (found, counters.echoes)


@pytest.mark.lab
@pytest.mark.parametrize("refusal", ["admin-prohibited", "host-unreachable", "net-unreachable"])
async def test_a_router_that_refuses(lab: Lab, refusal: str) -> None:
    """It says that it will not or cannot, and who it is."""
    with faults.filtered(lab.network.router, "forward", f"ip protocol icmp reject with icmp type {refusal}"):
        found = await echo(lab.hosts["h6"].address, 1000)
    assert Echo(EchoState.UNREACHABLE, 1000, by=lab.network.lan.address(ROUTER)) == found


@pytest.mark.lab
async def test_ipv6(lab: Lab) -> None:
    """The same by ICMPv6: fits, our own device, a router that says so, a black hole, a repaired path."""
    far = lab.hosts["h6"]
    with ipv6(lab, lab.hosts["h1"], far) as (near_address, address):
        await wait_until_async(lambda: _replies(near_address), 10, "IPv6 to work")
        await wait_until_async(lambda: _replies(address), 10, "IPv6 to be forwarded")
        assert EchoState.REPLY is (await echo(address, 1500)).state
        assert Echo(EchoState.LOCAL, 1501, mtu=1500) == await echo(address, 1501)
        with faults.small_route(far, silent=False):
            found = await echo(address, 1500)
            assert (EchoState.TOO_BIG, 1400) == (found.state, found.mtu)
            assert found.by is not None
            assert EchoState.REPLY is (await echo(address, 1400)).state
        assert EchoState.REPLY is (await echo(address, 1500)).state
        with faults.small_path(lab.hosts["h1"]):
            assert EchoState.SILENT is await state(near_address, 1500)
            assert EchoState.REPLY is (await echo(near_address, 1400)).state


async def _replies(address: str) -> bool:
    return EchoState.REPLY is await state(address, 100)


@pytest.mark.lab
async def test_only_the_answer_to_this_very_packet_counts(lab: Lab) -> None:
    """Not one that comes too late to an earlier packet, nor one that has the same numbers and another token."""
    echoes, host = Echoes(Counters()), lab.hosts["h2"]
    with by_hand(host) as answerer:
        assert EchoState.SILENT is (await echoes.echo(host.address, 100, 0.1)).state
        late = answerer.next()
        waiting = asyncio.create_task(echoes.echo(host.address, 100, PATIENCE))
        asked = await asyncio.to_thread(answerer.next)
        answerer.send(late.reply(), late.sender)
        answerer.send(asked.reply(late.payload), asked.sender)
        answerer.send(asked.reply()[:8], asked.sender)
        answered, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not answered
        answerer.send(asked.reply(), asked.sender)
        assert EchoState.REPLY is (await waiting).state


def busy(seconds: float) -> None:
    """Keep the event loop from running."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        hashlib.sha256(b"busy" * 100).digest()


@pytest.mark.lab
async def test_the_time_is_right_whatever_the_event_loop_does(lab: Lab) -> None:
    """The loop runs nothing for a second, beyond the deadline: the answer counts, with the kernel's time."""
    echoes, host = Echoes(Counters()), lab.hosts["h2"]
    with by_hand(host) as answerer:

        def answer() -> None:
            asked = answerer.next()
            threading.Event().wait(0.05)
            answerer.send(asked.reply(), asked.sender)

        answering = asyncio.get_running_loop().run_in_executor(None, answer)
        waiting = asyncio.create_task(echoes.echo(host.address, 1500, 0.3))
        await asyncio.sleep(0)
        busy(1.0)
        found = await waiting
        await answering
    assert EchoState.REPLY is found.state
    assert found.rtt is not None
    assert 0.05 <= found.rtt < 0.5


@pytest.mark.lab
async def test_a_thousand_at_once() -> None:
    """All of 500 peers answer both sizes, nobody's answer pushes another one's out, and nothing is left."""
    counters = Counters()
    echoes, before = Echoes(counters), descriptors()
    peers = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(500)]
    found = await asyncio.gather(*(echoes.echo(peer, size, PATIENCE) for peer in peers for size in (100, 9000)))
    assert {EchoState.REPLY} == {one.state for one in found}
    assert 1000 == counters.echoes
    assert descriptors() <= before


@pytest.mark.lab
async def test_many_that_nobody_answers(lab: Lab) -> None:
    """Silence costs each its own deadline only, and they wait side by side."""
    echoes, host, before = Echoes(Counters()), lab.hosts["h2"], descriptors()
    began = fair.seconds()
    with faults.dropped(host):
        found = await asyncio.gather(*(echoes.echo(host.address, 100, DEADLINE) for _ in range(400)))
    assert {EchoState.SILENT} == {one.state for one in found}
    assert fair.seconds() - began < 10 * DEADLINE
    assert descriptors() <= before


@pytest.mark.lab
async def test_few_descriptors_make_it_slower_only() -> None:
    """Where few sockets may be opened, echoes wait for one another, and the reserve is left alone."""
    with limited(4 * RESERVE):
        echoes = Echoes(Counters())
        found = await asyncio.gather(*(echoes.echo("127.0.0.1", 100, PATIENCE) for _ in range(600)))
    assert {EchoState.REPLY} == {one.state for one in found}


@pytest.mark.lab
async def test_no_descriptor_is_our_own_fault(lab: Lab) -> None:
    """It tells nothing of the peer."""
    before = descriptors()
    with limited(2), pytest.raises(ProbeFailed) as caught:
        await Echoes(Counters()).echo(lab.hosts["h1"].address, 100, PATIENCE)
    assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
    assert descriptors() <= before


@pytest.mark.lab
async def test_no_slot_is_our_own_fault(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many under way at once, for as long as the caller would wait."""
    monkeypatch.setattr(mtu, "PARALLEL", 1)
    echoes, host = Echoes(Counters()), lab.hosts["h2"]
    with faults.dropped(host):
        first = asyncio.create_task(echoes.echo(host.address, 100, DEADLINE))
        await asyncio.sleep(0)
        with pytest.raises(ProbeFailed, match="too many echoes") as caught:
            await echoes.echo(host.address, 100, 0.1)
        assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
        assert EchoState.SILENT is (await first).state


@pytest.mark.lab
async def test_cancelling_leaves_nothing(lab: Lab) -> None:
    """No socket, no reader, no slot taken; others go on."""
    echoes, host, before = Echoes(Counters()), lab.hosts["h2"], descriptors()
    with faults.dropped(host):
        waiting = [asyncio.create_task(echoes.echo(host.address, 100, PATIENCE)) for _ in range(5)]
        await wait_until_async(lambda: descriptors() >= before + 6, what="five sockets and their watch")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert all(task.cancelled() for task in waiting)
    assert descriptors() <= before
    assert EchoState.REPLY is (await echoes.echo(host.address, 100, PATIENCE)).state


async def test_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name's first address counts; a name that does not resolve tells nothing of the peer."""
    found: Found = [(2, 1, 6, "", ("127.0.0.5", 0)), (2, 1, 6, "", ("127.0.0.6", 0))]  # type: ignore[list-item]  # numbers, as getaddrinfo's
    monkeypatch.setattr(mtu, "names", Names(ask=lambda *_: found))
    assert EchoState.REPLY is (await echo("kvm1", 100)).state
    monkeypatch.undo()
    with pytest.raises(ProbeFailed, match="does not resolve") as caught:
        await echo("no..such..name", 100)
    assert caught.value.ours


async def test_too_small_for_an_echo() -> None:
    """A mistake of the caller's."""
    with pytest.raises(ValueError, match="no room"):
        await echo("127.0.0.1", 30)


@pytest.mark.lab
def test_the_way_is_looked_at_again_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Privileges may come while it runs; asking costs nothing in between."""
    ways = [EchoWay.UDP, EchoWay.PING]
    monkeypatch.setattr(mtu, "_best_way", lambda: ways.pop(0))
    echoes = Echoes(Counters())
    assert (EchoWay.UDP, EchoWay.UDP) == (echoes.way, echoes.way)
    monkeypatch.setattr(mtu, "REVIEW", 0.0)
    assert EchoWay.PING is echoes.way


@pytest.mark.lab
async def test_a_way_that_is_closed_meanwhile(lab: Lab) -> None:
    """The sysctl is taken back while it runs: the next packet goes another way."""
    with ping_sockets(lab.network.mgmt, "1 0"):

        async def send() -> EchoState:
            echoes = Echoes(Counters())
            echoes._way, echoes._reviewed = EchoWay.PING, time.monotonic()
            return (await echoes.echo(lab.hosts["h1"].address, 100, PATIENCE)).state

        assert EchoState.REPLY is inside(lab.network.mgmt, lambda: asyncio.run(send()))
