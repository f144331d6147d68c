"""One session: requests and answers matched whatever the order, and every way of losing it ends what was asked.

The carrier is played by the test: what the session writes is kept, and bytes arrive when the test says so.
"""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import dataclass, field

import pytest

from cs_exporter.model import Login, ProbeFailed, Reason
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Counters, SectionCall
from cs_exporter.transports.collector import session as session_module
from cs_exporter.transports.collector.session import END_GRACE, MAX_REQUESTS, Ask, CollectorSession
from tests.lab.wait import wait_until_async

HELLO = b"\x1eready 1 0123456789ab mounts,statfs\n"
MOUNTS, STATFS = SectionCall("mounts"), SectionCall("statfs", ("/mnt/a b",), 4)


@dataclass
class HandClock:
    """The exporter's clocks, set by hand."""

    now: float = 50.0

    def time(self) -> float:
        """As `ports.Clock`."""
        return 1_700_000_000.0 + self.now

    def monotonic(self) -> float:
        """As `ports.Clock`."""
        return self.now


@dataclass
class Carried:
    """A session and both ends of what would carry it."""

    clock: HandClock = field(default_factory=HandClock)
    counters: Counters = field(default_factory=Counters)
    lines: list[str] = field(default_factory=list)
    drops: int = 0

    def __post_init__(self) -> None:
        self.session = CollectorSession(
            lambda data: self.lines.append(data.decode()), self._drop, self.clock, self.counters
        )
        self.session.received(HELLO)

    def _drop(self) -> None:
        self.drops += 1

    def ask(self, *calls: SectionCall) -> asyncio.Future[Answers | ProbeFailed]:
        """Ask; the future is done when the answer is."""
        asked = Ask(calls, asyncio.get_running_loop().create_future())
        self.session.request([asked])
        return asked.done

    @property
    def id(self) -> str:
        """The id of the latest request."""
        return self.lines[-1].split()[0]

    def arrives(self, *frames: str, second: bool = False) -> None:
        """Frames of the latest request arrive; `#` stands for its id."""
        text = "".join(f"\x1e{frame.replace('#', self.id)}\n" for frame in frames)
        self.session.received(text.encode(), second=second)


def answers(done: asyncio.Future[Answers | ProbeFailed]) -> Answers:
    """The answers that have come."""
    result = done.result()
    assert isinstance(result, Answers)
    return result


def reason(done: asyncio.Future[Answers | ProbeFailed]) -> Reason:
    """Why there are none."""
    result = done.result()
    assert isinstance(result, ProbeFailed)
    return result.reason


async def test_a_request_and_its_answers() -> None:
    """The line that goes out, the clock's bracket, and the sections by their calls."""
    carried = Carried()
    done = carried.ask(MOUNTS, STATFS)
    assert [f"{carried.id} mounts,0 statfs,4,/mnt/a\\0040b\n"] == carried.lines
    carried.clock.now += 0.25
    carried.arrives("# @ 1700000051.5")
    carried.clock.now += 9
    carried.arrives("# < 0\nproc /proc\n", "# > 0 0", "# . 1")
    carried.arrives("# ! 1 0 10.00 10.50\n4096\n\x1e# ;", "# $", second=True)
    expected = {
        MOUNTS: Answer(MOUNTS, AnswerState.DONE, 0, b"proc /proc\n"),
        STATFS: Answer(STATFS, AnswerState.DONE, 0, b"4096\n", 0.5),
    }
    assert Answers(ClockSample(1700000051.5, 0.1, 1700000050.0, 0.25), expected) == answers(done)
    assert (1, 0, 0) == (carried.counters.requests, carried.counters.sessions_dropped, carried.drops)


async def test_the_streams_may_arrive_in_any_order() -> None:
    """A worker's stream may be ahead of the first one, even with its end."""
    carried = Carried()
    done = carried.ask(MOUNTS, STATFS)
    carried.arrives("# ! 1 0 10 10\n4096\n\x1e# ;", "# $", second=True)
    assert not done.done()
    carried.arrives("# @ 1700000000.5", "# > 0 -", "# . 1")
    found = answers(done)
    assert (AnswerState.UNSUPPORTED, b"4096\n") == (found[MOUNTS].state, found[STATFS].output)


async def test_each_asker_waits_for_his_own_sections() -> None:
    """One request carries all, each section once; a mount that hangs holds up only who asked for it."""
    carried = Carried()
    loop = asyncio.get_running_loop()
    both, quick, clock = (Ask(calls, loop.create_future()) for calls in ((MOUNTS, STATFS), (MOUNTS,), ()))
    carried.session.request([both, quick, clock])
    assert [f"{carried.id} mounts,0 statfs,4,/mnt/a\\0040b\n"] == carried.lines
    carried.arrives("# @ 1700000000.5")
    assert (True, False, False) == (clock.done.done(), quick.done.done(), both.done.done())
    carried.arrives("# < 0\nproc\n", "# > 0 0", "# . 1")
    assert (b"proc\n", False) == (answers(quick.done)[MOUNTS].output, both.done.done())
    carried.arrives("# > 1 late", "# $", second=True)
    assert (b"proc\n", AnswerState.LATE) == (answers(both.done)[MOUNTS].output, answers(both.done)[STATFS].state)


async def test_requests_under_way_do_not_mix() -> None:
    """Two requests for the same section: each gets its own answer, the later one first."""
    carried = Carried()
    first = carried.ask(MOUNTS)
    id_of_first = carried.id
    second = carried.ask(MOUNTS)
    assert id_of_first != carried.id
    carried.arrives("# @ 2.0", "# < 0\nsecond\n", "# > 0 0", "# . 0")
    carried.session.received(
        f"\x1e{id_of_first} @ 1.0\n\x1e{id_of_first} < 0\nfirst\n\x1e{id_of_first} > 0 0\n".encode()
    )
    assert (b"first\n", b"second\n") == (answers(first)[MOUNTS].output, answers(second)[MOUNTS].output)


async def test_an_asker_who_has_left_takes_nothing_from_others() -> None:
    """A cancelled asker's request is answered as if he were there."""
    carried = Carried()
    loop = asyncio.get_running_loop()
    left, stays = Ask((MOUNTS,), loop.create_future()), Ask((MOUNTS,), loop.create_future())
    carried.session.request([left, stays])
    left.done.cancel()
    carried.arrives("# @ 1.0", "# > 0 0", "# . 0")
    assert 0 == answers(stays.done)[MOUNTS].status
    assert carried.session.failure is None


async def test_a_section_without_an_answer_at_the_end_is_late() -> None:
    """The end frame is the collector's word that nothing more will come."""
    carried = Carried()
    done = carried.ask(MOUNTS, STATFS)
    carried.arrives("# @ 1.0", "# . 1")
    carried.arrives("# $", second=True)
    assert [AnswerState.LATE] * 2 == [answers(done)[call].state for call in (MOUNTS, STATFS)]


async def test_frames_of_nobodys_request_change_nothing() -> None:
    """Forged, late or repeated: a frame whose id is not under way is passed over."""
    carried = Carried()
    done = carried.ask(MOUNTS)
    forged = "0.00000000"
    carried.arrives(
        f"{forged} @ 9.0", f"{forged} < 0\nforged\n", f"{forged} > 0 0", f"{forged} . 0", HELLO[1:-1].decode()
    )
    assert not done.done()
    carried.arrives("# @ 1.0", "# < 0\ntrue\n", "# > 0 0", "# . 0")
    assert (b"true\n", 1.0) == (answers(done)[MOUNTS].output, answers(done).clock.host_time)
    carried.arrives("# < 0\nonce more\n", "# > 0 0", "# . 0")
    assert carried.session.failure is None


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (("# > 2 0",), "section 2 was not asked"),
        (("# > 0 0", "# . 0"), "no clock frame"),
        (("# ?",), "not a frame"),
        (("#",), "not a frame"),
    ],
)
async def test_what_does_not_fit_is_unparsable(frames: tuple[str, ...], said: str) -> None:
    """A peer that contradicts itself is no collector: everything under way fails, and the carrier is dropped once."""
    carried = Carried()
    one, other = carried.ask(MOUNTS), carried.ask(MOUNTS, STATFS)
    carried.arrives(*frames)
    assert [Reason.UNPARSABLE] * 2 == [reason(one), reason(other)]
    assert said in str(one.result())
    assert (1, Reason.UNPARSABLE) == (carried.drops, reason(carried.ask(MOUNTS)))


async def test_a_missing_end_drops_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the longest limit and a grace the host no longer answers: time-out, and the connection goes."""
    assert 1 <= END_GRACE <= 5
    monkeypatch.setattr(session_module, "END_GRACE", 0.1)
    carried = Carried()
    patient = carried.ask(SectionCall("nap", (), 1))
    quick = carried.ask(SectionCall("nap", (), 0))
    carried.arrives("# @ 1.0", "# . 1")
    await wait_until_async(quick.done, 0.9)
    assert [Reason.TIMEOUT] * 2 == [reason(quick), reason(patient)]
    assert "connected, but no end of the answer within 0.1 s" in str(quick.result())
    assert (1, 1) == (carried.drops, carried.counters.sessions_dropped)


@pytest.mark.parametrize(("answered", "expected"), [(False, Login.FRESH), (True, Login.PAST)])
async def test_silence_after_the_login(monkeypatch: pytest.MonkeyPatch, expected: Login, *, answered: bool) -> None:
    """Until the first answer it is known that the host has just let us in; later that was long ago."""
    monkeypatch.setattr(session_module, "END_GRACE", 0.05)
    carried = Carried()
    if answered:
        carried.ask()
        carried.arrives("# @ 1.0", "# . 0")
    done = carried.ask(MOUNTS)
    await wait_until_async(done.done, 2)
    failure = done.result()
    assert isinstance(failure, ProbeFailed)
    assert expected is failure.login


async def test_no_hello() -> None:
    """Whoever does not greet has let us in."""
    session = CollectorSession(lambda _: None, lambda: None, HandClock(), Counters())
    with pytest.raises(ProbeFailed, match="no hello") as caught:
        await session.greeted(0.05)
    assert (Reason.TIMEOUT, Login.FRESH) == (caught.value.reason, caught.value.login)


async def test_an_answer_in_time_keeps_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an answered request can drop the session later."""
    monkeypatch.setattr(session_module, "END_GRACE", 0.05)
    carried = Carried()
    done = carried.ask(MOUNTS)
    carried.arrives("# @ 1.0", "# > 0 0", "# . 0")
    assert 0 == answers(done)[MOUNTS].status
    await asyncio.sleep(0.15)
    assert (0, None) == (carried.drops, carried.session.failure)


async def test_the_number_of_requests_is_bounded() -> None:
    """A host that answers nothing is not asked without end; those under way are not given up for it."""
    carried = Carried()
    asked = [carried.ask(MOUNTS) for _ in range(MAX_REQUESTS + 1)]
    assert (MAX_REQUESTS, Reason.EXHAUSTED) == (len(carried.lines), reason(asked.pop()))
    assert not any(done.done() for done in asked)
    carried.arrives("# @ 1.0", "# > 0 0", "# . 0")
    assert not carried.ask(MOUNTS).done()
    carried.session.lost(ProbeFailed(Reason.RESET, "enough"))
    assert {Reason.RESET} == {reason(done) for done in asked[:-1]}


async def test_after_its_end_nothing_is_kept_of_what_arrives() -> None:
    """A carrier that takes its time to close may go on delivering; the memory does not grow by it."""
    carried = Carried()
    carried.session.lost(ProbeFailed(Reason.RESET, "enough"))
    data = b"x" * (1 << 20)
    tracemalloc.start()
    for _ in range(20):
        carried.session.received(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 19
    assert 20 << 20 == carried.counters.answer_bytes - len(HELLO)


@pytest.mark.parametrize(
    ("before", "how", "broken", "expected", "said"),
    [
        (b"nologin\n", "exit status 1", False, Reason.COMMAND, "no shell for the collector: exit status 1: 'nologin'"),
        (b"", "the session ended", False, Reason.COMMAND, "no shell for the collector: the session ended"),
        (b"Welcome\n", "Connection lost", True, Reason.RESET, "the connection broke: Connection lost"),
        (HELLO, "exit status 137", False, Reason.RESET, "the connection broke: exit status 137"),
    ],
)
async def test_how_a_session_ends_is_told(before: bytes, how: str, broken: bool, expected: Reason, said: str) -> None:  # noqa: FBT001 (a table's column)
    """Before its hello there was no shell, unless the carrier broke; after it, the connection broke."""
    session = CollectorSession(lambda _: None, lambda: None, HandClock(), Counters())
    session.received(before)
    session.ended(how, broken=broken)
    assert session.failure is not None
    assert (expected, said) == (session.failure.reason, session.failure.detail)


async def test_the_nonce_differs_between_sessions() -> None:
    """What a host has learnt of one session is of no use in the next."""
    ids = set()
    for _ in range(20):
        carried = Carried()
        carried.ask(MOUNTS)
        ids.add(carried.id)
    assert 20 == len(ids)
