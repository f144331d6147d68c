"""Tells the service manager how the daemon fares: sd_notify(3), over the datagram socket that the environment names.

Written here because the libraries for it are unmaintained or link a system library, for a protocol of one datagram.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"

PULSE = 5.0
"""Seconds between two looks at the daemon, where the watchdog does not want them more often."""

PULSES_PER_WATCHDOG = 4
"""sd_watchdog_enabled(3) recommends two; with four a single look at a bad moment does not end the daemon."""

DEAD_PULSES = 2
"""Looks in a row that found the daemon dead, before the log says so: a machine that was asleep is late for one."""


class ServiceManager:
    """The service manager that started this process, if one did; without one, nothing here has an effect.

    `alive` is asked at every pulse of the event loop, and only then is the watchdog answered: a loop that stands still,
    or a daemon that says it is not alive, is restarted. `status` gives the line that `systemctl status` shows.
    """

    def __init__(
        self, environment: MutableMapping[str, str], alive: Callable[[], bool], status: Callable[[], str]
    ) -> None:
        """Take the settings out of `environment`, so that no child mistakes them for its own."""
        named = {name: environment.pop(name, "") for name in (SOCKET, WATCHDOG, WATCHDOG_PID)}
        self._address = _address(named[SOCKET])
        self._watchdog = _watchdog(named[WATCHDOG], named[WATCHDOG_PID])
        self._alive = alive
        self._status = status
        self._said = ""
        self._owes_ready = False
        self._dead_pulses = 0
        self._deaf = False
        self._timer: asyncio.TimerHandle | None = None

    def ready(self) -> None:
        """The daemon listens and has begun to ask: READY=1, and the first pulse."""
        if self._address:
            self._owes_ready = True
            self._pulse()

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """RELOADING=1 before, READY=1 after, however it went: the daemon goes on either way."""
        self._owes_ready = False  # what was owed before is settled by the READY=1 to come
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            yield
        finally:
            self._owes_ready = True
            self._tell()

    def stopping(self) -> None:
        """STOPPING=1, and no pulse any more; may be said twice."""
        if self._timer is not None:
            self._timer.cancel()
        self._send("STOPPING=1")

    def _pulse(self) -> None:
        alive = self._alive()
        self._dead_pulses = 0 if alive else self._dead_pulses + 1
        if self._watchdog and self._dead_pulses == DEAD_PULSES:
            log.error("no run is being started any more: the watchdog gets no answer, and will restart this daemon")
        self._tell(*(("WATCHDOG=1",) if self._watchdog and alive else ()))
        pause = min(PULSE, self._watchdog / PULSES_PER_WATCHDOG or PULSE)
        self._timer = asyncio.get_running_loop().call_later(pause, self._pulse)

    def _tell(self, *assignments: str) -> None:
        """These; before them READY=1 if it is owed, after them the status if it is another than the one that was told.

        What can't be told now, because the manager's queue is full, stays owed: without READY=1 the manager would wait,
        and in the end stop the daemon.
        """
        status = self._status()
        ready = ("READY=1",) if self._owes_ready else ()
        news = (f"STATUS={status}",) if status != self._said else ()
        if self._send(*ready, *assignments, *news):
            self._owes_ready, self._said = False, status

    def _send(self, *assignments: str) -> bool:
        """One datagram; whether it went out."""
        if not self._address or not assignments:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams:
                datagrams.settimeout(0.0)  # a manager that reads no longer must not stop the event loop
                datagrams.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            if not self._deaf:
                log.warning("the service manager can't be told", what=assignments[0], error=str(error))
            self._deaf = True
        else:
            self._deaf = False
        return not self._deaf


def _address(named: str) -> str:
    """The socket's address as the kernel wants it: a path, or abstract, which is written with an @; else none."""
    if named.startswith("@"):
        return "\0" + named[1:]
    return named if named.startswith("/") else ""


def _watchdog(microseconds: str, pid: str) -> float:
    """Seconds after which silence is taken for death; 0 where nobody watches, or watches another process."""
    if not (microseconds.isdecimal() and pid in ("", str(os.getpid()))):
        return 0.0
    return int(microseconds) / 1e6
