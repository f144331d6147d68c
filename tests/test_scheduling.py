"""When: every host once per interval in its slot, never twice at a time, and an end that is quick."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from types import MappingProxyType

import pytest

from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason
from cs_exporter.ports import Io
from cs_exporter.scheduling import Scheduler
from cs_exporter.spec import AnySpec, ProbeSettings, ProbeSpec, whole_interval
from tests.lab import fair
from tests.lab.wait import wait_until_async

BASE = 1.0


async def never(_: Host, __: Io, ___: ProbeSettings) -> str:
    """The tests run nothing for real."""
    raise AssertionError


QUICK = ProbeSpec("quick", "?", ProbeSettings, str, never, (), ())
SLOW = ProbeSpec("slow", "?", ProbeSettings, str, never, (), ())


def host(name: str, *, slow: float = BASE, quick_enabled: bool = True) -> Host:
    """A host that is asked both probes."""
    settings = {"quick": ProbeSettings(interval=BASE, enabled=quick_enabled), "slow": ProbeSettings(interval=slow)}
    return Host(name, "192.0.2.1", settings=MappingProxyType(settings))


def inventory(*hosts: Host) -> Inventory:
    """Those hosts."""
    return Inventory({one.name: one for one in hosts})


class Stand:
    """A scheduler, what it started (host, probe, loop time) and what landed."""

    def __init__(self, run: Callable[[AnySpec, Host], Awaitable[None]] | None = None, pace: float = 1000.0) -> None:
        self.started: list[tuple[str, str, float]] = []
        self.landed: list[Outcome] = []
        self._inner = run
        self.scheduler = Scheduler(
            (QUICK, SLOW), BASE, pace, time, self._run, lambda outcome, _: self.landed.append(outcome)
        )

    async def _run(self, spec: AnySpec, one: Host) -> Outcome:
        self.started.append((one.name, spec.name, asyncio.get_running_loop().time()))
        if self._inner is not None:
            await self._inner(spec, one)
        return Outcome(spec.name, one.name, time.time(), time.monotonic(), 0.0, "reading")

    def times(self, name: str, probe: str = "quick") -> list[float]:
        """When that probe was started on that host."""
        return [at for one, other, at in self.started if (one, other) == (name, probe)]


@asynccontextmanager
async def running(stand: Stand, *hosts: Host) -> AsyncIterator[Stand]:
    """The scheduler runs; it has stopped in under a second at the end."""
    stand.scheduler.start(inventory(*hosts))
    try:
        yield stand
    finally:
        began = fair.seconds()
        await stand.scheduler.stop(0.5)
        assert fair.seconds() - began < 1


@pytest.mark.parametrize(
    ("interval", "base", "expected"),
    [(30, 15, 30), (31, 15, 45), (1, 15, 15), (15, 15, 15), (0.3, 0.1, 0.3), (60, 7, 63)],
)
def test_whole_intervals(interval: float, base: float, expected: float) -> None:
    """Rounded up to a multiple of the base interval."""
    assert expected == pytest.approx(whole_interval(interval, base))


async def test_every_host_once_per_interval_in_its_slot() -> None:
    """After the first sweep the times of one host are whole intervals apart; its probes start together."""
    async with running(Stand(), host("a", slow=2 * BASE), host("b")) as stand:
        await wait_until_async(lambda: len(stand.times("a")) >= 5, 8)
        await wait_until_async(lambda: len(stand.times("a", "slow")) >= 3, 8)
        swept, *slots = stand.times("a")
        assert [BASE] * (len(slots) - 1) == pytest.approx([b - a for a, b in pairwise(slots)], abs=0.2)
        assert slots[0] - swept <= BASE + 0.2
        _, first, *_ = stand.times("a", "slow")
        assert min(abs(first - at) for at in slots) < 0.01
        gaps = [b - a for a, b in pairwise(stand.times("a", "slow")[1:])]
        assert all(gap == pytest.approx(2 * BASE, abs=0.2) for gap in gaps)
        assert stand.scheduler.lag < 0.2


async def test_the_load_is_even() -> None:
    """A thousand hosts: no slot has much more than its share."""
    scheduler = Scheduler((QUICK,), 15.0, 1000.0, time, Stand()._run, lambda _outcome, _interval: None)
    scheduler.add(host(f"kvm{number}.example") for number in range(1000))
    sizes = [len(members) for members in scheduler._members.values()]
    assert (30, 1000) == (len(sizes), sum(sizes))
    assert max(sizes) < 2 * statistics.mean(sizes)
    await scheduler.stop(0.5)


async def test_the_first_sweep_is_at_once_and_paced() -> None:
    """The first host immediately, then so many per second; slots leave alone who has not been swept."""
    pace = 10.0
    async with running(Stand(pace=pace), *(host(f"h{number}") for number in range(15))) as stand:
        began = asyncio.get_running_loop().time()
        await wait_until_async(lambda: len({name for name, _, _ in stand.started}) == 15, 5)
        first = [stand.times(f"h{number}")[0] for number in range(15)]
        assert first[0] - began < 0.2
        assert 14 / pace == pytest.approx(first[-1] - first[0], abs=0.4)


async def test_a_run_that_hangs_is_never_run_twice() -> None:
    """What is due meanwhile is an overrun; other hosts and probes go on."""
    blocked = asyncio.Event()

    async def run(spec: AnySpec, one: Host) -> None:
        if (spec.name, one.name) == ("slow", "a"):
            await blocked.wait()

    async with running(Stand(run), host("a"), host("b")) as stand:
        await wait_until_async(lambda: len(_overruns(stand)) >= 2, 6)
        assert 1 == len(stand.times("a", "slow"))
        assert {("slow", "a")} == {(outcome.probe, outcome.host) for outcome in _overruns(stand)}
        assert len(stand.times("a")) >= 3
        assert len(stand.times("b", "slow")) >= 3
        blocked.set()
        await wait_until_async(lambda: len(stand.times("a", "slow")) >= 2, 3)


def _overruns(stand: Stand) -> list[Outcome]:
    return [
        outcome
        for outcome in stand.landed
        if isinstance(outcome.result, Failure) and outcome.result.reason is Reason.OVERRUN
    ]


async def test_a_run_out_of_turn_that_nobody_waits_for() -> None:
    """It begins at once, never beside another one of the same, and never where the host is not asked that."""
    blocked = asyncio.Event()

    async def run(_: AnySpec, __: Host) -> None:
        await blocked.wait()

    stand, disabled = Stand(run), host("b", quick_enabled=False)
    for one in (host("a"), host("a"), disabled):
        stand.scheduler.hurry(QUICK, one)
    await wait_until_async(lambda: stand.started, 1)
    blocked.set()
    await wait_until_async(lambda: stand.landed, 1)
    assert [("a", "quick")] == [(name, probe) for name, probe, _ in stand.started]
    await stand.scheduler.stop(0.5)


async def test_run_now_joins_what_is_under_way() -> None:
    """Two that ask at once get the same run; one that gives up takes it from nobody; it lands once."""
    blocked = asyncio.Event()

    async def run(_: AnySpec, __: Host) -> None:
        await blocked.wait()

    stand, one = Stand(run), host("a")
    first, second = (asyncio.create_task(stand.scheduler.run_now(QUICK, one)) for _ in range(2))
    await wait_until_async(lambda: stand.started, 1)
    first.cancel()
    blocked.set()
    assert "reading" == (await second).result
    assert (1, 1) == (len(stand.started), len(stand.landed))
    await stand.scheduler.stop(0.5)


async def test_a_removed_host_lands_nothing() -> None:
    """Its runs are cancelled, and it is not started again."""
    cancelled: Counter[str] = Counter()

    async def run(spec: AnySpec, _: Host) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled[spec.name] += 1
            raise

    async with running(Stand(run), host("a")) as stand:
        await wait_until_async(lambda: len(stand.started) == 2, 2)
        stand.scheduler.remove(["a"])
        await wait_until_async(lambda: cancelled == {"quick": 1, "slow": 1}, 1)
        stand.scheduler.add([host("b")])
        await wait_until_async(lambda: len(stand.times("b")) == 1, 3)
        assert 2 == len([1 for name, _, _ in stand.started if name == "a"])
        assert [] == stand.landed


async def test_a_removed_host_lands_nothing_even_if_its_run_ends_well() -> None:
    """A run that makes light of its cancellation is nobody's; the host may be back before it has ended."""
    calls = 0

    async def run(_: AnySpec, __: Host) -> None:
        nonlocal calls
        calls += 1
        if calls <= 2:  # the probes of the first sweep
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async with running(Stand(run), host("a")) as stand:
        await wait_until_async(lambda: calls == 2, 2)
        stand.scheduler.remove(["a"])
        stand.scheduler.add([host("a")])
        await wait_until_async(lambda: calls == 4 and len(stand.landed) == 2, 2)
        assert [] == _overruns(stand)


async def test_a_disabled_probe_is_not_asked() -> None:
    """Settings of the host decide, and a replaced host has its new ones."""
    async with running(Stand(), host("a", quick_enabled=False)) as stand:
        await wait_until_async(lambda: len(stand.times("a", "slow")) >= 2, 4)
        assert [] == stand.times("a")
        stand.scheduler.add([host("a")])
        await wait_until_async(lambda: stand.times("a"), 4)
