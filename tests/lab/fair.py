"""A clock for promises of time: it stands still while the machine lets nobody run.

Whoever is paused with all the machine, or waits for a processor for long, is not slow. What a test's own code takes,
and what it waits for, counts in full.
"""

from __future__ import annotations

import threading
import time

NAP = 0.01
HELD_UP = 0.05
"""Seconds that a nap may end late: beyond, somebody else had the processor for as long."""


class _Napper:
    """A thread that sleeps, and knows how late it was woken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost, self._asleep = 0.0, time.monotonic()
        threading.Thread(target=self._nap, name="fair clock", daemon=True).start()

    def now(self) -> float:
        """Monotonic seconds, without those that were lost."""
        with self._lock:
            now = time.monotonic()
            return now - self._lost - self._late(now)

    def _nap(self) -> None:
        while True:
            time.sleep(NAP)
            with self._lock:
                now = time.monotonic()
                self._lost += self._late(now)
                self._asleep = now

    def _late(self, now: float) -> float:
        late = now - self._asleep - NAP
        return late if late > HELD_UP else 0.0


_NAPPERS: list[_Napper] = []


def seconds() -> float:
    """As `time.monotonic`, to be subtracted from each other. The first call starts the thread that it needs."""
    if not _NAPPERS:
        _NAPPERS.append(_Napper())
    return _NAPPERS[0].now()
