"""What ntpd says of the clock: `ntpq -n -c rv -c peers`, of the reference ntpd and of ntpsec. See ntpq(1), RFC 9327.

Both parts are needed: when all servers are lost the variables stay as they were, and only the peers' reach tells.
Times are in milliseconds here, and ntpq's exit status is 0 even when ntpd does not answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import decimal, octal, whole

_VARIABLE = re.compile(r'([a-z_]+)=("[^"]*"|[^,"\s]*)')
_NTP_TIME = re.compile(r"([0-9a-f]{8})\.([0-9a-f]{8})")
_NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970
_ERA = 1 << 32
_SECOND_ERA = 1 << 31  # RFC 5905 has two halves of an era: what is below this is after February 2036
_LEAPS = {"00": 0, "01": 1, "10": 2, "11": 3, "0": 0, "1": 1, "2": 2, "3": 3}
_UNSYNCHRONISED = 3
_NO_STRATUM = 16
_HEADING = re.compile(r"^ +remote ", re.MULTILINE)  # of the peers; left out, with the ruler, where there is none
_PEER_COLUMNS = 10
_TALLIES = frozenset(" x.-+#*o")
_CHOSEN = frozenset("+#*o")
_NO_SOURCES = frozenset("pbBM")  # templates of a pool, and whom we send broadcasts to


@dataclass(frozen=True, slots=True)
class Peer:
    """One server of ntpd."""

    address: str
    tally: str  # * followed, o followed by its pulse, + # good enough to follow, - x . refused, blank: unusable
    reach: int  # the last 8 polls, one bit each: 0 where none was answered

    @property
    def reachable(self) -> bool:
        """Whether one of the last 8 polls was answered."""
        return self.reach != 0

    @property
    def chosen(self) -> bool:
        """Whether the clock is steered by it, alone or with others."""
        return self.tally in _CHOSEN


@dataclass(frozen=True, slots=True)
class NtpdStatus:
    """ntpd's own view of the system clock. Seconds, except `reference_time`, which is since the epoch."""

    leap: int  # 3: not synchronised
    stratum: int  # 16 before the first synchronisation
    reference_time: float | None  # when the clock was last corrected, by the host's clock; None: never
    offset: float  # host minus server at that time: positive where the host's clock is AHEAD
    root_delay: float
    root_dispersion: float  # with the offset of the last answer in it
    peers: tuple[Peer, ...]

    @property
    def synchronised(self) -> bool:
        """Whether ntpd has got hold of the time; it stays so for long when all servers are lost."""
        return self.leap != _UNSYNCHRONISED and 0 < self.stratum < _NO_STRATUM

    @property
    def error_bound(self) -> float:
        """The most the clock can be wrong by if the servers are right: RFC 5905's root distance."""
        return max(abs(self.offset), self.root_dispersion) + self.root_delay / 2


def status(text: str) -> NtpdStatus:
    """All of `ntpq -n -c rv -c peers`. Raises UnparsableError, also for `Request timed out` and its like."""
    variables, ruler, table = text.partition("==\n")
    if not variables.startswith("associd=0 ") or bool(ruler) is not bool(_HEADING.search(variables)):
        raise UnparsableError(f"not ntpq's variables of the system: {text[:120]!r}")
    found = {name: value.strip('"') for name, value in _VARIABLE.findall(variables)}
    missing = {"leap", "stratum", "offset", "rootdelay", "rootdisp", "reftime"} - found.keys()
    if missing:
        raise UnparsableError(f"ntpq's variables have no {', '.join(sorted(missing))}: {text[:120]!r}")
    if found["leap"] not in _LEAPS:
        raise UnparsableError(f"ntpq, leap: {found['leap'][:60]!r}")
    return NtpdStatus(
        leap=_LEAPS[found["leap"]],
        stratum=whole(found["stratum"], "ntpq, stratum"),
        reference_time=_reference_time(found["reftime"]),
        # ntpd follows RFC 5905, section 8: server minus host.
        offset=0.0 - decimal(found["offset"], "ntpq, offset") / 1e3,
        root_delay=decimal(found["rootdelay"], "ntpq, rootdelay") / 1e3,
        root_dispersion=decimal(found["rootdisp"], "ntpq, rootdisp") / 1e3,
        peers=_peers(table),
    )


def _reference_time(text: str) -> float | None:
    """Seconds since the epoch; None where there was no synchronisation: `(no time)`, or all zeros from ntpsec."""
    if text == "(no":
        return None
    match = _NTP_TIME.fullmatch(text)
    if not match:
        raise UnparsableError(f"ntpq, reftime: not a time: {text[:60]!r}")
    seconds, fraction = int(match[1], 16), int(match[2], 16)
    if not seconds:
        return None
    era = _ERA if seconds < _SECOND_ERA else 0
    return seconds + era - _NTP_TO_UNIX + fraction / _ERA


def _peers(table: str) -> tuple[Peer, ...]:
    """The lines below the ruler, without those that are no source of time."""
    lines = (line for line in table.split("\n") if line.strip())
    return tuple(peer for line in lines if (peer := _peer(line)) is not None)


def _peer(line: str) -> Peer | None:
    tally, fields = line[0], line[1:].split()
    if tally not in _TALLIES or len(fields) != _PEER_COLUMNS:
        raise UnparsableError(f"not a line of ntpq's peers: {line[:120]!r}")
    if fields[3] in _NO_SOURCES:
        return None
    return Peer(fields[0], tally, octal(fields[6], "ntpq peers, reach"))
