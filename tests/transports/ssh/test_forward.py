"""Connections out of a host: one request at a time for a destination, also when nobody waits; bounded; then gone."""

from __future__ import annotations

import asyncio

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters
from cs_exporter.transports.ssh import forward as forwards
from cs_exporter.transports.ssh.forward import Forward, Unanswered
from tests.lab.wait import wait_until_async
from tests.transports.ssh.ssh_peer import forwarding
from tests.transports.ssh.test_forward_wire import nothing
from tests.transports.ssh.test_greeting import ends, full, says, server


def idle(forward: Forward) -> bool:
    """Whether it has nothing under way."""
    return not forward._openings and not forward._lanes.taken


async def test_left_behind_by_its_asker() -> None:
    """A connection that comes when its asker has gone is closed at once, and makes room."""
    counters = Counters()
    async with server(says(b"")) as port, forwarding(counters) as (forward, _):
        asker = asyncio.create_task(forward.open(("127.0.0.1", port), 5, ends(5), nothing))
        await asyncio.sleep(0)
        assert 1 == counters.tunnels
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        await wait_until_async(lambda: idle(forward))
        wire = await forward.open(("127.0.0.1", port), 5, ends(5), nothing)
        await forward.leave(wire, ends(5))
        assert (2, True) == (counters.tunnels, idle(forward))
        assert forward.round_trip is not None
        assert 0 <= forward.round_trip < 1


async def test_a_silent_destination() -> None:
    """Asked for once; who asks again after his patience is told at once since when; the host is asked each time."""
    counters, vouched = Counters(), []

    async def vouch() -> None:
        vouched.append(1)

    with full() as there:
        async with forwarding(counters) as (forward, _):
            for _ in range(3):
                with pytest.raises(Unanswered) as caught:
                    await forward.open(there, 0.1, ends(0.2), vouch)
            assert (1, 3) == (counters.tunnels, len(vouched))
            assert ends(-0.15) > caught.value.since
        assert forward.closed
        await wait_until_async(lambda: idle(forward))


async def test_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds none in time is told so; other destinations than the slow ones find it."""
    monkeypatch.setattr(forwards, "AT_ONCE", 1)
    monkeypatch.setattr(forwards, "SLOW_AT_ONCE", 1)
    monkeypatch.setattr(forwards, "SLOW", 0.2)
    with full() as (address, port):
        async with server(says(b"")) as listening, forwarding() as (forward, _):
            with pytest.raises(Unanswered):
                await forward.open((address, port), 1, ends(0.05), nothing)
            with pytest.raises(ProbeFailed) as caught:
                await forward.open(("127.0.0.1", listening), 1, ends(0.05), nothing)
            assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
            (await forward.open(("127.0.0.1", listening), 1, ends(5), nothing)).close()


async def test_the_connection_ends() -> None:
    """Whoever waits hears that, and so does whoever comes afterwards."""
    with full() as there:
        async with forwarding() as (forward, connection):
            waiting = asyncio.create_task(forward.open(there, 9, ends(9), nothing))
            await wait_until_async(lambda: forward._openings)
            connection.abort()
            for ask in (waiting, forward.open(("127.0.0.1", 1), 9, ends(9), nothing)):
                with pytest.raises(ProbeFailed, match="broke meanwhile"):
                    await ask
            await wait_until_async(lambda: idle(forward))
