"""Bounds what is under way at once, and what is slow apart from the rest: so many that never end block nobody else.

For work that can't be called off, such as a connection that an SSH server has been asked to make.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Lane:
    """One piece of work under way."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        lanes.taken.add(self)

    def slow(self) -> None:
        """It takes long: it makes room for another one, while there is room for the slow."""
        if self in self._lanes.taken:
            self._lanes.slow.add(self)
            self._lanes.changed()

    def end(self) -> None:
        """It has ended. Harmless when it had already."""
        self._lanes.taken.discard(self)
        self._lanes.slow.discard(self)
        self._lanes.changed()


class Lanes:
    """At most `at_once` pieces of work, and besides those at most `slow` that are slow."""

    def __init__(self, at_once: int, slow: int) -> None:
        self._at_once = at_once
        self._slow_at_once = slow
        self.taken: set[Lane] = set()
        self.slow: set[Lane] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, ends: float) -> Lane:
        """Room for one more. Raises TimeoutError where there is none until loop time `ends`."""
        async with asyncio.timeout_at(ends):
            while len(self.taken) - min(len(self.slow), self._slow_at_once) >= self._at_once:
                turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(turn)
                await turn
        return Lane(self)

    def changed(self) -> None:
        """Whoever waits looks again, in the order of coming."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
