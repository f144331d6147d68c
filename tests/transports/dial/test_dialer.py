"""Ports of real hosts, looked at from the exporter: every state, the kernel's figures, and nothing left behind."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, Dial, PortState, Talk
from cs_exporter.transports.dial import dialer as dialling
from cs_exporter.transports.dial.dialer import TcpDialer
from cs_exporter.transports.names import Found, Names
from tests.lab import fair, faults, peers
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.netns import run
from tests.lab.wait import wait_until, wait_until_async
from tests.transports.ssh.test_greeting import descriptors
from tests.transports.test_tcp import limited

pytestmark = pytest.mark.lab

CONNECT, LISTEN = Talk(), Talk(b"\r\n", listen=True)
MANY = range(20000, 20500)
PORTS = {"mute": 8001, "web_server": 8002, "hang_up": 8004}
NOBODY = 8005

Fault = AbstractContextManager[object]


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[LabHost]:
    """A host on which peers of every manner listen, and on many ports one that never takes a connection up."""
    (made,) = lab.add_hosts([HostSpec("dialled")])
    script = "import socket, sys, time; a, f, n = sys.argv[1:]"
    script += "; held = [socket.create_server((a, int(f) + i)) for i in range(int(n))]; time.sleep(600)"
    made.spawn([sys.executable, "-S", "-c", script, made.address, str(MANY[0]), str(len(MANY))], "many")
    for manner, port in PORTS.items():
        made.spawn([sys.executable, "-S", peers.__file__, manner, made.address, str(port)], manner)
    wait_until(lambda: all(map(made.listens, (*PORTS.values(), MANY[-1]))), what="the peers to listen")
    yield made
    lab.remove_host(made)


async def look(address: str, port: int, talk: Talk = CONNECT, deadline: float = 2.0) -> Dial:
    """A dial with nothing else under way."""
    return await TcpDialer(time, Counters()).dial(address, port, talk, deadline)


def lost(host: LabHost, port: int) -> Fault:
    """The first connection request is lost, and no other one."""
    syn = f"tcp dport {port} tcp flags syn"
    return faults.filtered(
        host.namespace, "input", f"{syn} limit rate over 1/hour burst 1 packets accept", f"{syn} drop"
    )


@pytest.mark.parametrize(
    ("port", "talk", "state", "said"),
    [
        (22, CONNECT, PortState.OPEN, "accepted"),
        (22, Talk(listen=True), PortState.OPEN, "SSH-2.0"),
        (NOBODY, CONNECT, PortState.REFUSED, "nobody listens"),
        (PORTS["web_server"], LISTEN, PortState.OPEN, "HTTP/1.1 400"),
        (PORTS["mute"], replace(LISTEN, tls=True), PortState.MUTE, "never said a word"),
        (PORTS["mute"], LISTEN, PortState.MUTE, "never said a word"),
        (PORTS["hang_up"], LISTEN, PortState.RESET, "before its first word"),
        (MANY[0], LISTEN, PortState.MUTE, "never said a word"),
    ],
)
async def test_peers(host: LabHost, port: int, talk: Talk, state: PortState, said: str) -> None:
    """Who answers how; an accepted connection has the kernel's connect time, and nothing stays open."""
    before = descriptors()
    dial = await look(host.address, port, talk, 0.5)
    assert (state, True) == (dial.state, said in dial.detail), dial
    assert (state is not PortState.REFUSED) is (0 < (dial.connect_seconds or 0) < 0.1)
    assert 0 == dial.syn_retransmits
    assert descriptors() <= before
    wait_until(lambda: not [line for line in _sockets(host) if "ESTAB" in line])


async def test_reset_after_accept(host: LabHost) -> None:
    """A connection that is reset before its first word."""
    with faults.filtered(host.namespace, "input", "tcp dport 8001 tcp flags & syn == 0 reject with tcp reset"):
        dial = await look(host.address, PORTS["mute"], LISTEN)
    assert PortState.RESET is dial.state, dial


@pytest.mark.parametrize(
    ("refusal", "state", "said"),
    [
        ("tcp reset", PortState.REFUSED, "refused"),
        ("icmp port-unreachable", PortState.FILTERED, "ICMP from {0}: port unreachable"),
        ("icmp admin-prohibited", PortState.FILTERED, "ICMP from {0}: communication administratively prohibited"),
        ("icmp host-unreachable", PortState.FILTERED, "ICMP from {0}: host unreachable"),
    ],
)
async def test_rejections(host: LabHost, refusal: faults.Refusal, state: PortState, said: str) -> None:
    """A packet filter's refusal is told from the machine's own, and by whom."""
    with faults.rejected(host, 22, refusal):
        dial = await look(host.address, 22)
    assert (state, True) == (dial.state, said.format(host.address) in dial.detail), dial


async def test_dropped_and_nobody_there(lab: Lab, host: LabHost) -> None:
    """Silence takes the deadline and tells how often was asked; no neighbour is found out by the kernel itself."""
    with faults.dropped(host, 22):
        began = fair.seconds()
        silent, absent = await asyncio.gather(
            look(host.address, 22, deadline=1.4), look(lab.network.free_address(), 22, deadline=6)
        )
        assert (PortState.FILTERED, 1, "no answer to 2 connection requests") == (
            silent.state,
            silent.syn_retransmits,
            silent.detail,
        )
        assert fair.seconds() - began < 5
    assert (PortState.FILTERED, True) == (absent.state, "no answer on the link" in absent.detail), absent
    assert PortState.OPEN is (await look(host.address, 22)).state


async def test_a_request_lost_once(host: LabHost) -> None:
    """It is counted, and is no part of the connect time."""
    with lost(host, PORTS["mute"]), lost(host, NOBODY):
        accepted, refused = await asyncio.gather(
            look(host.address, PORTS["mute"], deadline=4), look(host.address, NOBODY, deadline=4)
        )
    assert (PortState.OPEN, 1) == (accepted.state, accepted.syn_retransmits)
    assert accepted.connect_seconds is not None
    assert accepted.connect_seconds < 0.1
    assert (PortState.REFUSED, 1) == (refused.state, refused.syn_retransmits)


async def test_ipv6(lab: Lab, host: LabHost) -> None:
    """The same states, ICMPv6's meaning among them."""
    there, here = "fd00:213::2", "fd00:213::1"
    host.namespace.ip(f"address add {there}/64 dev eth0 nodad")
    run(["ip", "address", "add", f"{here}/64", "dev", lab.network.uplink, "nodad"])
    listener = host.spawn([sys.executable, "-S", peers.__file__, "mute", there, "8006"], "six")
    wait_until(lambda: host.listens(8006))
    try:
        accepted = await look(there, 8006)
        refused = await look(there, NOBODY)
        with faults.filtered(host.namespace, "input", "tcp dport 8006 reject with icmpv6 type admin-prohibited"):
            filtered = await look(there, 8006)
    finally:
        listener.stop()
        run(["ip", "address", "del", f"{here}/64", "dev", lab.network.uplink])
    assert (PortState.OPEN, True) == (accepted.state, bool(accepted.connect_seconds))
    assert PortState.REFUSED is refused.state
    assert (PortState.FILTERED, f"ICMP from {there}: communication administratively prohibited") == (
        filtered.state,
        filtered.detail,
    )


async def test_many_at_once(host: LabHost) -> None:
    """500 destinations in parallel: all open, at the kernel's time for each, and nothing is left."""
    counters, before = Counters(), descriptors()
    dialer = TcpDialer(time, counters)
    dials = await asyncio.gather(*(dialer.dial(host.address, port, CONNECT, 10) for port in MANY))
    assert {PortState.OPEN} == {dial.state for dial in dials}
    assert max(dial.connect_seconds or 9 for dial in dials) < 0.2
    assert len(MANY) == counters.dials
    assert descriptors() == before


async def test_not_more_than_so_many(host: LabHost) -> None:
    """Who finds no room in time is told so as ours; room that becomes free is used."""
    dialer = TcpDialer(time, Counters(), at_once=2)
    with faults.dropped(host, 8001), faults.dropped(host, 8002):
        silent = [asyncio.create_task(look_with(dialer, host.address, port, 30)) for port in (8001, 8002)]
        await wait_until_async(lambda: len(_asking(host)) == len(silent))
        with pytest.raises(ProbeFailed) as caught:
            await dialer.dial(host.address, 22, CONNECT, 0.1)
        assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
        waiting = asyncio.create_task(look_with(dialer, host.address, 22, 30))
        silent[0].cancel()
        assert PortState.OPEN is (await waiting).state
        silent[1].cancel()
        await asyncio.gather(*silent, return_exceptions=True)


async def test_another_one_waits_for_room(host: LabHost) -> None:
    """An open port is not filtered because whoever asked first has no turn yet; silence has to last, too."""
    dialer = TcpDialer(time, Counters(), at_once=1)
    with faults.dropped(host, 8001):
        silent = asyncio.create_task(look_with(dialer, host.address, 8001, 30))
        await wait_until_async(lambda: _asking(host))
        waiting = asyncio.create_task(look_with(dialer, host.address, 22, 30))
        await asyncio.sleep(0)  # it comes first
        with pytest.raises(ProbeFailed) as caught:
            await look_with(dialer, host.address, 22, 0.3)
        assert (Reason.TIMEOUT, True) == (caught.value.reason, caught.value.ours)
        assert PortState.FILTERED is (await look_with(dialer, host.address, 8001, 0.3)).state
        silent.cancel()
        assert PortState.OPEN is (await waiting).state
        await asyncio.gather(silent, return_exceptions=True)


async def look_with(dialer: TcpDialer, address: str, port: int, deadline: float) -> Dial:
    """A dial that only connects."""
    return await dialer.dial(address, port, CONNECT, deadline)


async def test_giving_up_leaves_nothing(host: LabHost) -> None:
    """Also at once, and also for whoever asks next."""
    counters, before = Counters(), descriptors()
    dialer = TcpDialer(time, counters)
    with faults.dropped(host, 8001):
        asked = [asyncio.create_task(look_with(dialer, host.address, 8001, 30)) for _ in range(5)]
        await wait_until_async(lambda: _asking(host))
        assert 1 == len(_asking(host))
        for task in asked:
            task.cancel()
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)
        assert (1, before, []) == (counters.dials, descriptors(), _asking(host))
    assert PortState.OPEN is (await look_with(dialer, host.address, 8001, 2)).state
    assert 2 == counters.dials


@pytest.mark.parametrize("left", [0, 5])
async def test_our_own_descriptors(host: LabHost, left: int) -> None:
    """Their lack is our fault, and no connection is begun."""
    with limited(left), pytest.raises(ProbeFailed) as caught:
        await look(host.address, 22)
    assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)


async def test_names(host: LabHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address is our own trouble; of several addresses the one that accepts counts."""
    with pytest.raises(ProbeFailed) as caught:
        await look("no-such-host.invalid", 22)
    assert (Reason.UNREACHABLE, True) == (caught.value.reason, caught.value.ours)
    both: Found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 22)) for one in ("127.0.0.3", host.address)]
    monkeypatch.setattr(dialling, "names", Names(ask=lambda *_: both))
    assert PortState.OPEN is (await look("kvm1", 22)).state


@contextmanager
def prohibited(address: str) -> Iterator[None]:
    """A route of our own forbids that address."""
    run(["ip", "route", "add", "prohibit", address])
    try:
        yield
    finally:
        run(["ip", "route", "del", "prohibit", address])


async def test_our_own_route(host: LabHost) -> None:
    """What can't leave this machine says nothing of the destination."""
    with prohibited(f"{host.address}/32"), pytest.raises(ProbeFailed) as caught:
        await look(host.address, 22)
    assert (Reason.UNREACHABLE, True) == (caught.value.reason, caught.value.ours)


def _sockets(host: LabHost) -> list[str]:
    """The host's TCP connections to us."""
    return [line for line in host.sockets() if line.startswith("tcp") and " 10." in line and "LISTEN" not in line]


def _asking(host: LabHost) -> list[str]:
    """Our connection requests to the host that have no answer."""
    found = subprocess.run(
        ["ss", "-Htn", "state", "syn-sent", "dst", host.address], capture_output=True, text=True, check=True
    )
    return found.stdout.splitlines()
