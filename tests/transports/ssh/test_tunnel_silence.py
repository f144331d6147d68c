"""Silent destinations seen from a host, and hosts that fall silent: one request each, nobody held up, no false word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import PortState, Talk
from tests.lab import fair, faults
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.transports.ssh.tunnelled import CONNECT, LISTEN, NOBODY, asking, destination, sockets, tunnels, vantages

pytestmark = pytest.mark.lab


SILENT = range(8101, 8117)


@pytest.fixture(scope="module")
def there(lab: Lab) -> Iterator[LabHost]:
    """The destination."""
    with destination(lab) as made:
        yield made


@pytest.fixture(scope="module")
def here(lab: Lab, there: LabHost) -> Iterator[dict[str, LabHost]]:
    """Hosts to look from: "from" forwards, "no" does not, "only" to one destination."""
    with vantages(lab, there) as made:
        yield made


async def test_asked_for_until_the_host_gives_up(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """A silent destination has one request, however often it is looked at or given up; it heals, or ends, by itself."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        with faults.dropped(there, 8001):
            given_up = asyncio.create_task(tunnel.dial(there.address, 8001, CONNECT, 30))
            await wait_until_async(lambda: asking(host))
            given_up.cancel()
            first = await tunnel.dial(there.address, 8001, CONNECT, 0.8)
            again = await asyncio.gather(*(tunnel.dial(there.address, 8001, CONNECT, 0.8) for _ in range(3)))
            assert {PortState.FILTERED} == {dial.state for dial in (first, *again)}
            assert "no answer to the host's connection request since" in again[0].detail
            assert (1, 1, True) == (one.counters.tunnels, len(asking(host)), await one.works("from"))
            began = fair.seconds()
            await tunnel.dial(there.address, 8001, CONNECT, 0.8)
            assert fair.seconds() - began < 0.6
        await wait_until_async(lambda: not asking(host), 20, "the next repetition to be answered")
        await wait_until_async(lambda: not [line for line in sockets(host, 8001) if "ESTAB" in line], what="none kept")
        assert PortState.OPEN is (await tunnel.dial(there.address, 8001, CONNECT, 2)).state
        assert 2 == one.counters.tunnels


@contextmanager
def hasty(host: LabHost) -> Iterator[None]:
    """The host's kernel gives a connection request up after about three seconds."""
    keys = ("net.ipv4.tcp_syn_retries", "net.ipv4.tcp_syn_linear_timeouts")  # the second one is Linux 6.5's
    before = host.namespace.run(["sysctl", "-e", *keys]).replace(" ", "").split()
    host.namespace.run(["sysctl", "-qew", f"{keys[0]}=1", f"{keys[1]}=0"])
    try:
        yield
    finally:
        host.namespace.run(["sysctl", "-qew", *before])


async def test_the_host_gives_up(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """What its kernel says in the end is told, and makes room."""
    async with tunnels(lab, here["from"]) as (one, tunnel):
        with hasty(here["from"]), faults.dropped(there, 8001):
            ended = await tunnel.dial(there.address, 8001, CONNECT, 15)
            assert (PortState.FILTERED, True) == (ended.state, "until the kernel gave up" in ended.detail), ended
            await tunnel.dial(there.address, 8001, CONNECT, 0.5)
            assert 2 == one.counters.tunnels


async def test_many_silent_ones(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """Eight silent destinations hold up neither others, nor the collector; twice as many leave no room for more."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel), AsyncExitStack() as stack:
        assert await one.works("from")
        for port in SILENT:
            stack.enter_context(faults.dropped(there, port))
        half = SILENT[: len(SILENT) // 2]
        asked = asyncio.gather(*(tunnel.dial(there.address, port, CONNECT, 3) for port in (*half, 8001, 22)))
        worst = 0.0
        while not asked.done():
            began = fair.seconds()
            assert await one.works("from")
            worst = max(worst, fair.seconds() - began)
            await asyncio.sleep(0.05)
        assert worst < 1
        states = [dial.state for dial in await asked]
        assert [PortState.FILTERED] * len(half) + [PortState.OPEN] * 2 == states
        assert len(half) == len(asking(host))
        assert PortState.REFUSED is (await tunnel.dial(there.address, NOBODY, CONNECT, 1)).state
        await asyncio.gather(*(tunnel.dial(there.address, port, CONNECT, 1) for port in SILENT))
        assert len(SILENT) == len(asking(host))
        with pytest.raises(ProbeFailed) as caught:
            await tunnel.dial(there.address, 8001, CONNECT, 0.5)
        assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
        assert await one.works("from")
    await wait_until_async(lambda: not asking(host), what="the host to forget them with the SSH connection")


async def test_the_ssh_connection_breaks_meanwhile(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """That is no answer of the destination's; with the next connection everything begins anew."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        with faults.dropped(there, 8001):
            pending = asyncio.create_task(tunnel.dial(there.address, 8001, CONNECT, 30))
            waiting = asyncio.create_task(tunnel.dial(there.address, 8002, Talk(listen=True), 30))
            await wait_until_async(lambda: asking(host) and sockets(host, 8002))
            host.sshd.restart()
            ended = await asyncio.gather(pending, waiting, return_exceptions=True)
            assert [Reason.RESET] * 2 == [one.reason for one in ended if isinstance(one, ProbeFailed)]
            assert not asking(host)
        await wait_until_async(partial(one.works, "from"), what="a new connection")
        assert PortState.OPEN is (await tunnel.dial(there.address, 8001, CONNECT, 2)).state


async def test_a_host_that_is_silent_itself(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """Its silence is not the destination's, and it gives no verdict on that."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        waiting = asyncio.create_task(tunnel.dial(there.address, 8001, LISTEN, 1.2))
        await wait_until_async(lambda: sockets(host, 8001))
        host.sshd.freeze(listener=False)
        try:
            ended = await asyncio.gather(waiting, tunnel.dial(there.address, 8002, CONNECT, 1), return_exceptions=True)
        finally:
            host.sshd.thaw()
        assert [Reason.TIMEOUT] * 2 == [failure.reason for failure in ended if isinstance(failure, ProbeFailed)]
