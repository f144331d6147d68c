"""One look at a log: what every probe that follows one has to be told, how it asks, and what keeps it from reading.

Where to go on stands in the reading before, so a look whose answer was lost is made again from the same place. Whatever
keeps it from reading has the reason `command`: others would say that the host could not be asked, and it has answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from cs_exporter.durations import parse_duration
from cs_exporter.model import ProbeFailed, Reason, UnparsableError, UnsupportedError
from cs_exporter.parsers import held
from cs_exporter.parsers.management_log import Cursor, FileState, Look, parse
from cs_exporter.ports import Answer, AnswerState, Io
from cs_exporter.probes.logs import following
from cs_exporter.probes.logs.reading import LogReading, Now
from cs_exporter.spec import ProbeSettings

HELD = 200
"""Exit status of the guard: a process of this account is at that log already."""

NEW = 2.5
"""Intervals from look to look, at most, for lines to count as new."""

NEW_FLOOR = 40.0
"""Seconds that are never too long for that: a single lost look of the base interval must not make a gap."""


LogPath = Annotated[
    str,
    Field(
        pattern=r"^/[^\x00-\x1f\x7f*?\[\]]*[^\x00-\x1f\x7f*?\[\]/]$",
        description="of the log: absolute, and one file's",
    ),
]


class LogSettings(ProbeSettings):
    """Settings of every probe that follows a log."""

    path: LogPath
    most_bytes: int = Field(
        default=128 << 20,
        ge=1 << 20,
        le=1 << 30,
        strict=True,
        description="bytes read in one look; of what grows faster the oldest is passed over, and that is said",
    )
    read_limit: Annotated[int, BeforeValidator(parse_duration)] = Field(
        default=8, ge=1, le=30, description="seconds that a look may take; whole ones"
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """A look that was made, where the next one goes on, and when that was."""

    look: Look
    at: Cursor
    now: Now


async def follow(io: Io, kind: str, settings: LogSettings, before: LogReading | None, known: str) -> Followed:
    """Read what is new in the log, or from now on. Raises ProbeFailed; UnsupportedError where it never was there."""
    cursors = () if before is None else tuple(filter(None, (before.cursor, before.former)))
    call = following.call(settings.path, kind, settings.most_bytes, settings.read_limit, known, cursors)
    answers = await io.shell.ask(call)
    monotonic = io.clock.monotonic()
    now = Now(monotonic, io.clock.time() - monotonic, max(NEW * settings.interval, NEW_FLOOR))
    look = _look(answers[call], settings.path)
    if look.at is None:
        raise _unread(look.state, settings.path, seen=before is not None)
    return Followed(look, look.at, now)


def _look(answer: Answer, path: str) -> Look:
    if answer.state is AnswerState.DONE and answer.status == HELD:
        since = held.seconds(answer.output.decode("utf-8", "replace"))
        raise ProbeFailed(Reason.COMMAND, f"{path}: somebody has been reading it for {since:.0f} s: its disk may hang")
    if answer.state is AnswerState.LATE:
        raise ProbeFailed(Reason.COMMAND, f"{path}: not read within {answer.call.limit} s")
    try:
        return parse(answer.text())
    except UnparsableError as error:
        raise ProbeFailed(Reason.UNPARSABLE, f"{path}: {error}") from None


def _unread(state: FileState, path: str, *, seen: bool) -> ProbeFailed | UnsupportedError:
    if state is FileState.DENIED:
        return ProbeFailed(Reason.COMMAND, f"{path}: the account may not read it; see the checklist")
    if state is FileState.IRREGULAR:
        return ProbeFailed(Reason.COMMAND, f"{path}: not a file; correct path")
    if seen:
        return ProbeFailed(Reason.COMMAND, f"{path}: it has gone")
    return UnsupportedError(f"{path}: no such file; if the log is elsewhere, correct path")
