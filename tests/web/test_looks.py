"""Looks at the board: shared, regular, and no more often than they are worth."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from cs_exporter.board import Snapshot
from cs_exporter.web import looks
from cs_exporter.web.looks import Looks
from cs_exporter.web.picture import Picture
from tests.exposition.stubs import board_of, outcome
from tests.lab.wait import wait_until_async
from tests.web.planted import derived, probes
from tests.web.support import StubDaemon, serving


async def test_readers_at_the_same_moment_share_a_look() -> None:
    """One that goes away takes it from nobody."""
    daemon = StubDaemon()
    one = Looks(daemon)
    gone = asyncio.create_task(one.picture())
    others = [asyncio.create_task(one.picture()) for _ in range(5)]
    await wait_until_async(lambda: daemon.snapshots == 1)
    gone.cancel()
    pictures = await asyncio.gather(*others)
    assert (1, 1) == (daemon.snapshots, len({id(picture) for picture in pictures}))


async def test_a_look_is_used_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is a new one."""
    daemon = StubDaemon()
    one = Looks(daemon)
    first = await one.picture()
    assert first is await one.picture()
    monkeypatch.setattr(looks, "FRESH", 0.0)
    monkeypatch.setattr(looks, "SHARE", 0)
    other = Looks(daemon)
    assert await other.picture() is not await other.picture()


async def test_nobody_waits_long_for_a_slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten thousand hosts one takes a while; the one before says of when it is."""
    monkeypatch.setattr(looks, "FRESH", 0.0)
    monkeypatch.setattr(looks, "SHARE", 0)
    may_end = threading.Event()
    may_end.set()

    class Slow(Looks):
        def _paint(self, snapshot: Snapshot, wall: float) -> Picture:
            assert may_end.wait(30)
            return super()._paint(snapshot, wall)

    one = Slow(StubDaemon())
    first = await one.picture()
    may_end.clear()
    try:
        assert first is await one.picture()
    finally:
        may_end.set()
    assert first is not await one._look()


async def test_it_looks_when_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a page that is opened during a fire knows since when it burns."""
    monkeypatch.setattr(looks, "EVERY", 0.01)
    monkeypatch.setattr(looks, "FRESH", 0.0)
    monkeypatch.setattr(looks, "SHARE", 0)
    daemon = StubDaemon()
    async with serving(daemon):
        await wait_until_async(lambda: daemon.snapshots >= 3)
        assert looking()
    await wait_until_async(lambda: not looking(), what="the end of looking")


def looking() -> list[str]:
    """The tasks that look, or would look again."""
    names = (str(getattr(task.get_coro(), "__qualname__", "")) for task in asyncio.all_tasks())
    return [name for name in names if name.startswith(f"{Looks.__name__}.")]


async def test_a_mistake_in_a_sheet_ends_no_looking(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next look may do better."""
    monkeypatch.setattr(looks, "EVERY", 0.01)
    monkeypatch.setattr(looks, "FRESH", 0.0)
    monkeypatch.setattr(looks, "SHARE", 0)
    board = board_of(outcome("no reading of that sheet", probe="time_drift"))
    daemon = StubDaemon(board=board, probes=probes(), derived=derived())
    async with serving(daemon):
        await wait_until_async(lambda: len(caplog.records) >= 2)
    assert {"the board can't be judged for the status page; please report it"} == set(caplog.messages)


async def test_a_picture_has_the_exporter_s_time() -> None:
    """The wall clock, at which it was taken."""
    before = time.time()
    assert before <= (await Looks(StubDaemon()).picture()).wall <= time.time()
