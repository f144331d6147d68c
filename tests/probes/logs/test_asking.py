"""One look at a log: what it asks, and what an answer that is none comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from pydantic import ValidationError

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.parsers.management_log import Cursor
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, SectionCall
from cs_exporter.probes.logs.asking import Followed, follow
from cs_exporter.probes.logs.management_log import ManagementLogSettings
from cs_exporter.probes.logs.reading import LogReading
from tests import world

BEFORE = LogReading("/log", 1000.0, 0.0, Cursor(17, 100, 1), former=Cursor(16, 9, 2))
SETTINGS = ManagementLogSettings(path="/log")
DONE = Answer(SectionCall("followed_log"), AnswerState.DONE, 0, b"at 17 120 5\nend\n")


@dataclass
class Host:
    """A host whose collector says this."""

    answer: Answer
    asked: SectionCall | None = None

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        (self.asked,) = calls
        return Answers(await self.clock(), {self.asked: replace(self.answer, call=self.asked)})

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return ClockSample(0.0, 1e-6, 0.0, 0.01)

    def time(self) -> float:
        """See ports.Clock."""
        return 5000.0

    def monotonic(self) -> float:
        """See ports.Clock."""
        return 1015.0


async def followed(host: Host, before: LogReading | None = BEFORE) -> Followed:
    """A look at that host's log."""
    return await follow(world.io(shell=host, clock=host), "server", SETTINGS, before, "1-4")


async def test_a_look_goes_on_where_the_last_one_ended() -> None:
    """In the file itself and in the one it was; the first look names no place."""
    host = Host(DONE)
    found = await followed(host)
    places = ("17", "100", "1", "16", "9", "2")
    assert SectionCall("followed_log", ("/log", "server", "134217728", "1-4", *places), 8) == host.asked
    assert (Cursor(17, 120, 5), 1015.0, 3985.0) == (found.at, found.now.monotonic, found.now.epoch)
    await followed(host, None)
    assert host.asked is not None
    assert 4 == len(host.asked.arguments)


async def test_lines_are_new_for_some_intervals() -> None:
    """A look that was lost does not make those of the next one old."""
    assert 40.0 == (await followed(Host(DONE))).now.longest
    slow = ManagementLogSettings(path="/log", interval=60.0)
    host = Host(DONE)
    assert 150.0 == (await follow(world.io(shell=host, clock=host), "server", slow, None, "")).now.longest


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (replace(DONE, output=b"denied\n"), Reason.COMMAND),
        (replace(DONE, output=b"irregular\n"), Reason.COMMAND),
        (replace(DONE, output=b"missing\n"), Reason.COMMAND),
        (replace(DONE, output=b"at 17 120 5\n"), Reason.UNPARSABLE),
        (replace(DONE, status=2, output=b""), Reason.COMMAND),
        (replace(DONE, status=200, output=b"held 100000 1090.5\n"), Reason.COMMAND),
        (replace(DONE, state=AnswerState.LATE, output=b""), Reason.COMMAND),
    ],
    ids=["denied", "irregular", "missing", "torn", "failed", "held", "late"],
)
async def test_what_keeps_it_from_reading(answer: Answer, reason: Reason) -> None:
    """It is never said to be the host that can't be asked; and the log is named."""
    with pytest.raises(ProbeFailed) as caught:
        await followed(Host(answer))
    assert reason is caught.value.reason
    assert "/log" in caught.value.detail


async def test_a_log_that_never_was_there() -> None:
    """Such a host has no log of this kind, or elsewhere; a collector without the section does not know."""
    with pytest.raises(UnsupportedError, match="correct path"):
        await followed(Host(replace(DONE, output=b"missing\n")), None)
    with pytest.raises(UnsupportedError):
        await followed(Host(replace(DONE, state=AnswerState.UNSUPPORTED)))


@pytest.mark.parametrize("path", ["log", "", "/", "/a/", "/a*", "/a[b", "/a?", "/a\nb"])
def test_a_path_is_one_files(path: str) -> None:
    """Absolute, and no pattern."""
    with pytest.raises(ValidationError):
        ManagementLogSettings(path=path)
