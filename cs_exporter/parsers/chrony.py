"""What chronyd says of the clock: `chronyc -n -c tracking` and `chronyc -n -c sources`, as CSV. See chronyc(1).

Both are needed: when all servers are lost `tracking` goes on saying "Normal", and only `sources` tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import decimal, octal, whole

_TRACKING_FIELDS = 14
_SOURCE_FIELDS = 10
_REFERENCE_ID = re.compile(r"[0-9A-F]{8}")
_LOCAL_REFERENCE = "7F7F0101"  # 127.127.1.1: chronyd's own clock, by the directive `local`
_MODES = frozenset("^=#")
_STATES = frozenset("*+-?x~")
_CHOSEN = frozenset("*+")
_NEVER = 0xFFFFFFFF


class Leap(StrEnum):
    """chronyd's leap status; the last one means that it has no idea of the time."""

    NORMAL = "Normal"
    INSERT = "Insert second"
    DELETE = "Delete second"
    UNSYNCHRONISED = "Not synchronised"


@dataclass(frozen=True, slots=True)
class Tracking:
    """chronyd's own view of the system clock. Seconds, except `reference_time`, which is since the epoch."""

    reference_id: str  # of the server it follows: 8 hex digits, all 0 before the first synchronisation
    stratum: int  # 0 before the first synchronisation
    reference_time: float | None  # when the last measurement was taken in, by true time; None: never
    offset: float  # host minus true time: positive where the host's clock is AHEAD
    root_delay: float
    root_dispersion: float
    leap: Leap

    @property
    def synchronised(self) -> bool:
        """Whether chronyd has ever got hold of the time; it stays so when all servers are lost."""
        return self.leap is not Leap.UNSYNCHRONISED and self.stratum > 0

    @property
    def follows_itself(self) -> bool:
        """Whether the reference is its own clock (directive `local`), because it has no server or has lost all."""
        return self.reference_id == _LOCAL_REFERENCE

    @property
    def error_bound(self) -> float:
        """The most the clock can be wrong by if the servers are right: the offset and RFC 5905's root distance."""
        return abs(self.offset) + self.root_dispersion + self.root_delay / 2


@dataclass(frozen=True, slots=True)
class Source:
    """One server, peer or reference clock of chronyd."""

    address: str
    state: str  # * followed, + combined with it, - not combined, ? lost or not known yet, x wrong, ~ too variable
    stratum: int
    reach: int  # the last 8 polls, one bit each: 0 where none was answered
    age: float | None  # seconds since its last answer; None: never

    @property
    def reachable(self) -> bool:
        """Whether one of the last 8 polls was answered."""
        return self.reach != 0

    @property
    def chosen(self) -> bool:
        """Whether the clock is steered by it, alone or with others."""
        return self.state in _CHOSEN


def tracking(text: str) -> Tracking:
    """The one line of `chronyc -n -c tracking`. Raises UnparsableError, also for `506 Cannot talk to daemon`.

    Field 5 is NOT the host's offset but what to add to its clock: positive where the clock is SLOW.
    """
    fields = text.strip("\r\n").split(",")
    if len(fields) < _TRACKING_FIELDS or not _REFERENCE_ID.fullmatch(fields[0]):
        raise UnparsableError(f"not chronyc's tracking: {text[:120]!r}")
    reference_time = decimal(fields[3], "chronyc tracking, reference time")
    try:
        leap = Leap(fields[13])
    except ValueError:
        raise UnparsableError(f"chronyc tracking, leap status: {fields[13][:60]!r}") from None
    return Tracking(
        reference_id=fields[0],
        stratum=whole(fields[2], "chronyc tracking, stratum"),
        reference_time=reference_time if reference_time > 0 else None,
        offset=0.0 - decimal(fields[4], "chronyc tracking, system time"),
        root_delay=decimal(fields[10], "chronyc tracking, root delay"),
        root_dispersion=decimal(fields[11], "chronyc tracking, root dispersion"),
        leap=leap,
    )


def sources(text: str) -> tuple[Source, ...]:
    """All lines of `chronyc -n -c sources`; none where chronyd has no source. Raises UnparsableError."""
    return tuple(_source(line) for line in text.split("\n") if line)


def _source(line: str) -> Source:
    fields = line.rstrip("\r").split(",")
    if len(fields) < _SOURCE_FIELDS or fields[0] not in _MODES or fields[1] not in _STATES:
        raise UnparsableError(f"not a line of chronyc's sources: {line[:120]!r}")
    age = whole(fields[6], "chronyc sources, last answer")
    return Source(
        address=fields[2],
        state=fields[1],
        stratum=whole(fields[3], "chronyc sources, stratum"),
        reach=octal(fields[5], "chronyc sources, reach"),
        age=None if age == _NEVER else float(age),
    )
