"""What is wrong with one NFS mount, from its witnesses: statfs, which may hang, and the kernel's files, which never do.

Pure: the sheet asks the host, this judges what came back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.model import Mount, UnparsableError
from cs_exporter.parsers import held
from cs_exporter.parsers.mountinfo import MountInfo
from cs_exporter.parsers.mountstats import MountStats
from cs_exporter.ports import Answer, AnswerState
from cs_exporter.probes.nfs.watched import comes_from, other_address

_HELD = 200  # the collector's status for "another child of this account is on that mount"
_KILLED = frozenset((124, 137))  # timeout(1): by its limit, by its KILL
_STALE = re.compile(r"stale", re.IGNORECASE)
_GONE = re.compile(r"no such file or directory|not a directory", re.IGNORECASE)
_NO_SERVER = re.compile(
    r"input/output error|timed out|not connected|host is down|no route to host|connection refused|connection abort",
    re.IGNORECASE,
)
_DATA_OPERATIONS = frozenset(("READ", "WRITE", "COMMIT"))


class MountState(StrEnum):
    """The states of a mount; the worst that is true."""

    OK = "ok"
    SLOW = "slow"
    HUNG = "hung"  # statfs did not come back, or the client gave the server up (soft mounts)
    STALE = "stale"  # the server answers, but does not know the file handle any more
    MISSING = "missing"  # nothing is mounted there, or something else is
    READONLY = "readonly"  # and is not meant to be


class Touch(StrEnum):
    """What came of touching a mount."""

    ANSWERED = "answered"
    SILENT = "silent"
    STALE = "stale"
    GONE = "gone"
    UNKNOWN = "unknown"  # this witness can't say


_BROKEN = {Touch.SILENT: MountState.HUNG, Touch.STALE: MountState.STALE, Touch.GONE: MountState.MISSING}


_TOLD_BY_STATFS = frozenset((MountState.STALE, MountState.SLOW))
"""States that no other witness can end: they last until statfs is asked again."""


@dataclass(frozen=True, slots=True)
class Statfs:
    """The first witness. `seconds`: how long the answer took, or for how long there has been none."""

    touch: Touch
    seconds: float | None = None
    detail: str = ""
    asked: bool = True


def statfs(answer: Answer | None) -> Statfs:
    """What the collector's answer about one mount means; None where it was not asked."""
    if answer is None or answer.state is AnswerState.UNSUPPORTED:
        detail = "statfs: not asked this time" if answer is None else "statfs: not available"
        return Statfs(Touch.UNKNOWN, detail=detail, asked=answer is not None)
    if answer.state is AnswerState.LATE or answer.status in _KILLED:
        limit = answer.call.limit
        return Statfs(Touch.SILENT, float(limit), f"statfs: no answer within {limit} s")
    if answer.status == 0:
        return Statfs(Touch.ANSWERED, answer.seconds)
    text = answer.output.decode("utf-8", "replace").strip()
    if answer.status == _HELD:
        return _held(text, answer.call.limit)
    detail = f"statfs: {text.rpartition(': ')[2] or f'exit status {answer.status}'}"
    for pattern, touch in ((_STALE, Touch.STALE), (_GONE, Touch.GONE), (_NO_SERVER, Touch.SILENT)):
        if pattern.search(text):
            return Statfs(touch, 0.0, detail)
    return Statfs(Touch.UNKNOWN, detail=detail)


def _held(text: str, limit: int) -> Statfs:
    """Somebody of this account has been on the mount for some time; only beyond the limit does that say it hangs."""
    try:
        age = held.seconds(text)
    except UnparsableError as error:
        return Statfs(Touch.UNKNOWN, detail=f"statfs: {error}")
    detail = f"statfs: an earlier one has waited for {age:.0f} s"
    return Statfs(Touch.SILENT if age >= limit else Touch.UNKNOWN, age, detail)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The second witness: the kernel's counts for one mount, and what they say since the reading before."""

    connects: int
    timeouts: int
    data_requests: int  # READ, WRITE and COMMIT
    errors: int | None  # of those; that a file looked up is not there is no error
    sent: int
    answered: int
    requests: int
    rtt_ms: int
    least_waiting: int  # requests without an answer, the fewest since the connection was made
    outstanding: int = 0  # waiting now, while not one answer came since the reading before
    answers_came: bool | None = None  # since the reading before; None where there is none to compare with
    mean_rtt: float | None = None  # seconds, of the requests completed since the reading before
    error_ratio: float | None = None  # of the data requests completed since the reading before


def traffic(stats: MountStats, before: Traffic | None) -> Traffic:
    """The counts of a mount, compared with those of the reading before.

    Requests that were lost with a connection are never answered, and replies to killed requests count as bad ids only.
    So neither sends minus receives nor its growth is a number of waiting requests; its distance from the least is.
    """
    now = _counted(stats)
    if before is None or now.sent < before.sent or now.requests < before.requests:
        return now  # the first look, or mounted anew since
    waiting = now.least_waiting
    least = min(waiting, before.least_waiting) if now.connects == before.connects else waiting
    came = now.answered > before.answered
    completed = now.requests - before.requests
    data = now.data_requests - before.data_requests
    counted = data > 0 and now.errors is not None and before.errors is not None
    return replace(
        now,
        least_waiting=least,
        outstanding=0 if came else waiting - least,
        answers_came=came,
        mean_rtt=(now.rtt_ms - before.rtt_ms) / completed / 1000 if completed else None,
        error_ratio=((now.errors or 0) - (before.errors or 0)) / data if counted else None,
    )


def _counted(stats: MountStats) -> Traffic:
    """The counts alone."""
    operations = stats.operations.values()
    data = [operation for name, operation in stats.operations.items() if name in _DATA_OPERATIONS]
    uncounted = any(operation.errors is None for operation in operations)
    sent = sum(transport.sends for transport in stats.transports)
    answered = sum(transport.receives + transport.bad_xids for transport in stats.transports)
    return Traffic(
        connects=sum(transport.connects for transport in stats.transports),
        timeouts=sum(operation.timeouts for operation in operations),
        data_requests=sum(operation.requests for operation in data),
        errors=None if uncounted else sum(operation.errors or 0 for operation in data),
        sent=sent,
        answered=answered,
        requests=sum(operation.requests for operation in operations),
        rtt_ms=sum(operation.rtt_ms for operation in operations),
        least_waiting=max(0, sent - answered),
    )


@dataclass(frozen=True, slots=True)
class Witnesses:
    """All that is known of one mount now."""

    info: MountInfo | None
    statfs: Statfs
    traffic: Traffic | None


@dataclass(frozen=True, slots=True)
class MountRow:
    """One watched mount. Times in seconds; `hung_since` is of the exporter's monotonic clock."""

    mountpoint: str
    server: str
    export: str
    listed: bool
    state: MountState | None  # None where no witness can say, as at the first look at an unlisted mount
    detail: str = ""
    latency: float | None = None
    hung_since: float | None = None
    hung_seconds: float | None = None
    address: str = ""  # that the mount comes from, by the host's kernel
    version: str = ""
    hard: bool | None = None
    version_mismatch: bool = False
    heartbeat_remount: bool = False
    traffic: Traffic | None = None
    asked: float | None = None  # when statfs was asked last, by the exporter's monotonic clock

    @property
    def unjudged(self) -> bool:
        """Whether the mount was asked, and still nobody can say how it is."""
        return self.state is None and self.asked is not None

    @property
    def up(self) -> bool:
        """Whether the mount answers."""
        return self.state in (MountState.OK, MountState.SLOW, MountState.READONLY)


def judge(
    wanted: Mount, seen: Witnesses, before: MountRow | None, now: float, *, slow_after: float, listed: bool
) -> MountRow:
    """The row of one mount; `now` is the exporter's monotonic clock."""
    state, detail = _state(wanted, seen, before, slow_after)
    hung_since = None
    if state is MountState.HUNG:
        hung_since = now - (seen.statfs.seconds or 0.0)
        if before is not None and before.hung_since is not None:
            hung_since = min(hung_since, before.hung_since)
    info = None if state is MountState.MISSING else seen.info
    options = info.super_options if info else ()
    version = _version(info) if info else ""
    return MountRow(
        mountpoint=wanted.mountpoint,
        server=wanted.server,
        export=wanted.export,
        listed=listed,
        state=state,
        detail=detail,
        latency=seen.statfs.seconds if info and seen.statfs.touch is Touch.ANSWERED else None,
        hung_since=hung_since,
        hung_seconds=None if state is None else now - hung_since if hung_since is not None else 0.0,
        address=(info.option("addr") or "") if info else "",
        version=version,
        hard=("hard" in options) if version else None,
        version_mismatch=bool(version) and not _accepts(wanted.version, version),
        heartbeat_remount={"soft", "noac"} <= {*options},
        traffic=seen.traffic if info else None,
        asked=now if seen.statfs.asked else before.asked if before else None,
    )


def _state(wanted: Mount, seen: Witnesses, before: MountRow | None, slow_after: float) -> tuple[MountState | None, str]:
    """The state, and one line that says why."""
    info, witness = seen.info, seen.statfs
    if info is None or not comes_from(info, wanted):
        there = f"{info.source} ({info.fstype})" if info else "nothing"
        return MountState.MISSING, f"{there} is mounted there"
    if witness.touch in _BROKEN:
        return _BROKEN[witness.touch], witness.detail
    lasts = not witness.asked and before is not None and before.state in _TOLD_BY_STATFS
    if witness.touch is Touch.UNKNOWN and (lasts or not (seen.traffic and seen.traffic.answers_came)):
        return _without_statfs(seen, before)
    if info.readonly and not wanted.readonly:
        return MountState.READONLY, "mounted read-only"
    if witness.touch is Touch.ANSWERED and (witness.seconds or 0.0) > slow_after:
        return MountState.SLOW, f"statfs: {witness.seconds:.2f} s"
    return MountState.OK, witness.detail or _where_from(info, wanted)


def _where_from(info: MountInfo, wanted: Mount) -> str:
    other = other_address(info, wanted)
    return f"mounted from {other}" if other else ""


def _without_statfs(seen: Witnesses, before: MountRow | None) -> tuple[MountState | None, str]:
    """Where statfs can't say, and answers prove nothing: requests that wait in vain tell of a hang, silence not."""
    if seen.traffic is not None and seen.traffic.outstanding > 0:
        return MountState.HUNG, f"{seen.statfs.detail}; mountstats: {seen.traffic.outstanding} requests wait in vain"
    if before is not None and before.state is not MountState.MISSING:
        return before.state, seen.statfs.detail
    return None, seen.statfs.detail


def _version(info: MountInfo) -> str:
    version, minor = info.option("vers") or "", info.option("minorversion")
    return f"{version}.{minor}" if minor and "." not in version else version


def _accepts(wanted: str | None, version: str) -> bool:
    return wanted is None or version == wanted or version.startswith(f"{wanted}.")
