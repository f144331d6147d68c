"""A wall clock that is stepped under the scheduler, which waits by it: no stop, no run more, no run less.

An hour's step is tried on a real process, whose clock the test sets.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cs_exporter import scheduling
from cs_exporter.scheduling import Scheduler
from tests.lab.sshd import fake_clock_library
from tests.lab.wait import wait_until, wait_until_async
from tests.test_scheduling import BASE, QUICK, Stand, host, inventory, running


async def test_a_slot_that_begins_twice_runs_once() -> None:
    """A clock that jumps ahead makes APScheduler begin slots early, or once more: each interval has one run."""
    async with running(Stand(), host("a")) as stand:
        for _ in range(3):
            before = len(stand.times("a"))
            await wait_until_async(lambda before=before: len(stand.times("a")) > before, 3)  # type: ignore[misc]  # mypy does not infer a lambda's default
            for slot in stand.scheduler._members:
                await stand.scheduler._begin_slot(slot)
        slots = stand.times("a")[1:]
    assert [BASE] * (len(slots) - 1) == pytest.approx([b - a for a, b in pairwise(slots)], abs=0.2)


async def test_small_steps_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set a little every second is noticed when it matters, and only then."""

    class Stepped:
        ahead = 0.0

        def time(self) -> float:
            return time.time() + self.ahead

        def monotonic(self) -> float:
            return time.monotonic()

    clock = Stepped()
    monkeypatch.setattr(scheduling, "STEP_CHECK", 0.02)
    scheduler = Scheduler((QUICK,), BASE, 10.0, clock, Stand()._run, lambda _outcome, _interval: None)
    with capture_logs() as logs:
        scheduler.start(inventory())
        for ahead in (0.1, 0.2, 0.3, 0.4, 0.5):
            clock.ahead = ahead
            await asyncio.sleep(0.1)
        await scheduler.stop(0.5)
    assert [0.3] == [round(entry["seconds"], 1) for entry in logs if "stepped" in entry["event"]]


STEPPED = """
import asyncio, sys, time
from tests.test_scheduling import Stand, host, inventory

async def main():
    stand = Stand()
    stand.scheduler.start(inventory(host("a")))
    seen = 0
    while True:
        await asyncio.sleep(0.02)
        if len(stand.times("a")) > seen:
            seen = len(stand.times("a"))
            print(f"{time.monotonic():.3f} {time.time():.3f}", flush=True)

asyncio.run(main())
"""


@pytest.mark.debian
@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_stepped_clock_does_not_stop_the_schedule(tmp_path: Path, step: int) -> None:
    """The clock jumps by an hour under a running scheduler: no gap is longer than two intervals and a bit."""
    clock, log = tmp_path / "clock", tmp_path / "log"
    clock.write_text("+0\n")
    environment = {
        **os.environ,
        "LD_PRELOAD": str(fake_clock_library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", STEPPED], stdout=out, env=environment, cwd=Path(__file__).parents[1]
        )
    try:
        wait_until(lambda: len(_runs(log)) >= 3, 15, "three runs")
        before = len(_runs(log))
        clock.write_text(f"{step:+}\n")
        wait_until(lambda: len(_runs(log)) >= before + 4, 15, "four runs after the step")
        runs = _runs(log)
    finally:
        process.kill()
        process.wait()
    assert step == pytest.approx(runs[-1][1] - runs[0][1] - (runs[-1][0] - runs[0][0]), abs=1)
    gaps = [after[0] - at[0] for at, after in pairwise(runs)]
    assert max(gaps) < 2 * BASE + 0.5
    assert min(gaps[before:]) > BASE / 2


def _runs(log: Path) -> list[tuple[float, float]]:
    """(monotonic, wall clock) of each run; the scheduler's warning about the step stands between them."""
    found = re.findall(r"^([\d.]+) ([\d.]+)$", log.read_text(), re.MULTILINE)
    return [(float(monotonic), float(wall)) for monotonic, wall in found]
