"""When a scheduler counts as dead: no slot turns, or every run that is due finds the one before it stuck."""

from __future__ import annotations

import asyncio
import time

from cs_exporter.model import Host
from cs_exporter.spec import AnySpec
from tests.lab.wait import wait_until_async
from tests.test_scheduling import Stand, host, inventory, running


class Ahead:
    """The clocks as they will be in so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def monotonic(self) -> float:
        """See time.monotonic."""
        return time.monotonic() + self._seconds

    def time(self) -> float:
        """See time.time."""
        return time.time() + self._seconds


def stalled(stand: Stand, seconds: float) -> bool:
    """Whether the scheduler counts as stalled that much later, if nothing happens until then."""
    kept, stand.scheduler._clock = stand.scheduler._clock, Ahead(seconds)
    try:
        return stand.scheduler.stalled
    finally:
        stand.scheduler._clock = kept


async def test_a_scheduler_that_works_is_not_stalled() -> None:
    """Nor is one without anybody to ask, and one that has not been started yet; one host that hangs is its own."""
    blocked = asyncio.Event()

    async def run(_: AnySpec, one: Host) -> None:
        if one.name == "a":
            await blocked.wait()

    assert not Stand().scheduler.stalled
    async with running(Stand(run), host("a"), host("b")) as stand:
        await wait_until_async(lambda: len(stand.times("b")) >= 4 and len(stand.landed) > 6, 10)
        assert not stalled(stand, 8)
        assert stalled(stand, 12)  # of this time nothing is known yet
    async with running(Stand()) as stand:
        assert not stalled(stand, 8)


async def test_a_scheduler_whose_slots_do_not_turn_is_stalled() -> None:
    """APScheduler stopped behind our back, one slot of it alone too: time only has to pass."""
    async with running(Stand(), host("a")) as stand:
        await wait_until_async(lambda: len(stand.times("a")) >= 2, 5)
        stand.scheduler._jobs[0].remove()
        last = stand.scheduler._turned[0]
        await wait_until_async(lambda: stand.scheduler._turned[1] > last + 2, 5)
        assert stalled(stand, 9)
        assert not stalled(stand, 6)


async def test_a_scheduler_whose_runs_are_all_stuck_is_stalled() -> None:
    """Every run that was due was an overrun; one that can be started again ends it."""
    blocked = asyncio.Event()

    async def run(_: AnySpec, __: Host) -> None:
        await blocked.wait()

    stand = Stand(run)
    stand.scheduler.start(inventory(host("a"), host("b")))
    await wait_until_async(lambda: len(stand.landed) >= 6, 10)
    assert stalled(stand, 9)
    blocked.set()
    before = len(stand.started)
    await wait_until_async(lambda: len(stand.started) >= before + 2, 5)
    assert not stalled(stand, 8)
    await stand.scheduler.stop(0.5)
