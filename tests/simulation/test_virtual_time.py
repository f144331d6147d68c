"""Virtual time: timers come at their moments, everybody's clocks agree, and nobody waits for real."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC
from typing import Any

import pytest

import cs_exporter.scheduling
from cs_exporter.model import Host, Inventory, Outcome
from cs_exporter.probes import PROBES
from cs_exporter.scheduling import Scheduler
from cs_exporter.spec import AnySpec
from tests.simulation import virtual_time
from tests.simulation.virtual_time import VirtualClock

DRIFT = next(spec for spec in PROBES if spec.name == "time_drift")


def test_an_hour_passes_at_once() -> None:
    """Sleepers wake at their moment, by the loop's clock and the exporter's."""

    async def main(clock: VirtualClock) -> list[float]:
        woken: list[float] = []

        async def wake(elapsed: float) -> None:
            await clock.until(elapsed)
            woken.append(clock.elapsed)

        await asyncio.gather(*map(wake, (3600.0, 1.0, 60.0)))
        return woken

    began = time.monotonic()
    assert [1.0, 60.0, 3600.0] == pytest.approx(virtual_time.run(main))
    assert time.monotonic() - began < 10


def test_the_wall_clock_is_the_exporters() -> None:
    """The scheduler's `datetime` follows it, also where it is slewed away from true time; and is itself afterwards."""

    async def main(clock: VirtualClock) -> tuple[float, float, float]:
        clock.slewed = 0.05
        await clock.until(100.0)
        return _shown(), clock.time(), clock.true()

    shown, wall, true = virtual_time.run(main)
    assert (wall, true + 0.05) == pytest.approx((shown, wall), abs=1e-5)
    assert abs(_shown() - time.time()) < 60


def _shown() -> float:
    """The time by the scheduler's `datetime`."""
    module: Any = cs_exporter.scheduling
    shown: float = module.datetime.now(UTC).timestamp()
    return shown


def test_a_stall_makes_timers_late() -> None:
    """Time that passes while nobody runs is nobody's to make up."""

    async def main(clock: VirtualClock) -> float:
        asyncio.get_running_loop().call_later(1.0, clock.pass_by, 3.0)
        await clock.until(2.0)
        return clock.elapsed

    assert 4.0 == pytest.approx(virtual_time.run(main))


def test_the_real_scheduler_keeps_its_slots() -> None:
    """A host is asked once per interval, for a whole hour."""

    async def main(clock: VirtualClock) -> list[float]:
        began: list[float] = []

        async def run(spec: AnySpec, host: Host) -> Outcome:
            began.append(clock.elapsed)
            return Outcome(spec.name, host.name, clock.time(), clock.monotonic(), 0.0, "reading")

        scheduler = Scheduler((DRIFT,), 15.0, 50.0, clock, run, lambda _outcome, _interval: None)
        host = Host("kvm1", "192.0.2.1", settings={DRIFT.name: DRIFT.settings()})
        scheduler.start(Inventory({"kvm1": host}))
        await clock.until(3600.0)
        await scheduler.stop(1.0)
        return began

    swept, *slots = virtual_time.run(main)
    assert swept < 1
    assert 60 == len(slots)
    assert [slots[0] + 60 * number for number in range(60)] == pytest.approx(slots, abs=0.01)


def test_a_world_that_stands_still_is_noticed() -> None:
    """Who waits for what nobody does would wait for ever."""

    async def main(_clock: VirtualClock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="stands still"):
        virtual_time.run(main)
