"""Logins are bounded and spaced, and only those that are at work count."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from itertools import pairwise

from cs_exporter.transports.ssh.pacer import SILENCE, HandshakePacer, silence_of
from tests.lab.wait import wait_until_async


async def test_handshakes_are_bounded_and_spaced() -> None:
    """Never more at a time than that, never begun closer than that."""
    pacer = HandshakePacer(at_once=3, per_second=50.0)
    loop, begun, under_way, most = asyncio.get_running_loop(), [], 0, 0

    async def handshake() -> None:
        nonlocal under_way, most
        async with pacer.turn():
            begun.append(loop.time())
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.1)
            under_way -= 1

    await asyncio.gather(*(handshake() for _ in range(9)))
    assert (3, 9) == (most, len(begun))
    assert min(after - at for at, after in pairwise(begun)) > 0.019


async def test_a_cancelled_handshake_gives_its_turn_back() -> None:
    """Whether it waits for a slot, for its time or is under way: the slot is free again."""
    pacer = HandshakePacer(at_once=1, per_second=2.0)

    async def handshake(seconds: float) -> None:
        async with pacer.turn():
            await asyncio.sleep(seconds)

    under_way, waiting = asyncio.create_task(handshake(60)), asyncio.create_task(handshake(60))
    await asyncio.sleep(0.01)
    waiting.cancel()
    under_way.cancel()
    await asyncio.gather(under_way, waiting, return_exceptions=True)
    spaced = asyncio.create_task(handshake(60))
    await asyncio.sleep(0.01)
    spaced.cancel()
    await asyncio.gather(spaced, return_exceptions=True)
    async with asyncio.timeout(3):
        await handshake(0)
    assert not pacer._slots._free.locked()


class Login:
    """A login whose host is silent for as long as it is told to be."""

    def __init__(self, pacer: HandshakePacer) -> None:
        self.quiet = 0.0
        self.begun = False
        self._pacer = pacer
        self._ended = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._pacer.turn(lambda: self.quiet):
            self.begun = True
            await self._ended.wait()

    async def end(self) -> None:
        """Come to its end."""
        self._ended.set()
        await self.task


async def test_a_silent_login_lets_another_begin() -> None:
    """One slot: whoever is at work holds it, whoever has heard nothing for a while does not."""
    pacer = HandshakePacer(at_once=1, per_second=1000.0)
    logins = [Login(pacer) for _ in range(3)]
    await wait_until_async(lambda: logins[0].begun)
    await asyncio.sleep(0.1)
    assert [True, False, False] == [login.begun for login in logins]
    logins[0].quiet = 60.0
    await wait_until_async(lambda: logins[1].begun, 2 * SILENCE + 1)
    assert not logins[2].begun
    for login in logins:
        await login.end()
    assert not pacer._slots._free.locked()


async def test_a_login_that_goes_on_counts_again() -> None:
    """It need not wait; in exchange none begins until as many have ended as are too many."""
    pacer = HandshakePacer(at_once=1, per_second=1000.0)
    first = Login(pacer)
    await wait_until_async(lambda: first.begun)
    first.quiet = 60.0
    second = Login(pacer)
    await wait_until_async(lambda: second.begun)
    first.quiet = 0.0
    await wait_until_async(lambda: pacer._slots._owed == 1)
    third = Login(pacer)
    await second.end()
    await asyncio.sleep(0.1)
    assert not third.begun
    await first.end()
    await wait_until_async(lambda: third.begun)
    await third.end()
    assert not pacer._slots._free.locked()


async def test_a_cancelled_silent_login_gives_nothing_back_twice() -> None:
    """Its slot is another's already."""
    pacer = HandshakePacer(at_once=1, per_second=1000.0)
    first = Login(pacer)
    await wait_until_async(lambda: first.begun)
    first.quiet = 60.0
    second = Login(pacer)
    await wait_until_async(lambda: second.begun)
    first.task.cancel()
    await asyncio.gather(first.task, return_exceptions=True)
    third = Login(pacer)
    await asyncio.sleep(0.1)
    assert not third.begun
    await second.end()
    await wait_until_async(lambda: third.begun)
    await third.end()


async def test_a_reload_frees_no_slot() -> None:
    """Logins under way count on while their number may be the same, or every reload would let as many more begin."""
    pacer = HandshakePacer(at_once=1, per_second=1000.0)
    first = Login(pacer)
    await wait_until_async(lambda: first.begun)
    pacer.change(at_once=1, per_second=500.0)
    second = Login(pacer)
    await asyncio.sleep(0.1)
    assert not second.begun
    pacer.change(at_once=2, per_second=1000.0)
    third = Login(pacer)
    await wait_until_async(lambda: third.begun)
    for login in (first, second, third):
        await login.end()


async def test_the_kernel_knows_how_long_a_peer_has_been_silent() -> None:
    """Of a real connection; one that is closed is no longer silent."""
    ours, theirs = socket.socket(), socket.create_server(("127.0.0.1", 0))
    with theirs, ours:
        ours.connect(theirs.getsockname())
        with theirs.accept()[0] as peer:
            await wait_until_async(lambda: silence_of(ours) > 0.2)
            peer.sendall(b"x")
            await wait_until_async(partial(spoken, ours))
    assert 0.0 == silence_of(ours)


def spoken(sock: socket.socket) -> bool:
    """Whether the peer has said something just now."""
    return silence_of(sock) < 0.1
