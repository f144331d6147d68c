"""When a host last wrote its heartbeat file on each NFS mount, from what reading those files gave.

Pure: the sheet storage_heartbeat asks the host, this judges. All moments are of the exporter's monotonic clock: a stamp
is the host's own time, and either wall clock may be wrong or be set meanwhile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import heartbeat_file
from cs_exporter.ports import Answer, AnswerState

RESOLUTION = 1.0
"""Seconds: a stamp has no fraction."""

_HELD = 200  # the collector's status for "another child of this account is on that mount"
_KILLED = frozenset((124, 137))  # timeout(1): by its limit, by its KILL
_REFUSED = 1  # head's own status where it can't open its file; others are of what should have started it
GONE_AFTER = 2
"""Answers in a row that a file which was there is not: one may fall into a remount."""

_NO_FILE = re.compile(r"no such file or directory|not a directory", re.IGNORECASE)


class FileState(StrEnum):
    """What came of looking at the heartbeat file of a mount."""

    READ = "read"
    UNREAD = "unread"  # the mount hangs or the read failed; whether it is a primary pool may not be known
    ABSENT = "absent"  # it has never had one: not a primary pool
    GONE = "gone"  # it had one, and now the host says that there is none: the pool was unmounted, or emptied


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a file."""

    state: FileState
    stamp: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """The clocks at one poll: `now` is monotonic; `offset` is the host's wall clock minus that, known to +- `slack`."""

    now: float
    offset: float
    slack: float

    def of(self, stamp: float) -> float:
        """When it was, if that was written by the host's clock as it is set now."""
        return stamp - self.offset


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One mount. `written`: the last known write; `read`: the last good look; `ahead`: seconds it is in the future.

    `refused`: answers in a row that there is no such file; `hung`: a look has failed otherwise since the last good one;
    `back`: when the file was found again after it had been gone.
    """

    mountpoint: str
    state: FileState
    detail: str = ""
    stamp: int | None = None
    written: float | None = None
    read: float | None = None
    ahead: float | None = None
    asked: float | None = None
    refused: int = 0
    hung: bool = False
    back: float | None = None

    @property
    def known(self) -> bool:
        """Whether a write is known: then the mount is a primary pool, or was one."""
        return self.written is not None

    @property
    def ageing(self) -> float | None:
        """The last known write, where it counts: not that of a pool that is gone."""
        return None if self.state is FileState.GONE else self.written

    @property
    def patience_from(self) -> float | None:
        """When the agent's patience with this pool began at the earliest; None: no reboot comes from this one.

        A pool that is unmounted on purpose gives none, from its first such answer on unless it hung before. After it
        has come back the agent writes anew, and its patience does not begin with the write before that.
        """
        if self.ageing is None or (self.refused and not self.hung):
            return None
        return self.ageing if self.back is None else max(self.ageing, self.back)


def seen(answer: Answer) -> Seen:
    """What an answer about one file means."""
    if answer.state is AnswerState.UNSUPPORTED:
        return Seen(FileState.UNREAD, detail="not available on the host")
    if answer.state is AnswerState.LATE or answer.status in _KILLED:
        return Seen(FileState.UNREAD, detail=f"no answer within {answer.call.limit} s")
    text = answer.output.decode("utf-8", "replace").strip()
    if answer.status == _HELD:
        return Seen(FileState.UNREAD, detail="an earlier look at the mount has not come back")
    if answer.state is AnswerState.DONE and answer.status == 0:
        return _content(text)
    absent = answer.status == _REFUSED and _NO_FILE.search(text)
    state = FileState.ABSENT if absent else FileState.UNREAD
    return Seen(state, detail=text.rpartition(": ")[2][:200] or f"exit status {answer.status}")


def _content(text: str) -> Seen:
    try:
        return Seen(FileState.READ, heartbeat_file.parse(text))
    except UnparsableError as error:
        return Seen(FileState.UNREAD, detail=str(error))


def judge(mountpoint: str, look: Seen | None, before: WriteRow | None, at: Moment, earlier: Moment | None) -> WriteRow:
    """The row of one mount. `look` is None where it was not asked; `earlier` are the clocks at the reading before."""
    old = before or WriteRow(mountpoint, FileState.UNREAD, "not asked yet")
    if look is None:
        return old
    if look.stamp is None:
        return _unread(old, look, at)
    ahead = at.of(look.stamp) - at.now
    written = old.written
    if written is None or look.stamp != old.stamp:
        written = _written(look.stamp, old.read, at, earlier)
    return WriteRow(
        mountpoint,
        FileState.READ,
        stamp=look.stamp,
        written=written,
        read=at.now,
        ahead=ahead if ahead > at.slack + RESOLUTION else None,
        asked=at.now,
        back=at.now if old.state is FileState.GONE else old.back,
    )


def _unread(old: WriteRow, look: Seen, at: Moment) -> WriteRow:
    """What was there is not forgotten, and goes on ageing unless the host says again and again that it is not there.

    A lasting "no such file" is no failed write: kvmheartbeat.sh mounts a pool that is merely not mounted, and makes
    its folder and file anew. So CloudStack has taken the pool away from the host, as for maintenance.
    """
    refused = old.refused + 1 if look.state is FileState.ABSENT else 0
    state = look.state
    if old.known:  # what is gone has come back only when it is read: a look may be late on a host that is merely busy
        gone = refused >= GONE_AFTER or old.state is FileState.GONE
        state = FileState.GONE if gone else FileState.UNREAD
    hung = old.hung or look.state is FileState.UNREAD
    return replace(old, state=state, detail=look.detail, ahead=None, asked=at.now, refused=refused, hung=hung)


def _written(stamp: int, since: float | None, at: Moment, earlier: Moment | None) -> float:
    """When a stamp that is seen for the first time was written: after `since`, the last look at another one.

    Where the host's clock was set in between, one of its two settings gives a moment that can be true. Where neither
    does, the nearest possible one is taken: what is in the future was written at the latest when it was seen.
    """
    slack = at.slack + RESOLUTION
    first = -float("inf") if since is None else since
    for clocks in (at, earlier):
        if clocks is not None and first - slack <= clocks.of(stamp) <= at.now + slack:
            return min(clocks.of(stamp), at.now)
    return min(max(at.of(stamp), first), at.now)
