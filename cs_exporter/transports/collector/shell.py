"""A host's Shell: one collector session, kept alive by the polls and made again when it is lost.

Everything asked in one turn of the event loop becomes one request; whoever gives up waiting takes nothing from others.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from collections.abc import Awaitable, Callable

import structlog

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Answers, Clock, ClockSample, SectionCall
from cs_exporter.transports.collector.session import Ask, CollectorSession

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


class HostShell:
    """ports.Shell for one host. `retry_cap`: the longest pause between two attempts to connect, in seconds."""

    def __init__(self, connect: Connector, clock: Clock, retry_cap: float) -> None:
        self._connect = connect
        self._clock = clock
        self._backoff = Backoff(retry_cap)
        self._session: CollectorSession | None = None
        self._last_failure: ProbeFailed | None = None
        self._batch: list[Ask] | None = None  # asked, and not sent yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._connecting = asyncio.Lock()
        self._closed = False

    @property
    def session(self) -> CollectorSession | None:
        """The session, if there is one that can be asked."""
        return self._session if self._session is not None and self._session.failure is None else None

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        if self._closed:
            raise _closed()
        loop = asyncio.get_running_loop()
        ask = Ask(calls, loop.create_future())
        if self._batch is None:
            self._batch = []
            loop.call_soon(self._start, self._batch)
        self._batch.append(ask)
        result = await ask.done
        if isinstance(result, ProbeFailed):
            raise result.again()
        return result

    async def clock(self) -> ClockSample:
        """See ports.Shell. Only on a session that is there: a handshake must not pass for a slow clock."""
        return (await self.ask()).clock

    def _start(self, batch: list[Ask]) -> None:
        if self._closed:
            _settle(batch, _closed())
            return
        task = asyncio.get_running_loop().create_task(self._run(batch))
        self._tasks.add(task)
        task.add_done_callback(functools.partial(self._ended, batch))

    def _ended(self, batch: list[Ask], task: asyncio.Task[None]) -> None:
        """A mistake of ours in connecting must not leave askers waiting, nor the host unasked for ever."""
        self._tasks.discard(task)
        if self._batch is batch:
            self._batch = None
        if task.cancelled():
            for ask in batch:
                ask.done.cancel()
        elif (error := task.exception()) is not None:
            log.error("a mistake in a transport; please report it", exc_info=error)
            _settle(batch, ProbeFailed(Reason.BUG, f"{type(error).__name__}: {error}"))

    async def _run(self, batch: list[Ask]) -> None:
        """Connect if need be, then flush: whatever was asked meanwhile goes out in the same request."""
        session = await self._ready()
        self._batch = None
        if isinstance(session, ProbeFailed):
            _settle(batch, session)
        else:
            session.request([ask for ask in batch if not ask.done.done()])

    async def _ready(self) -> CollectorSession | ProbeFailed:
        async with self._connecting:
            if self.session is not None:
                return self.session
            self._judge_lost()
            if self._last_failure is not None and self._backoff.wait(self._clock.monotonic()) > 0:
                return self._last_failure
            try:
                self._session = await self._connect()
            except ProbeFailed as failure:
                self._failed(failure)
                return failure
            return self._session

    def _judge_lost(self) -> None:
        """A session that was lost before it answered anything is a failure like one to connect.

        Else a host whose collectors get stuck one after another would be given another one at every poll.
        """
        lost, self._session = self._session, None
        if lost is None or lost.failure is None:
            return
        if lost.completed:
            self._backoff.succeeded()
        else:
            self._failed(lost.failure)

    def _failed(self, failure: ProbeFailed) -> None:
        self._backoff.failed(self._clock.monotonic())
        self._last_failure = failure

    async def close(self) -> None:
        """End the session; everything under way is cancelled, and nothing can be asked any more."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            self._session.lost(_closed())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._session.gone.wait()


def _settle(batch: list[Ask], failure: ProbeFailed) -> None:
    for ask in batch:
        ask.settle(failure)


def _closed() -> ProbeFailed:
    return ProbeFailed(Reason.RESET, "closed by cs_exporter")
