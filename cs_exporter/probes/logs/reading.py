"""What is known from a management server's log: when each agent was last heard, and how often what was written.

Times are those of the exporter's monotonic clock at which a line was first seen. What a line itself says of its time is
never read: it is the server's own zone and clock, which may be wrong, be set, and have the same hour twice a year.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from cs_exporter.parsers.management_log import Cursor, Look, Pool

FORGOTTEN = 3600.0
"""Seconds after which an agent that is no longer heard has left this server."""

STRAGGLING = 120.0
"""Seconds for which the file that was rolled away is still looked at: its writer may not have turned to the new one."""

DAILY = 72000.0
"""Seconds between two gaps at a file's end that are usual: log4j compresses at midnight what it rolls, at once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An agent's newest ping. `number`: of its host in the cloud's database; others empty until a line says them."""

    number: int
    at: float
    uuid: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Now:
    """The exporter's clocks at a look, seconds; `longest`: from look to look, so that lines count as new."""

    monotonic: float
    epoch: float  # wall clock minus monotonic
    longest: float


@dataclass(frozen=True, slots=True)
class Event:
    """How many lines of an event were written since the exporter began, and when the newest was first seen."""

    count: int = 0
    at: float | None = None


MOST_POOLS = 8
"""Pools of database connections that are told apart: a server has two or three."""


def _nobody() -> Mapping[int, Heard]:
    return MappingProxyType({})


def _nothing() -> Mapping[str, Event]:
    return MappingProxyType({})


@dataclass(frozen=True)
class LogReading:
    """A log after a look at `at`; `epoch`: wall clock minus monotonic, the exporter's.

    `gap_until`: every line written since then has been read; of the time from `gap_from` to it, lines were lost, or may
    be older than they look. Whoever was not heard since `gap_until` has been silent since then at least, not longer.
    """

    path: str
    at: float
    epoch: float
    cursor: Cursor
    gap_from: float = -math.inf
    gap_until: float = math.inf
    former: Cursor | None = None
    rolled: float = -math.inf  # when the file was found to be another one
    events: Mapping[str, Event] = field(default_factory=_nothing)
    read: int = 0  # bytes since the exporter began, as the next
    lost: int = 0
    gaps: int = 0  # times that lines were lost
    torn_at: float = -math.inf  # when they were so for the last time since a file ended
    gap_at: float | None = None  # when they were so for the last time, and it was no usual gap


@dataclass(frozen=True)
class ManagementLogReading(LogReading):
    """A management server's log. `heard` and `behind` go by the number of the host in the cloud's database.

    `last_ping_line`: when the newest ping of any agent was first seen; None: not one so far.
    `last_debug_line`: the same of the same logger's lines at that level about anything else: while they come, neither
    has been changed.
    `behind`: the newest "Found the following agents behind on ping", first seen at `behind_at`, without those that
    were heard after it.
    """

    heard: Mapping[int, Heard] = field(default_factory=_nobody)
    last_ping_line: float | None = None
    last_debug_line: float | None = None
    behind: frozenset[int] = frozenset()
    behind_at: float | None = None
    ping_lines: int = 0
    strange_pings: int = 0
    pools: Mapping[str, tuple[Pool, float]] = field(default_factory=lambda: MappingProxyType({}))
    """newest line about each pool of database connections, and when it was first seen"""


def advanced(before: LogReading | None, look: Look, at: Cursor, path: str, now: Now) -> LogReading:
    """What is common to all logs, after a look that ended at the cursor `at`."""
    fresh = LogReading(path, now.monotonic, now.epoch, at, gap_until=now.monotonic)
    if before is None:
        return fresh
    events = {
        name: Event(before.events.get(name, Event()).count + count, now.monotonic)
        for name, count in look.events.items()
        if count
    }
    lines_lost = bool(look.torn or look.lost or look.crowded)
    unusual = bool(look.lost or look.crowded) or (look.torn and now.monotonic - before.torn_at < DAILY)
    gap = lines_lost or not dated(before, now)
    rolled = before.rolled if at.inode == before.cursor.inode else now.monotonic
    return replace(
        fresh,
        gap_from=before.at if gap else before.gap_from,
        gap_until=now.monotonic if gap else before.gap_until,
        former=look.former if now.monotonic - rolled < STRAGGLING else None,
        rolled=rolled,
        events=MappingProxyType({**before.events, **events}),
        read=before.read + look.read,
        lost=before.lost + look.lost,
        gaps=before.gaps + lines_lost,
        torn_at=now.monotonic if look.torn else before.torn_at,
        gap_at=now.monotonic if unusual else before.gap_at,
    )


def dated(before: LogReading | None, now: Now) -> bool:
    """Whether what is first seen now was written just now: it can be as old as the look before."""
    return before is None or now.monotonic - before.at <= now.longest


def of_management(
    before: ManagementLogReading | None, look: Look, at: Cursor, path: str, now: Now
) -> ManagementLogReading:
    """A management server's log after a look that ended at the cursor `at`."""
    common = advanced(before, look, at, path, now)
    last = before or ManagementLogReading(path, now.monotonic, now.epoch, at)
    in_time = dated(before, now)
    pinged = bool(look.ping_lines) and in_time
    debug = look.debug and in_time
    listed = look.behind is not None
    pools = {pool.name: (pool, now.monotonic) for pool in look.pools}
    return ManagementLogReading(
        **{one.name: getattr(common, one.name) for one in fields(LogReading)},
        heard=_heard(last.heard, look, now.monotonic, in_time=in_time),
        last_ping_line=now.monotonic if pinged else last.last_ping_line,
        last_debug_line=now.monotonic if debug else last.last_debug_line,
        behind=last.behind - look.pinged if look.behind is None else look.behind,
        behind_at=now.monotonic if listed else last.behind_at,
        ping_lines=last.ping_lines + look.ping_lines,
        strange_pings=last.strange_pings + look.strange,
        pools=MappingProxyType(dict(list({**last.pools, **pools}.items())[-MOST_POOLS:])),
    )


def _heard(before: Mapping[int, Heard], look: Look, now: float, *, in_time: bool) -> Mapping[int, Heard]:
    known = dict(before)
    if in_time:
        for number in look.pinged:
            last = known.get(number)
            known[number] = replace(last, at=now) if last else Heard(number, now)
    for said in look.agents:
        if said.number in known:
            known[said.number] = replace(known[said.number], uuid=said.uuid, name=said.name)
    return MappingProxyType({number: one for number, one in known.items() if now - one.at < FORGOTTEN})
