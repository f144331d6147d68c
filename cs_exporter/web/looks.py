"""Looks at the board again and again, so that a page can say since when; pages share the latest look.

In a thread, one at a time, and seldom enough to cost little however many hosts and readers there are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from aiohttp import web

from cs_exporter.board import Snapshot
from cs_exporter.exposition.families import READ_FAULTS
from cs_exporter.ports import Clock
from cs_exporter.web.daemon import Daemon
from cs_exporter.web.painter import Painter
from cs_exporter.web.picture import Picture
from cs_exporter.web.scrapes import collector_at_rest
from cs_exporter.web.watch import Watch

_log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two looks when nobody asks: the base interval."""
SHARE = 20
"""A look is used for this many times as long as it took: at most a twentieth of one processor goes into looking."""
FRESH = 1.0
"""Seconds for which a look is used at least."""
PATIENCE = 0.1
"""Seconds a reader waits for a new look; then the one before, which says of when it is, is better than none yet."""


class Looks:
    """The latest look at the daemon's board."""

    def __init__(self, daemon: Daemon, clock: Clock = time) -> None:
        self._daemon = daemon
        self._clock = clock
        self._watch = Watch(daemon.probes, daemon.derived)
        self._painter = Painter(daemon.probes, daemon.derived)
        self._under_way: asyncio.Task[Picture] | None = None
        self._latest: Picture | None = None
        self._good_until = 0.0  # of the event loop's clock

    async def picture(self) -> Picture:
        """The board as of now, or of a moment ago."""
        latest = self._latest
        if latest is None:
            return await self._look()
        if asyncio.get_running_loop().time() < self._good_until:
            return latest
        done, _ = await asyncio.wait({self._looking()}, timeout=PATIENCE)
        return done.pop().result() if done else latest

    async def keep_looking(self, _app: web.Application) -> AsyncIterator[None]:
        """Look regularly for as long as the application runs (aiohttp's cleanup context)."""
        task = asyncio.create_task(self._regularly())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _regularly(self) -> None:
        while True:
            try:
                await self._look()
            except READ_FAULTS:
                _log.exception("the board can't be judged for the status page; please report it")
            await asyncio.sleep(max(EVERY, self._good_until - asyncio.get_running_loop().time()))

    async def _look(self) -> Picture:
        # A reader that goes away must not take the look from those who wait for the same one.
        return await asyncio.shield(self._looking())

    def _looking(self) -> asyncio.Task[Picture]:
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._take())
        return self._under_way

    async def _take(self) -> Picture:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            picture = await asyncio.to_thread(self._paint, self._daemon.snapshot(), self._clock.time())
        finally:
            self._under_way = None
        self._latest, took = picture, loop.time() - began
        self._good_until = loop.time() + max(FRESH, SHARE * took)
        return picture

    def _paint(self, snapshot: Snapshot, wall: float) -> Picture:
        with collector_at_rest():
            return self._painter.paint(snapshot, self._watch.look(snapshot, wall), wall)
