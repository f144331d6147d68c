"""What the management servers' logs say of pings: whose were written down when, and how far each log can be trusted.

A log that shows no ping of anybody is not one of late agents: its level was changed, or it is not where it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cs_exporter.probes.agents.clouds import Clouds, Names
from cs_exporter.probes.agents.plan import Plan
from cs_exporter.probes.logs.reading import ManagementLogReading

AVAILABLE = 2.0
"""Ping intervals: a log without a single ping for so long says nothing of anybody."""

SLACK = 15.0
"""Seconds by which a ping may come late and be read late, without being missing."""

QUIET = 10.0
"""Seconds for which silence goes on counting after the last line of the logger that writes pings down, about a ping or
at that level about anything else: it may have been the last that was written, and whoever was due next is not late for
that. A healthy agent then never seems to be, either. (One alone at its server has no other's pings to go by.)"""


class Line(NamedTuple):
    """A ping that was written down: when the line was first seen (monotonic), and in which server's log."""

    at: float
    server: str


@dataclass(frozen=True, slots=True)
class Ear:
    """One server's log. Times: the exporter's monotonic clock.

    `heard`: host -> its newest ping. `strangers`: agents that ping and are nobody's; `unnamed`: those of which no line
    has said yet what they are called. `since`, `until`: of the time between them no ping is missing, and silence is
    counted. `hears`: whether pings are written down at all.
    """

    reading: ManagementLogReading
    names: Names
    heard: Mapping[str, float]
    strangers: int
    unnamed: int
    since: float
    until: float
    hears: bool

    @property
    def asked(self) -> float:
        """When it was last read to its end."""
        return self.reading.at

    def alike(self, other: Ear | None) -> bool:
        """Whether they differ in nothing but whom they heard, and until when."""
        if other is None or self.names is not other.names:
            return False
        return (self.hears, self.since, self.is_strange) == (other.hears, other.since, other.is_strange)

    @property
    def is_strange(self) -> bool:
        """Whether some of those who ping may be anybody's."""
        return self.strangers + self.unnamed > 0


@dataclass(frozen=True)
class Ears:
    """All logs, by server. `lines`: host -> its newest ping in any of them.

    `read`: servers whose log has been read since the last time. `alike`: no log has come, gone, fallen silent or lost
    lines since then.
    """

    of: Mapping[str, Ear] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)
    read: frozenset[str] = frozenset()
    alike: bool = True
    hearing: frozenset[str] = frozenset()
    resting: frozenset[str] = frozenset()  # servers in maintenance
    numbers: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """platform -> number of an agent -> its host, as any log has named it: in a log to which it is new it may not be"""


def listen(
    known: Plan,
    told: Clouds,
    readings: Mapping[str, ManagementLogReading],
    due: Mapping[str, float],
    before: Ears,
) -> Ears:
    """What is heard by these readings, each of which is due to be followed by another one."""
    of: dict[str, Ear] = {}
    numbers = {**before.numbers}
    for server, reading in readings.items():
        last = before.of.get(server)
        if server not in known.beats:
            continue
        platform = known.of.hosts[server].platform
        names = told.names[platform]
        if last is not None and last.reading is reading and last.names is names:
            of[server] = last
            continue
        named = {**numbers.get(platform, {}), **_named(reading, names)}
        numbers[platform] = {number: host for number, host in named.items() if host in known.of.hosts}
        of[server] = _ear(reading, names, numbers[platform], due.get(server, reading.at), known.beats[server], last)
    read = frozenset(server for server, ear in of.items() if ear is not before.of.get(server))
    alike = of.keys() == before.of.keys() and all(of[server].alike(before.of.get(server)) for server in read)
    lines = _lines(of, before.lines) if read or not alike else before.lines
    hearing = frozenset(server for server, ear in of.items() if ear.hears)
    return Ears(of, lines, read, alike, hearing, known.resting, numbers)


def _named(reading: ManagementLogReading, names: Names) -> Mapping[int, str]:
    found = ((number, names.host(one)) for number, one in reading.heard.items())
    return {number: host for number, host in found if host}


def _ear(
    reading: ManagementLogReading,
    names: Names,
    numbers: Mapping[int, str],
    due: float,
    beat: float,
    last: Ear | None,
) -> Ear:
    lately, line = reading.at - AVAILABLE * beat, reading.last_ping_line
    heard: dict[str, float] = {}
    strangers = unnamed = 0
    for number, one in reading.heard.items():
        host = numbers.get(number)
        if host:
            heard[host] = max(one.at, heard.get(host, -math.inf))
        elif one.at >= lately:
            is_named = bool(one.uuid or one.name)
            strangers, unnamed = strangers + is_named, unnamed + (not is_named)
    since = max(reading.gap_until, last.since if last else -math.inf)
    if line is not None and last is not None and _was_mute(last.reading.last_ping_line, line, beat):
        since = reading.at  # until now pings need not have been written down
    until = reading.at if line is None else min(due, max(line, reading.last_debug_line or line) + QUIET)
    return Ear(reading, names, heard, strangers, unnamed, since, until, line is not None and line >= lately)


def _was_mute(before: float | None, line: float, beat: float) -> bool:
    """Whether for long nobody's ping was written down."""
    return before is None or line > before + beat + SLACK


def _lines(of: Mapping[str, Ear], before: Mapping[str, Line]) -> Mapping[str, Line]:
    """The newest of every host; what is as it was stays the same object."""
    newest: dict[str, Line] = {}
    for server, ear in of.items():
        for host, at in ear.heard.items():
            known = newest.get(host)
            if known is None or at > known.at:
                last = before.get(host)
                newest[host] = last if last is not None and last == (at, server) else Line(at, server)
    return newest
