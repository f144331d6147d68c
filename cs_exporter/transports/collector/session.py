"""One running collector: requests go out, frames come in, each request ends as answers or as one failure.

It knows nothing of what carries the bytes (an SSH channel, a child's pipes): a carrier feeds it and gives it `write`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cs_exporter.model import Login, ProbeFailed, Reason, UnparsableError
from cs_exporter.parsers.collector import (
    PROTOCOL,
    ClockFrame,
    Frame,
    FrameReader,
    Hello,
    ListedFrame,
    SectionFrame,
    request_line,
)
from cs_exporter.ports import Answer, Answers, AnswerState, Clock, ClockSample, Counters, SectionCall
from cs_exporter.transports.ssh.forward import Forward

END_GRACE = 3.0
"""Seconds beyond the longest section's limit after which a missing end frame means that the host no longer answers."""

MAX_REQUESTS = 64
"""Requests one session may have under way: more means that nobody reads the answers."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one asker wants in a request. `done` never holds an exception, so nobody has to fetch it."""

    calls: tuple[SectionCall, ...]
    done: asyncio.Future[Answers | ProbeFailed]

    def settle(self, result: Answers | ProbeFailed) -> None:
        """Give the asker his result, if he is still there."""
        if not self.done.done():
            self.done.set_result(result)


@dataclass(slots=True)
class _Request:
    asks: Sequence[Ask]
    calls: tuple[SectionCall, ...]
    sent: float
    sent_monotonic: float
    timer: asyncio.TimerHandle
    clock: ClockSample | None = None
    answers: dict[SectionCall, Answer] = field(default_factory=dict)
    listed: bool = False
    ended: bool = False

    def take(self, frame: SectionFrame) -> None:
        """Take in one section's answer. Raises UnparsableError for one that was not asked."""
        if frame.index >= len(self.calls):
            raise UnparsableError(f"section {frame.index} was not asked")
        call = self.calls[frame.index]
        self.answers[call] = _answer(call, frame)

    def settle_answered(self) -> None:
        """A section that hangs must not hold up those who did not ask for it."""
        if self.clock is not None:
            for ask in self.asks:
                if self.answers.keys() >= set(ask.calls):
                    ask.settle(Answers(self.clock, dict(self.answers)))


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
        self.completed = 0
        """Requests that have come to their end."""
        self.gone = asyncio.Event()
        """Set by the carrier when nothing of it is left."""
        self.forward: Forward | None = None
        """The way out of the host, where the carrier is a connection that can be used so."""

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
            detail = f"no hello from the collector within {limit:g} s{self._said()}"
            result = ProbeFailed(Reason.TIMEOUT, detail, login=Login.FRESH)
        except asyncio.CancelledError:
            self.lost(ProbeFailed(Reason.RESET, "given up before its hello"))
            raise
        if isinstance(result, ProbeFailed):
            self.lost(result)
            raise result.again()
        self.hello = result
        return self

    def received(self, data: bytes, *, second: bool = False) -> None:
        """Bytes from the host arrived, on its first stream or on the second one."""
        now = self._clock.monotonic()
        self._counters.answer_bytes += len(data)
        if self.failure is not None:  # whoever has nothing more to say here may not fill the memory
            return
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

    def ended(self, how: str, *, broken: bool = False) -> None:
        """The collector ended; `how`: what the carrier knows of it; `broken`: the carrier itself did not hold."""
        if broken or self._hello.done():
            login = Login.PAST if self.completed else Login.AHEAD
            self.lost(ProbeFailed(Reason.RESET, f"the connection broke: {how}", login=login))
        else:
            self.lost(ProbeFailed(Reason.COMMAND, f"no shell for the collector: {how}{self._said()}"))

    def _said(self) -> str:
        """The last thing the host said that was no frame: a login message, a shell's complaint."""
        lines = [reader.noise.decode("utf-8", "replace").strip() for reader in reversed(self._readers)]
        return next((f": {line!r}" for line in lines if line), "")

    def request(self, asks: Sequence[Ask]) -> None:
        """Send one request for all asks. Each is settled as soon as its own sections have answered."""
        refusal = self.failure
        if refusal is None and len(self._requests) >= MAX_REQUESTS:
            refusal = ProbeFailed(Reason.EXHAUSTED, f"{MAX_REQUESTS} requests are already under way on this host")
        if refusal is not None:
            for ask in asks:
                ask.settle(refusal)
            return
        calls = tuple(dict.fromkeys(call for ask in asks for call in ask.calls))
        name = f"{self._number:x}.{self._nonce}"
        self._number += 1
        line = request_line(name, [(call.name, call.limit, call.arguments) for call in calls])
        deadline = max((call.limit for call in calls), default=0) + END_GRACE
        self._requests[name] = _Request(
            asks=asks,
            calls=calls,
            sent=self._clock.time(),
            sent_monotonic=self._clock.monotonic(),
            timer=self._loop.call_later(deadline, self._overdue, deadline),
        )
        self._counters.requests += 1
        self._counters.request_bytes += len(line)
        self._write(line)

    def _overdue(self, deadline: float) -> None:
        self._counters.sessions_dropped += 1
        detail = f"connected, but no end of the answer within {deadline:g} s"
        self.lost(ProbeFailed(Reason.TIMEOUT, detail, login=Login.PAST if self.completed else Login.FRESH))

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
            request.take(frame)
        elif isinstance(frame, ListedFrame):
            request.listed = True
            request.ended |= frame.workers == 0
        else:
            request.ended = True
        if request.listed and request.ended:
            self._complete(frame.request, request)
        else:
            request.settle_answered()

    def _complete(self, name: str, request: _Request) -> None:
        if request.clock is None:
            raise UnparsableError("no clock frame")
        for call in request.calls:
            request.answers.setdefault(call, Answer(call, AnswerState.LATE))
        self.completed += 1
        self._finish(name, Answers(request.clock, request.answers))

    def _finish(self, name: str, result: Answers | ProbeFailed) -> None:
        request = self._requests.pop(name)
        request.timer.cancel()
        for ask in request.asks:
            ask.settle(result)


def _checked(hello: Hello) -> Hello | ProbeFailed:
    if hello.protocol != PROTOCOL:
        detail = f"the installed collector speaks protocol {hello.protocol}, not {PROTOCOL}: install this version's"
        return ProbeFailed(Reason.COMMAND, detail)
    return hello


def _answer(call: SectionCall, frame: SectionFrame) -> Answer:
    if frame.late:
        return Answer(call, AnswerState.LATE)
    if frame.oversized:
        return Answer(call, AnswerState.OVERSIZED)
    if frame.status is None:
        return Answer(call, AnswerState.UNSUPPORTED)
    return Answer(call, AnswerState.DONE, frame.status, frame.output, frame.seconds)
