"""Agents that report into their cloud's own tables, as OpenStack's do: how long until the cloud takes one for down.

The report is what the cloud itself judges by, so its age is the whole truth: no socket and no log can know better.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cs_exporter.platforms.openstack.agents import COMPUTE, Service
from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.plan import Key
from cs_exporter.probes.openstack.clocks import ROUNDING
from cs_exporter.probes.openstack.reading import LOST, OpenStackAgentsReading
from cs_exporter.probes.openstack.replaced import replaced
from cs_exporter.probes.openstack.rhythm import Rhythm
from cs_exporter.probes.openstack.rows import AgentRow
from cs_exporter.probes.openstack.stops import is_shared

LATE, LEFT = 2.5, 30.0
"""A late agent: its silence in report intervals, or what is left then, whichever is sooner."""

VERY_LATE, LITTLE_LEFT = 3.0, 25.0
"""A silence that pages, likewise."""


OVERDUE = 2.5
"""Polls for which an agent that is down is counted on, below 0: the page of the verdict takes two of them to come, and
until then a host that pages already must not look any better."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an agent may be silent. `poll`: seconds until a report is seen that came right after a look.

    By OpenStack's defaults a nova or cinder agent is silent for up to 26 s while it is well, late then, pages at 30 s
    and is down at 60 s; of neutron's that is 46, 46, 50 and 75 s.
    """

    rhythm: Rhythm
    poll: float

    @property
    def limit(self) -> float:
        """The age above which the cloud takes it for down."""
        return self.rhythm.limit

    @property
    def healthy(self) -> float:
        """The longest that it seems silent while all is well."""
        return self.rhythm.interval + ROUNDING + self.poll

    @property
    def late(self) -> float:
        """What is left when it is late; where the settings leave no time between that and the limit, 0 or less."""
        return self.limit - max(self.healthy, min(LATE * self.rhythm.interval, self.limit - LEFT))

    @property
    def very_late(self) -> float | None:
        """What is left when that pages; None where a healthy agent may be silent for as long as the limit."""
        left = self.limit - max(self.healthy, min(VERY_LATE * self.rhythm.interval, self.limit - LITTLE_LEFT))
        return left if left > 0 else None


@dataclass(frozen=True, slots=True)
class Report:
    """An agent by its last report. `age`: at `made`, signed: below 0 its writer's clock is ahead.

    `made`, `due`: when it was told, and will be again (monotonic). `counts`: whether its silence leads to a verdict
    that somebody waits for, and that is not there yet or has only just come. `shared`: others are silent of the same,
    or may be. `given_up`: the cloud has had it for down for longer than that.
    """

    expected: Patience
    source: Source
    age: float
    made: float
    due: float
    counts: bool = True
    shared: bool = False
    given_up: bool = False

    def aged(self, now: float) -> float:
        """Seconds since the report, for as long as somebody could have said otherwise."""
        return self.age + max(0.0, min(now, self.due) - self.made)

    def left(self, now: float) -> float | None:
        """Seconds until the cloud takes it for down; None where nothing is counted down."""
        return -self.expected.rhythm.overage(self.aged(now)) if self.counts else None


@dataclass(frozen=True)
class Reports:
    """All agents that report, by host and agent. `readings`: pseudo-host -> the answer that they are from.

    `down`: hosts that a cloud has for down, by nova-compute: nothing is left of their time, whatever else reports.
    """

    rows: Mapping[Key, Report] = field(default_factory=dict)
    down: frozenset[str] = frozenset()
    readings: Mapping[str, OpenStackAgentsReading] = field(default_factory=dict)


def reports(readings: Mapping[str, OpenStackAgentsReading], intervals: Mapping[str, float], before: Reports) -> Reports:
    """What these answers tell, each of which is asked for anew after so many seconds; `before` if nobody answered."""
    same = readings.keys() == before.readings.keys()
    if same and all(before.readings[name] is reading for name, reading in readings.items()):
        return before
    forced = {host for reading in readings.values() for host, row in reading.own if row.said.forced_down}
    found: dict[Key, list[Report]] = {}
    for name, reading in readings.items():
        for key, one in _of_one(reading, intervals[name], forced):
            found.setdefault(key, []).append(one)
    rows = {key: _foremost(several) for key, several in found.items()}
    return Reports(rows, _down(rows, readings.values()), readings)


def _down(rows: Mapping[Key, Report], readings: Iterable[OpenStackAgentsReading]) -> frozenset[str]:
    """By the age that somebody knows, else by the bare verdict of nova's API; of those that anybody misses."""
    told = {
        host
        for reading in readings
        for host, row in reading.own
        if row.agent == COMPUTE and row.age is None and row.said.up is False and _is_missed(row)
    }
    aged = {host: one.given_up for (host, agent), one in rows.items() if agent == COMPUTE}
    return frozenset(told - aged.keys() | {host for host, given_up in aged.items() if given_up})


def _of_one(reading: OpenStackAgentsReading, poll: float, forced: Collection[str]) -> Iterable[tuple[Key, Report]]:
    """Right after a time without answers nobody counts: while the database served nobody, nobody could report."""
    telling, gone = reading.elapsed <= LOST * poll, replaced(reading)
    patience = {service: Patience(rhythm, poll) for service, rhythm in reading.rhythms.items()}
    teller, stops = Source(reading.answer.source.value), reading.stops
    for host, row in reading.own:
        if row.age is not None:
            expected = patience[row.said.service]
            waits = not (gone and row.key in gone) and host not in forced and _is_missed(row)
            over = _is_over(row, expected)
            counts, given_up = telling and waits and not over, over and _is_missed(row)
            source = Source.API if row.said.is_ovn else teller
            shared = is_shared(row, stops)
            yield (
                (host, row.agent),
                Report(expected, source, row.age, row.seen, row.seen + poll, counts, shared, given_up),
            )


def _is_missed(row: AgentRow) -> bool:
    """A cinder backend that never reported keeps silent on purpose, and what is disabled is missed by nobody."""
    return row.said.enabled is not False and (row.said.service is not Service.CINDER or row.said.reported)


def _is_over(row: AgentRow, expected: Patience) -> bool:
    """Whether the cloud has given its verdict, and that is told by now; or has given one that the age does not."""
    overage = expected.rhythm.overage(row.age or 0.0)
    return overage > OVERDUE * expected.poll or (row.said.up is False and overage <= 0)


def _foremost(several: Sequence[Report]) -> Report:
    """Of those with one name on a machine (backends of cinder), and of those told twice, the one that matters most.

    A database knows by its own clock when it was written; what an API says is compared with ours.
    """
    if len(several) == 1:
        return several[0]
    told = [one for one in several if one.source is Source.DATABASE] or several
    return min(told, key=lambda one: (not one.counts, -one.expected.rhythm.overage(one.age)))
