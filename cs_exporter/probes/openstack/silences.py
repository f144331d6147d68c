"""How long the agents of each kind are silent, and whether that is most of them: the evidence of what they share.

Kinds are told apart by how they report: over the message bus to a conductor, or to neutron-server, or into the database
themselves. Rows that were left behind when their machines were given away are no evidence of anything.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.platforms.openstack.agents import COMPUTE, Service
from cs_exporter.probes.openstack.rhythm import LASTING, OVERDUE, Rhythm
from cs_exporter.probes.openstack.rows import AgentRow, Key, Sign

MOST = 0.8
"""Of a kind's agents."""

CONDUCTOR = "nova-conductor"
_JUDGED = frozenset({Sign.WELL, Sign.SKEWED, Sign.DEAD, Sign.STOPPED})


class Kind(StrEnum):
    """Agents that report in the same way."""

    COMPUTES = "computes"  # of one cell: bus, conductor, database
    CONDUCTORS = "conductors"  # of one cell: database
    WRITERS = "writers"  # all else of nova, and cinder: database
    ENGINES = "engines"  # heat's: database, and far more rarely
    NETWORK = "network"  # neutron's: bus, neutron-server, database


Group = tuple[Kind, str]
"""Kind and cell; the cell is empty where none is named."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long an agent is silent, and what that means: it has missed a report, or has been silent for long.

    `alone`: before the others, if they are. `vague`: up, as a verdict has it: it reported within its limit, whenever.
    """

    seconds: float
    rhythm: Rhythm
    machine: str
    alone: bool
    vague: bool

    @property
    def overdue(self) -> bool:
        """It has missed a report."""
        return self.seconds > OVERDUE * self.rhythm.interval

    @property
    def long(self) -> bool:
        """It has for so long that chance is no reason any more."""
        return self.overdue and self.seconds > self.rhythm.stopped

    def began_by(self, seconds: float) -> bool:
        """Whether it had ceased so long ago."""
        return self.overdue and self.seconds >= seconds


Silences = tuple[Silence, ...]


def overdue(agents: Silences) -> int:
    """How many have missed a report."""
    return sum(one.overdue for one in agents)


def is_stopped(agents: Silences) -> bool:
    """Most are silent for long; or all have missed a report, and half of them or more are, or one of them is late.

    Who was dead before, alone, counts for nothing.
    """
    those = [one for one in agents if not one.alone]
    long = sum(one.long for one in those)
    if those and all(one.overdue for one in those):
        return 2 * long >= len(those) or any(one.seconds > one.rhythm.late for one in those)
    return 0 < MOST * len(those) <= long


def witnesses(agents: Silences, seconds: float) -> Silences:
    """Who can tell whether something was wrong that began so long ago: not those who were dead before, if all are."""
    there = tuple(one for one in agents if not one.alone) or agents
    return tuple(one for one in there if not one.vague or seconds >= one.rhythm.limit)


def timely(agents: Silences, seconds: float) -> Silences:
    """Without those that report so rarely (heat's engines) that they have not been due yet: they can't tell."""
    often = 2 * min((one.rhythm.interval for one in agents), default=0.0)
    return tuple(one for one in agents if one.rhythm.interval <= often or one.overdue or one.seconds < seconds)


def as_well(agents: Silences, seconds: float) -> bool:
    """Whether these have stopped with others, who were due so long ago."""
    those = witnesses(agents, seconds)
    return 0 < MOST * len(those) <= sum(one.began_by(seconds) for one in those)


def go_on(agents: Silences, seconds: float) -> bool:
    """Whether too many of these have reported since then to have stopped; of nobody nothing is known."""
    those = witnesses(agents, seconds)
    return (1 - MOST) * len(those) < sum(one.seconds < seconds for one in those)


def group_of(row: AgentRow) -> Group | None:
    """The group that an agent belongs to; None of OVN's, which report to nobody."""
    said = row.said
    if said.service is Service.NEUTRON:
        return None if said.is_ovn else (Kind.NETWORK, "")
    if said.binary == COMPUTE:
        return Kind.COMPUTES, said.cell
    if said.binary == CONDUCTOR:
        return Kind.CONDUCTORS, said.cell
    return (Kind.ENGINES if said.service is Service.HEAT else Kind.WRITERS), ""


def left_behind(rows: Sequence[AgentRow], rhythms: Mapping[Service, Rhythm]) -> frozenset[Key]:
    """Those of one answer that were down at first sight, while others of their kind reported after they had ceased to.

    Not those that ceased together, and lately, if they are most of their kind: they share what they died of.
    """
    new = [(row, group) for row in rows if row.since == row.seen and (group := group_of(row)) is not None]
    if not new:
        return frozenset()
    ages: dict[Group, list[float]] = defaultdict(list)
    for row in rows:
        group, age = group_of(row), _age(row)
        if group is not None and age is not None:
            ages[group].append(age)
    for several in ages.values():
        several.sort()
    found = set[Key]()
    for row, group in new:
        age, rhythm = _age(row), rhythms[row.said.service]
        if age is None or age <= rhythm.limit or ages[group][0] >= age - OVERDUE * rhythm.interval:
            continue
        if age > LASTING or not _most_ceased_then(ages[group], age, rhythm):
            found.add(row.key)
    return frozenset(found)


def _most_ceased_then(ages: Sequence[float], age: float, rhythm: Rhythm) -> bool:
    """Of those that are up, and of those that ceased within an interval of that age. `ages`: in order."""
    ceased = bisect_right(ages, age + rhythm.interval) - bisect_left(ages, max(age - rhythm.interval, rhythm.limit))
    return ceased >= MOST * (ceased + bisect_right(ages, rhythm.limit))


def _age(row: AgentRow) -> float | None:
    """Of a verdict: down may be for ever, up may be this very moment."""
    if row.age is None and row.said.up is not None:
        return 0.0 if row.said.up else math.inf
    return row.age


def silences_of(rows: Sequence[AgentRow], rhythms: Mapping[Service, Rhythm], now: float) -> Mapping[Group, Silences]:
    """All agents of which it is known, by their kind and cell."""
    members: dict[Group, list[Silence]] = defaultdict(list)
    for row in rows:
        group, said = group_of(row), row.said
        if group is not None and (row.sign in _JUDGED or said.up):
            rhythm = rhythms[said.service]
            vague = row.silent is None and said.up is True
            members[group].append(Silence(_seconds(row, rhythm, now), rhythm, said.machine, row.alone, vague))
    return {group: tuple(found) for group, found in members.items()}


def _seconds(row: AgentRow, rhythm: Rhythm, now: float) -> float:
    """Of an API that tells a verdict and no age: it was silent for the limit when it was first called down."""
    if row.silent is None:
        return now - row.changed + rhythm.limit if row.said.up is False else 0.0
    return row.silent


def of_kinds(silences: Mapping[Group, Silences], *kinds: Kind) -> Silences:
    """Those of all cells together."""
    return tuple(one for (kind, _), agents in silences.items() if kind in kinds for one in agents)
