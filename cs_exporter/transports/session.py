"""One running collector: requests go out, frames come in, each request ends as answers or as one failure.

It knows nothing of what carries the bytes (an SSH channel, a child's pipes): a carrier feeds it and gives it `write`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cs_exporter.model import ProbeFailed, Reason, UnparsableError
from cs_exporter.parsers.collector import (
    PROTOCOL,
    ClockFrame,
    EndedFrame,
    Frame,
    FrameReader,
    Hello,
    ListedFrame,
    SectionFrame,
    request_line,
)
from cs_exporter.ports import Answer, Answers, AnswerState, Clock, ClockSample, Counters, SectionCall

END_GRACE = 3.0
"""Seconds beyond the longest section's limit after which a missing end frame means that the host no longer answers."""

MAX_REQUESTS = 64
"""Requests one session may have under way: more means that nobody reads the answers."""


@dataclass(slots=True)
class _Request:
    calls: tuple[SectionCall, ...]
    done: asyncio.Future[Answers | ProbeFailed]
    sent: float
    sent_monotonic: float
    timer: asyncio.TimerHandle
    clock: ClockSample | None = None
    answers: dict[SectionCall, Answer] = field(default_factory=dict)
    listed: bool = False
    ended: bool = False


class CollectorSession:
    """Speaks to one collector. `write` sends bytes; `drop` ends the carrier; both must not block."""

    def __init__(
        self, write: Callable[[bytes], None], drop: Callable[[], None], clock: Clock, counters: Counters
    ) -> None:
        self._write = write
        self._drop = drop
        self._clock = clock
        self._counters = counters
        self._readers = (FrameReader(), FrameReader())
        self._requests: dict[str, _Request] = {}
        self._number = 0
        # A host's own text must not be able to forge a frame: it can't know the nonce.
        self._nonce = secrets.token_hex(4)
        self._loop = asyncio.get_running_loop()
        self._hello: asyncio.Future[Hello | ProbeFailed] = self._loop.create_future()
        self.hello: Hello | None = None
        self.failure: ProbeFailed | None = None
        self.gone = asyncio.Event()
        """Set by the carrier when nothing of it is left."""

    def start(self, script: bytes) -> None:
        """Send the script; nothing else may follow it before the hello frame, since shells read ahead."""
        self._counters.request_bytes += len(script)
        self._write(script)

    async def greeted(self, limit: float) -> CollectorSession:
        """Wait for the hello frame. Raises ProbeFailed when it does not come in `limit` seconds, or is a wrong one."""
        try:
            async with asyncio.timeout(limit):
                result = await asyncio.shield(self._hello)
        except TimeoutError:
            result = ProbeFailed(Reason.TIMEOUT, f"no hello from the collector within {limit:g} s{self._said()}")
        except asyncio.CancelledError:
            self.lost(ProbeFailed(Reason.RESET, "given up before its hello"))
            raise
        if isinstance(result, ProbeFailed):
            self.lost(result)
            raise ProbeFailed(result.reason, result.detail)
        self.hello = result
        return self

    def received(self, data: bytes, *, second: bool = False) -> None:
        """Bytes from the host arrived, on its first stream or on the second one."""
        now = self._clock.monotonic()
        self._counters.answer_bytes += len(data)
        try:
            for frame in self._readers[second].feed(data):
                self._take(frame, now)
        except UnparsableError as error:
            self.lost(ProbeFailed(Reason.UNPARSABLE, f"the collector's answer: {error}"))

    def lost(self, failure: ProbeFailed) -> None:
        """The session is over: every request under way ends with `failure`. Harmless when it is over already."""
        if self.failure is not None:
            return
        self.failure = failure
        if not self._hello.done():
            self._hello.set_result(failure)
        for name in list(self._requests):
            self._finish(name, failure)
        self._drop()

    def ended(self, how: str) -> None:
        """The collector ended by itself; `how` says what the carrier knows of it."""
        if self._hello.done():
            self.lost(ProbeFailed(Reason.RESET, f"the connection broke: {how}"))
        else:
            self.lost(ProbeFailed(Reason.COMMAND, f"no shell for the collector: {how}{self._said()}"))

    def _said(self) -> str:
        """The last thing the host said that was no frame: a login message, a shell's complaint."""
        lines = [reader.noise.decode("utf-8", "replace").strip() for reader in reversed(self._readers)]
        return next((f": {line!r}" for line in lines if line), "")

    async def request(self, calls: tuple[SectionCall, ...]) -> Answers | ProbeFailed:
        """Ask; never raises anything but cancellation, so that one result can be shared by many."""
        if self.failure is not None:
            return self.failure
        if len(self._requests) >= MAX_REQUESTS:
            return ProbeFailed(Reason.EXHAUSTED, f"{MAX_REQUESTS} requests are already under way on this host")
        name = f"{self._number:x}.{self._nonce}"
        self._number += 1
        line = request_line(name, [(call.name, call.limit, call.arguments) for call in calls])
        deadline = max((call.limit for call in calls), default=0) + END_GRACE
        self._requests[name] = request = _Request(
            calls=calls,
            done=self._loop.create_future(),
            sent=self._clock.time(),
            sent_monotonic=self._clock.monotonic(),
            timer=self._loop.call_later(deadline, self._overdue, deadline),
        )
        self._counters.requests += 1
        self._counters.request_bytes += len(line)
        self._write(line)
        return await request.done

    def _overdue(self, deadline: float) -> None:
        self._counters.sessions_dropped += 1
        self.lost(ProbeFailed(Reason.TIMEOUT, f"connected, but no end of the answer within {deadline:g} s"))

    def _take(self, frame: Frame, now: float) -> None:
        if isinstance(frame, Hello):
            if not self._hello.done():
                self._hello.set_result(_checked(frame))
            return
        request = self._requests.get(frame.request)
        if request is None:  # an answer to a request that has ended
            return
        if isinstance(frame, ClockFrame):
            round_trip = now - request.sent_monotonic
            request.clock = ClockSample(frame.host_time, frame.resolution, request.sent, round_trip)
        elif isinstance(frame, SectionFrame):
            if frame.index >= len(request.calls):
                raise UnparsableError(f"section {frame.index} was not asked")
            call = request.calls[frame.index]
            request.answers[call] = _answer(call, frame)
        elif isinstance(frame, ListedFrame):
            request.listed = True
            request.ended |= frame.workers == 0
        elif isinstance(frame, EndedFrame):
            request.ended = True
        if request.listed and request.ended:
            self._complete(frame.request, request)

    def _complete(self, name: str, request: _Request) -> None:
        if request.clock is None:
            raise UnparsableError("no clock frame")
        for call in request.calls:
            request.answers.setdefault(call, Answer(call, AnswerState.LATE))
        self._finish(name, Answers(request.clock, request.answers))

    def _finish(self, name: str, result: Answers | ProbeFailed) -> None:
        request = self._requests.pop(name)
        request.timer.cancel()
        if not request.done.done():
            request.done.set_result(result)


def _checked(hello: Hello) -> Hello | ProbeFailed:
    if hello.protocol != PROTOCOL:
        detail = f"the installed collector speaks protocol {hello.protocol}, not {PROTOCOL}: install this version's"
        return ProbeFailed(Reason.COMMAND, detail)
    return hello


def _answer(call: SectionCall, frame: SectionFrame) -> Answer:
    if frame.late:
        return Answer(call, AnswerState.LATE)
    if frame.status is None:
        return Answer(call, AnswerState.UNSUPPORTED)
    return Answer(call, AnswerState.DONE, frame.status, frame.output, frame.seconds)
