"""Bounds logins, whose key exchanges cost processor time: so many at work at once, so many begun per second.

A login that waits for its host costs nothing, and so counts only while it is at work: hosts that hang in the key
exchange would else starve all others.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SILENCE = 0.3
"""Seconds without a word from its host after which a login counts as waiting."""

_LAST_RECEIVED = struct.Struct("=52xI")
"""struct tcp_info of linux/tcp.h, as far as tcpi_last_data_recv: milliseconds since data came in."""


def silence_of(sock: socket.socket) -> float:
    """Seconds since the kernel last received data on a TCP connection; 0 where it is closed."""
    if sock.fileno() < 0:
        return 0.0
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_RECEIVED.size)
    milliseconds: int = _LAST_RECEIVED.unpack(info)[0]
    return milliseconds / 1000


class _Slots:
    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)
        self._owed = 0

    async def take(self) -> None:
        await self._free.acquire()

    async def resume(self) -> None:
        """Never waits: whoever works without a slot is owed the next one that comes back."""
        if self._free.locked():
            self._owed += 1
        else:
            await self._free.acquire()

    def give_back(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self._free.release()


class _Turn:
    def __init__(self, slots: _Slots) -> None:
        self._slots = slots
        self._held = True

    async def follow(self, silence: Callable[[], float]) -> None:
        """Hold a slot while the login is at work, and none while it waits."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            quiet = min(silence(), loop.time() - began)
            if quiet >= SILENCE:
                self.end()
            elif not self._held:
                self._held = True
                await self._slots.resume()
            await asyncio.sleep(SILENCE if quiet >= SILENCE else SILENCE - quiet)

    def end(self) -> None:
        if self._held:
            self._held = False
            self._slots.give_back()


class HandshakePacer:
    """Never begins a login while so many are at work, nor closer than that to the one before."""

    def __init__(self, at_once: int, per_second: float) -> None:
        self._next = 0.0
        self._at_once = at_once
        self._slots = _Slots(at_once)
        self._spacing = 1.0 / per_second

    def change(self, at_once: int, per_second: float) -> None:
        """Use these bounds from now on. Logins under way count no longer where another number may be at work."""
        self._spacing = 1.0 / per_second
        if at_once != self._at_once:
            self._at_once, self._slots = at_once, _Slots(at_once)

    @asynccontextmanager
    async def turn(self, silence: Callable[[], float] = lambda: 0.0) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for one login. `silence`: seconds for which its host has said nothing.

        A login that goes on after a silence does so at once, and counts again: until enough others have ended, none
        begins.
        """
        slots = self._slots
        await slots.take()
        turn, loop = _Turn(slots), asyncio.get_running_loop()
        try:
            begin = max(loop.time(), self._next)
            self._next = begin + self._spacing
            await asyncio.sleep(begin - loop.time())
            following = loop.create_task(turn.follow(silence))
            try:
                yield
            finally:
                following.cancel()
        finally:
            turn.end()
