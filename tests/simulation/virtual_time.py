"""An event loop whose time jumps to its next timer as soon as nothing is left to do: an hour passes in seconds.

Everything that the daemon waits by goes along: the loop's timers, the injected clocks, and APScheduler's `datetime`.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, tzinfo
from typing import Any, Self, TypeVar

import apscheduler.executors.base
import apscheduler.schedulers.base

import cs_exporter.scheduling

T = TypeVar("T")

BEGIN = 1000.0
"""The monotonic clock's first reading, in seconds."""

EPOCH = 1_795_250_000.0
"""True time, in seconds since the epoch, when that clock stood at 0."""

_WALL_CLOCKS: tuple[Any, ...] = (apscheduler.schedulers.base, apscheduler.executors.base, cs_exporter.scheduling)
"""Modules that ask `datetime` what time it is."""


class VirtualClock:
    """ports.Clock of the exporter. `slewed`: how far its wall clock is ahead of true time, in seconds."""

    def __init__(self) -> None:
        self._now = BEGIN
        self.slewed = 0.0

    def monotonic(self) -> float:
        """See ports.Clock."""
        return self._now

    def true(self) -> float:
        """True time, since the epoch."""
        return EPOCH + self._now

    def time(self) -> float:
        """See ports.Clock."""
        return self.true() + self.slewed

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._now - BEGIN

    async def until(self, elapsed: float) -> None:
        """Wait for that moment, in seconds since the beginning: the only thing in the tests that is sure to come."""
        await asyncio.sleep(elapsed - self.elapsed)

    def pass_by(self, seconds: float) -> None:
        """Let time pass in which nobody runs: by the loop while it waits, by a test as a stall of the process."""
        self._now += seconds


class _Jumping(selectors.DefaultSelector):
    """Waits by moving the clock. What is ready for real (the loop's own wake-up pipe) comes first."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See selectors.BaseSelector. Raises RuntimeError where nothing would ever happen again."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nobody waits for a moment in time any more: the simulation stands still")
        if not ready and timeout is not None:
            self._clock.pass_by(max(0.0, timeout))
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop by a virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_Jumping(clock))
        self._virtual = clock

    def time(self) -> float:
        """See asyncio.AbstractEventLoop."""
        return self._virtual.monotonic()


@contextlib.contextmanager
def _wall_clock(clock: VirtualClock) -> Iterator[None]:
    """APScheduler and our use of it see the exporter's virtual wall clock."""

    class Virtual(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.time(), tz)

    kept = [module.datetime for module in _WALL_CLOCKS]
    for module in _WALL_CLOCKS:
        module.datetime = Virtual
    try:
        yield
    finally:
        for module, real in zip(_WALL_CLOCKS, kept, strict=True):
            module.datetime = real


def run(main: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    """Run `main` in a loop of its own, by a clock of its own."""
    clock = VirtualClock()
    with _wall_clock(clock), asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(main(clock))
