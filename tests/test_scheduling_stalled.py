"""When a scheduler counts as dead: no slot turns, or every run that is due finds the one before it stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import MappingProxyType

import pytest
from structlog.testing import capture_logs

from cs_exporter.model import Host, Outcome
from cs_exporter.scheduling import SLOT, STALLED_FLOOR, Scheduler
from cs_exporter.spec import AnySpec
from tests.lab.wait import wait_until_async
from tests.test_scheduling import BASE, QUICK, SLOW, Stand, host, running

MINUTE = 60


class Driven:
    """A scheduler whose time passes only when the test says so, slot by slot; runs in `stuck` end when it is cleared.

    However busy the machine is, nothing is late here.
    """

    def __init__(self, *hosts: Host) -> None:
        self.now = 0.0
        self.stuck: set[str] = set()
        self.started: list[str] = []
        self.landed: list[Outcome] = []
        self._freed = asyncio.Event()
        self.scheduler = Scheduler(
            (QUICK, SLOW), BASE, 1000.0, self, self._run, lambda outcome, _: self.landed.append(outcome)
        )
        self.scheduler.add(hosts)

    def time(self) -> float:
        """See ports.Clock."""
        return 1.8e9 + self.now

    def monotonic(self) -> float:
        """See ports.Clock."""
        return self.now

    async def _run(self, spec: AnySpec, one: Host) -> Outcome:
        self.started.append(one.name)
        if one.name in self.stuck:
            await self._freed.wait()
        return Outcome(spec.name, one.name, self.time(), self.now, 0.0, "reading")

    def stalled(self) -> bool:
        """See Scheduler."""
        return self.scheduler.stalled

    async def swept(self) -> None:
        """The first sweep is over: all hosts that can be asked have been."""
        await wait_until_async(lambda: not self.scheduler._unswept, 10)
        await _turns()

    async def passes(self, seconds: float, *still: int) -> None:
        """So much time; the slots begin as they are due, but for those that stand `still`."""
        for _ in range(round(seconds / SLOT)):
            self.now += SLOT
            slot = round(self.now / SLOT) % len(self.scheduler._members)
            if slot not in still:
                await self.scheduler._begin_slot(slot)
            await _turns()

    async def free(self) -> None:
        """What is stuck ends."""
        self.stuck.clear()
        self._freed.set()
        await _turns()


async def _turns() -> None:
    """What has begun goes on until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_scheduler_that_works_is_not_stalled() -> None:
    """The real one: nor is one without anybody to ask, and one that has not been started yet."""
    assert not Stand().scheduler.stalled
    async with running(Stand(), host("a")) as stand:
        before = min(stand.scheduler._turned.values())
        await wait_until_async(lambda: min(stand.scheduler._turned.values()) > before + 1, 30)
        assert not stand.scheduler.stalled
        assert len(stand.times("a")) >= 2


async def test_a_scheduler_whose_slots_have_stopped_is_stalled() -> None:
    """The real one: APScheduler lost a job behind our back, and the other goes on."""
    async with running(Stand(), host("a")) as stand:
        await wait_until_async(lambda: len(stand.times("a")) >= 2, 30)
        stand.scheduler._jobs[0].remove()
        stand.scheduler._turned[0] -= STALLED_FLOOR
        turned = stand.scheduler._turned[1]
        await wait_until_async(lambda: stand.scheduler._turned[1] > turned, 30)
        assert stand.scheduler.stalled


async def test_a_slot_that_does_not_turn() -> None:
    """One is enough, and so is one without hosts; ten seconds of it, and not less."""
    driven = Driven()
    await driven.passes(MINUTE)
    assert not driven.stalled()
    await driven.passes(9, 0)
    assert not driven.stalled()
    await driven.passes(2, 0)
    assert driven.stalled()
    await driven.passes(2 * BASE)
    assert not driven.stalled()


async def test_one_host_that_hangs_is_its_own() -> None:
    """Others' runs are started: the scheduler works."""
    driven = Driven(host("a"), host("b"))
    driven.stuck = {"a"}
    await driven.swept()
    await driven.passes(MINUTE)
    assert not driven.stalled()
    await driven.scheduler.stop(0.5)


async def test_a_scheduler_whose_runs_are_all_stuck_is_stalled() -> None:
    """Every run that was due was an overrun, for ten seconds; once they end, it works again."""
    driven = Driven(host("a"), host("b"))
    driven.stuck = {"a", "b"}
    await driven.swept()
    await driven.passes(10)
    assert not driven.stalled()
    await driven.passes(3)
    assert driven.stalled()
    await driven.free()
    await driven.passes(2 * BASE)
    assert not driven.stalled()
    assert len(driven.started) >= 8


async def _is_removed(driven: Driven) -> None:
    driven.scheduler.remove(["a"])
    await _turns()


@pytest.mark.parametrize("over", [Driven.free, _is_removed])
async def test_a_stuck_run_that_is_over_is_forgotten(over: Callable[[Driven], Awaitable[None]]) -> None:
    """It has ended, or its host has left, and nothing else is due for long: slots turn, and there is no more to do."""
    driven = Driven(host("a", slow=30 * BASE, quick_enabled=False))
    driven.stuck = {"a"}
    await driven.swept()
    while driven.scheduler._stuck_since is None:
        await driven.passes(SLOT)
    await over(driven)
    await driven.passes(20)
    assert not driven.stalled()
    await driven.scheduler.stop(0.5)


async def test_a_host_that_raises_costs_nobody_else() -> None:
    """Neither the first sweep nor its slot ends there, so that the watchdog lets live a daemon that asks the others."""
    driven = Driven()
    slot = driven.scheduler._members[0]
    names = [name for name in (f"h{n}" for n in range(99)) if driven.scheduler._slot_of(name) is slot]
    one, broken, other = names[:3]
    without_settings = Host(broken, "192.0.2.1", settings=MappingProxyType({}))
    with capture_logs() as logs:
        driven.scheduler.add([host(one), without_settings, host(other)])
        await driven.swept()
        assert {one, other} == set(driven.started)
        await driven.passes(MINUTE)
    assert not driven.stalled()
    assert MINUTE * 2 == driven.started.count(other) - 2 == driven.started.count(one) - 2
    assert {broken} == {entry["host"] for entry in logs if "a mistake" in entry["event"]}
    assert logs[0]["exc_info"]
