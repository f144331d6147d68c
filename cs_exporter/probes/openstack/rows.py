"""One agent of a cloud, followed from answer to answer: when its reports came, how long it is silent, by whose clock.

An age alone can't tell death from a wrong clock; that its reports go on coming, or do not, can.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.platforms.openstack.agents import COMPUTE, AgentState, Service
from cs_exporter.probes.openstack.clocks import KEPT, UNKNOWN, Bounds, Edges, arrived, narrowed, standing
from cs_exporter.probes.openstack.rhythm import OVERDUE, Rhythm

TOLERANCE = 3.0
"""Seconds that a writer's clock may be off: rounding, and a database that is slow to commit."""

_SLACK = 2.0
"""Seconds that a report may come late without having waited for anything."""

Key = tuple[Service, str, str]
"""Service, host as OpenStack calls it, binary."""


class Sign(StrEnum):
    """What is the matter with an agent, by what is known of it."""

    WELL = "well"
    SKEWED = "skewed"  # it reports, by a clock that is wrong
    DEAD = "dead"  # it has ceased to report, and most of its kind have not
    STOPPED = "stopped"  # it has, together with most of its kind: it is not its own fault
    UNSTARTED = "unstarted"  # a backend of cinder that was never initialised
    PLANNED = "planned"  # forced down
    UNTOLD = "untold"  # its age is not told, or means nothing


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as of the latest answer that told it. Times are the exporter's monotonic ones.

    `since`: first told; `seen`: last told; `changed`: its last report (where only a verdict is told: another one) was
    first seen, or `since`. `beats`: its reports, counted on from what the source said first. `reports`: the bounds of
    the latest ones, of the writer's clock; `clock`: what they tell together, against the one that ages are told by.
    `age`: seconds since its report by the clock that most writers have, signed; None: untold, or it means nothing.
    `silent`: seconds for which it surely has not reported, whatever its writer's clock. `skew`: what its writer's clock
    is ahead of most, at the least; 0 within the tolerance. `alone`: dead while others of its kind report.
    `undecided`: nobody of its kind has reported since it was due, so that it may not be its own silence.
    """

    said: AgentState
    since: float
    seen: float
    changed: float
    beats: int
    reports: Edges = ()
    clock: Bounds = UNKNOWN
    age: float | None = None
    silent: float | None = None
    skew: float = 0.0
    sign: Sign = Sign.UNTOLD
    alone: bool = False
    undecided: bool = False

    @property
    def key(self) -> Key:
        """What tells it from others, whichever source is asked."""
        return key(self.said)

    @property
    def agent(self) -> str:
        """Its label: the binary."""
        return self.said.binary

    @property
    def backend(self) -> str:
        """Of cinder's volumes: lvm of ctl1@lvm; else empty."""
        return self.said.host.partition("@")[2]

    @property
    def is_own_writer(self) -> bool:
        """Whether it stamps its reports itself: all but nova-compute (its conductor does) and neutron (the server)."""
        if self.said.service is Service.NEUTRON:
            return self.said.is_ovn
        return self.said.binary != COMPUTE


def key(said: AgentState) -> Key:
    """An agent is the same one by whichever source it is told."""
    return said.service, said.host, said.binary


def follow(before: AgentRow | None, said: AgentState, now: float, rhythm: Rhythm, stepped: float = 0.0) -> AgentRow:
    """The row as of `now`; what it means is judged when all are known.

    `stepped`: seconds by which the clock that ages are told by was set forward since the answer before.
    """
    if before is None:
        return AgentRow(said, now, now, now, said.reports or 0, *_first(said))
    since, changed, beats, reports, clock = before.since, before.changed, before.beats, before.reports, before.clock
    if stepped:
        reports, clock = tuple(edge - stepped for edge in reports), clock.shifted(-stepped)
    if said.age is None:
        same = said.up is before.said.up
        alone = before.alone and same
        return AgentRow(said, since, now, changed if same else now, beats, reports, clock, alone=alone)
    if before.said.age is None or not _came(before.said, said):
        if not reports:
            reports, clock = _first(said)
        return AgentRow(said, since, now, changed, beats, reports, clock, alone=before.alone)
    latest = arrived(said.age, _within(before, now, rhythm))
    reports = (*reports, latest.low, latest.high)[-2 * KEPT :]
    beats += _grown(before.said, said)
    return AgentRow(said, since, now, now, beats, reports, narrowed(reports))


def judged(row: AgentRow, now: float, rhythm: Rhythm, reference: float, *, usable: bool) -> AgentRow:
    """With all that can be said of it alone. `reference`: by how much most clocks are ahead of the source's."""
    said, clock, silence = row.said, row.clock, now - row.changed
    known = (said, row.since, row.seen, row.changed, row.beats, row.reports, clock)
    if said.age is None or not usable:
        return AgentRow(*known, sign=_untold(said), alone=row.alone)
    age = said.age + reference
    skew = (clock.shifted(-reference) if reference else clock).beyond(TOLERANCE)
    if skew:
        silent = silence
    elif clock.high < math.inf:  # a report was seen to come, by a clock that is right: its age is its silence
        silent = max(0.0, age)
    else:
        silent = min(max(0.0, age), silence)
    return AgentRow(*known, age, silent, skew, _sign(said, skew, silent, rhythm), row.alone)


def _first(said: AgentState) -> tuple[Edges, Bounds]:
    """What the first report tells that is seen of an agent, and of its writer's clock."""
    if said.age is None:
        return (), UNKNOWN
    clock = standing(said.age)
    return (clock.low, clock.high), clock


def _sign(said: AgentState, skew: float, silent: float, rhythm: Rhythm) -> Sign:
    if said.forced_down:
        return Sign.PLANNED
    if silent > rhythm.late:
        return Sign.UNSTARTED if _is_unstarted(said) else Sign.DEAD
    return Sign.SKEWED if skew else Sign.WELL


def _is_unstarted(said: AgentState) -> bool:
    """A cinder-volume without its backend goes on running, and holds its reports back from the first one on."""
    return said.service is Service.CINDER and "@" in said.host and (not said.reported or said.reports == 0)


def _untold(said: AgentState) -> Sign:
    """Where no age is told, or means anything: nova's API has its own verdict instead."""
    if said.forced_down:
        return Sign.PLANNED
    return Sign.DEAD if said.age is None and said.up is False else Sign.UNTOLD


def _came(before: AgentState, said: AgentState) -> bool:
    """Whether it reported in between."""
    if before.reports is not None and said.reports is not None and before.reports != said.reports:
        return True
    return before.beat != said.beat


def _grown(before: AgentState, said: AgentState) -> int:
    """How many reports came; one where nobody counts them, or the row was made anew."""
    if before.reports is None or said.reports is None:
        return 1
    return max(1, said.reports - before.reports)


def _within(before: AgentRow, now: float, rhythm: Rhythm) -> float:
    """Seconds within which its latest report was stamped.

    One that came out of its turn may have waited for the database, with the stamp of when it began to.
    """
    elapsed, silence = now - before.seen, now - before.changed
    return elapsed if silence <= OVERDUE * rhythm.interval + elapsed + _SLACK else silence
