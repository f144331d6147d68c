"""A host's Shell: one collector session, kept alive by the polls and made again when it is lost.

Everything asked in one turn of the event loop becomes one request; whoever gives up waiting takes nothing from others.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import structlog

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Answers, Clock, ClockSample, SectionCall
from cs_exporter.transports.session import CollectorSession

log = structlog.get_logger(__name__)

Connector = Callable[[], Awaitable[CollectorSession]]
"""Makes a session whose collector has said hello; raises only ProbeFailed. It has a deadline of its own."""

CLOSE_TIMEOUT = 1.0
"""Seconds a host is given to notice that we leave."""


class Backoff:
    """When to try again after failures in a row: exponential, with jitter, bounded by `cap` seconds."""

    def __init__(self, cap: float, first: float = 1.0) -> None:
        self._cap = cap
        self._first = first
        self._failures = 0
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next attempt may be made; 0 when it may be made now."""
        return max(0.0, self._next - now)

    def failed(self, now: float) -> None:
        """Another attempt failed."""
        delay = min(self._cap, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        self._next = now + delay * random.uniform(0.5, 1.0)  # noqa: S311 (jitter, not a secret)

    def succeeded(self) -> None:
        """The next failure starts from the first delay again."""
        self._failures = 0
        self._next = 0.0


class _Batch:
    """What is asked together; `done` never holds an exception, so nobody has to fetch it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.calls: dict[SectionCall, None] = {}
        self.done: asyncio.Future[Answers | ProbeFailed] = loop.create_future()


class HostShell:
    """ports.Shell for one host. `retry_cap`: the longest pause between two attempts to connect, in seconds."""

    def __init__(self, connect: Connector, clock: Clock, retry_cap: float) -> None:
        self._connect = connect
        self._clock = clock
        self._backoff = Backoff(retry_cap)
        self._session: CollectorSession | None = None
        self._last_failure: ProbeFailed | None = None
        self._batch: _Batch | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connecting = asyncio.Lock()

    @property
    def session(self) -> CollectorSession | None:
        """The session, if there is one that can be asked."""
        return self._session if self._session is not None and self._session.failure is None else None

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        loop = asyncio.get_running_loop()
        batch = self._batch
        if batch is None:
            batch = self._batch = _Batch(loop)
            loop.call_soon(self._start)
        batch.calls.update(dict.fromkeys(calls))
        result = await asyncio.shield(batch.done)
        if isinstance(result, ProbeFailed):
            raise ProbeFailed(result.reason, result.detail)
        return result

    async def clock(self) -> ClockSample:
        """See ports.Shell. Only on a session that is there: a handshake must not pass for a slow clock."""
        return (await self.ask()).clock

    def _start(self) -> None:
        task = asyncio.get_running_loop().create_task(self._run())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A mistake of ours in connecting must not leave askers waiting, nor the host unasked for ever."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a mistake in a transport; please report it", exc_info=error)
            batch, self._batch = self._batch, None
            if batch is not None and not batch.done.done():
                batch.done.set_result(ProbeFailed(Reason.BUG, f"{type(error).__name__}: {error}"))

    async def _run(self) -> None:
        """Connect if need be, then flush: whatever was asked meanwhile goes out in the same request."""
        session = await self._ready()
        batch, self._batch = self._batch, None
        if batch is None:
            return
        result: Answers | ProbeFailed
        if isinstance(session, ProbeFailed):
            result = session
        else:
            result = await session.request(tuple(batch.calls))
        if not batch.done.done():
            batch.done.set_result(result)

    async def _ready(self) -> CollectorSession | ProbeFailed:
        async with self._connecting:
            if self.session is not None:
                return self.session
            if self._last_failure is not None and self._backoff.wait(self._clock.monotonic()) > 0:
                return self._last_failure
            try:
                self._session = await self._connect()
            except ProbeFailed as failure:
                self._backoff.failed(self._clock.monotonic())
                self._last_failure = failure
                return failure
            self._backoff.succeeded()
            return self._session

    async def close(self) -> None:
        """End the session; everything under way is cancelled."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        batch, self._batch = self._batch, None
        if batch is not None:
            batch.done.cancel()
        if self._session is not None:
            self._session.lost(ProbeFailed(Reason.RESET, "closed by cs_exporter"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._session.gone.wait()
