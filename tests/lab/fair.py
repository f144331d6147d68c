"""A clock for promises of time: it stands still while the machine lets nobody run.

Whoever is paused with all the machine is not slow. Processor time of this process counts in full, and so does all that
it waits for; that it gets less of a busy processor than it wants does too, but for whole pauses.
"""

from __future__ import annotations

import threading
import time
from functools import cache

NAP = 0.01
HELD_UP = 0.05
"""Seconds that a nap may end late; only what is beyond is somebody else's doing."""


class _Napper:
    """A thread that sleeps, and knows how late it was woken, and how much of that this process was at work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost, self._asleep, self._used = 0.0, time.monotonic(), time.process_time()
        threading.Thread(target=self._nap, name="fair clock", daemon=True).start()

    def now(self) -> float:
        """Monotonic seconds, without those that were lost."""
        with self._lock:
            now = time.monotonic()
            return now - self._lost - self._late(now)

    def _nap(self) -> None:
        while True:
            time.sleep(NAP)  # this is the measurement: how late it ends
            with self._lock:
                now = time.monotonic()
                self._lost += self._late(now)
                self._asleep, self._used = now, time.process_time()

    def _late(self, now: float) -> float:
        own = time.process_time() - self._used
        return max(0.0, now - self._asleep - NAP - HELD_UP - own)


_STARTING = threading.Lock()
_napper = cache(_Napper)


def seconds() -> float:
    """As `time.monotonic`, to be subtracted from each other. The first call starts the thread that it needs."""
    with _STARTING:
        napper = _napper()
    return napper.now()
