"""What the probe openstack_agents knows: a cloud's latest word on its agents, and what earlier answers add to that.

One answer tells ages; that somebody is dead, that a clock is wrong or that all of a kind stopped takes several.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.probes.openstack.clocks import UNKNOWN, Bounds, agreed
from cs_exporter.probes.openstack.rhythm import DEFAULTS, LASTING, Rhythm
from cs_exporter.probes.openstack.rows import TOLERANCE, AgentRow, Key, Sign, follow, judged, key
from cs_exporter.probes.openstack.silences import Group, left_behind
from cs_exporter.probes.openstack.stops import Stop, stops, weighed
from cs_exporter.probes.openstack.writers import Writer, clocks_of, voices, widest

KEPT = 600.0
"""Seconds for which rows of a service that an answer left untold stay as they were: one lost answer ends no alert, but
what is never told any more must not look alive."""

LOST = 2.5
"""Intervals without an answer, after which silence that is new proves nothing yet."""

LOOK_AGAIN = 2.0
"""Intervals after which whoever reports by a clock that is wrong has shown it: the age has not grown by as much."""

NAMED = 3
"""Hosts of one kind of agent that a line about them names."""

STEPPED = 2.0
"""Seconds by which a clock that goes right may seem to have moved between two answers."""


@dataclass(frozen=True)
class OpenStackAgentsReading:
    """`names`: machine as OpenStack calls it -> name in the inventory; who is not there has no series.

    `rows`: of services told within KEPT. `told`: when each service was last (monotonic). `stops`: groups of agents
    that stopped together. `clocks`: of all who stamp reports, against the one that ages are told by; most of them are
    `reference` seconds ahead of it, and `AgentRow.age` is by those. `now`, `wall`: the exporter's clocks at the answer.
    `unasked`: why the API answers though a database is configured.
    """

    answer: Agents
    names: Mapping[str, str]
    rhythms: Mapping[Service, Rhythm] = field(default_factory=lambda: MappingProxyType(DEFAULTS))
    rows: Mapping[Key, AgentRow] = field(default_factory=dict)
    told: Mapping[Service, float] = field(default_factory=dict)
    stops: Mapping[Group, Stop] = field(default_factory=dict)
    clocks: Mapping[Writer, Bounds] = field(default_factory=dict)
    reference: float = 0.0
    apart: float = 0.0  # seconds by which two of these clocks differ
    now: float = 0.0
    wall: float = 0.0
    elapsed: float = 0.0  # seconds since the answer before
    database: bool = True  # whether one is configured
    unasked: str = ""

    @cached_property
    def own(self) -> tuple[tuple[str, AgentRow], ...]:
        """(name in the inventory, row) of all agents on machines that are in it."""
        found = ((self.names.get(row.said.machine), row) for row in self.rows.values())
        return tuple((name, row) for name, row in found if name is not None)

    @property
    def lacking(self) -> tuple[str, ...]:
        """As Census has it: who is late by an age alone, no report having been seen to come.

        Who has been so for long has a line of its own: a row that was left behind must not hide an outage.
        """
        late = [row for row in self.rows.values() if self._is_unsure(row)]
        parts = ([row for row in late if (_age(row) > LASTING) is lasting] for lasting in (False, True))
        return tuple(self._unsure(rows) for rows in parts if rows)

    def _is_unsure(self, row: AgentRow) -> bool:
        unseen = row.sign is Sign.WELL and row.changed == row.since
        return unseen and _age(row) > self.rhythms[row.said.service].late

    def _unsure(self, rows: Sequence[AgentRow]) -> str:
        counts = Counter(row.agent for row in rows).most_common()
        who = ", ".join(f"{number} {agent} ({_where(agent, rows)})" for agent, number in counts)
        wait = LOOK_AGAIN * max(self.rhythms[row.said.service].interval for row in rows)
        return (
            f"{who}: no report for {max(map(_age, rows)):.0f} s, or a clock that is wrong: "
            f"look again in {wait:.0f} s, or at the status page"
        )


def _where(agent: str, rows: Iterable[AgentRow]) -> str:
    first, *others = sorted(row.said.host for row in rows if row.agent == agent)
    return ", ".join([first, *others[: NAMED - 1], *(["..."] if len(others) >= NAMED else [])])


def _age(row: AgentRow) -> float:
    return 0.0 if row.age is None else row.age


def compared(
    answer: Agents,
    names: Mapping[str, str],
    before: OpenStackAgentsReading | None,
    now: float,
    wall: float,
    rhythms: Mapping[Service, Rhythm],
    interval: float,
) -> OpenStackAgentsReading:
    """The reading of an answer that came at `now`, by what was known before. `interval`: seconds between two answers.

    While there were none, nobody may have been able to report either: it takes one answer more to say who is silent.
    """
    if before is not None and before.answer.source is not answer.source:
        before = replace(before, rows=_anew(before.rows), reference=0.0)
    stepped = _stepped(answer, before, now, wall)
    old = before.rows if before is not None else {}
    latest = _latest(answer.agents)
    fresh = [follow(old.get(one), said, now, rhythms[said.service], stepped) for one, said in latest.items()]
    heard = voices(fresh, now, rhythms)
    clocks = clocks_of(heard)
    reading = OpenStackAgentsReading(
        *(answer, names, rhythms),
        rows={one: row for one, row in old.items() if one not in latest and _is_kept(row, answer, now)},
        told={**(before.told if before is not None else {}), **dict.fromkeys(answer.told, now)},
        clocks=clocks,
        reference=_reference(clocks.values(), before, stepped),
        apart=widest(heard),
        now=now,
        wall=wall,
        elapsed=now - before.now if before is not None else 0.0,
    )
    return _judged(reading, fresh, before, interval)


def _judged(
    reading: OpenStackAgentsReading, fresh: Iterable[AgentRow], before: OpenStackAgentsReading | None, interval: float
) -> OpenStackAgentsReading:
    """With the rows of this answer, and who of them stopped together."""
    now, rhythms, reference, unusable = reading.now, reading.rhythms, reading.reference, reading.answer.unusable
    seen = [
        judged(row, now, rhythms[row.said.service], reference, usable=row.said.service not in unusable) for row in fresh
    ]
    known: Mapping[Group, Stop] = before.stops if before is not None else {}
    if before is not None and reading.elapsed > LOST * max(interval, before.elapsed):
        found, told = known, [_unjudged(row, before.rows) for row in seen]
    else:
        seen = _marked(seen, rhythms)
        found = stops((*seen, *reading.rows.values()), rhythms, known, now)
        told = list(weighed(seen, rhythms, found))
    return replace(reading, rows={**reading.rows, **{row.key: row for row in told}}, stops=found)


def _marked(rows: list[AgentRow], rhythms: Mapping[Service, Rhythm]) -> list[AgentRow]:
    """Who was left behind is dead for itself, and no evidence of what its kind has in common."""
    left = left_behind(rows, rhythms)
    return [replace(row, alone=True) if row.key in left else row for row in rows] if left else rows


def _unjudged(row: AgentRow, before: Mapping[Key, AgentRow]) -> AgentRow:
    """Dead is who was so before."""
    last = before.get(row.key)
    if row.sign is not Sign.DEAD:
        return row
    return replace(row, sign=last.sign if last is not None and last.sign in {Sign.DEAD, Sign.STOPPED} else Sign.WELL)


def _reference(clocks: Iterable[Bounds], before: OpenStackAgentsReading | None, stepped: float) -> float:
    """As it was, where nobody has reported lately."""
    known = [clock for clock in clocks if math.isfinite(clock.high)]
    if known:
        return agreed(known, TOLERANCE)
    return 0.0 if before is None else before.reference - stepped


def _latest(agents: Iterable[AgentState]) -> dict[Key, AgentState]:
    """One of each: of several with the same name (heat's processes) the one that reported last."""
    found: dict[Key, AgentState] = {}
    for said in agents:
        one = key(said)
        other = found.setdefault(one, said)
        if other is not said and _later(said, other):
            found[one] = said
    return found


def _later(said: AgentState, other: AgentState) -> bool:
    if said.age is None or other.age is None:
        return other.age is None and said.age is not None
    return said.age < other.age


def _is_kept(row: AgentRow, answer: Agents, now: float) -> bool:
    """Whether it stays though it is not in the answer: its service, or a part of it, was not told."""
    service = row.said.service
    missing = service not in answer.told or service in answer.lacking
    return missing and now - row.seen <= KEPT


def _anew(rows: Mapping[Key, AgentRow]) -> dict[Key, AgentRow]:
    """Of another source, times can't be compared: what is kept is how many reports there were."""
    return {
        one: replace(row, said=replace(row.said, age=None, reports=None), reports=(), clock=UNKNOWN)
        for one, row in rows.items()
    }


def _stepped(answer: Agents, before: OpenStackAgentsReading | None, now: float, wall: float) -> float:
    """By how much the clock that ages are told by was set forward since the answer before; of the API it is ours.

    A slow answer tells a database's clock only so far: what is less than that is no step.
    """
    if before is None:
        return 0.0
    moved, least = wall - before.wall - (now - before.now), STEPPED
    if answer.source is Source.DATABASE:
        if answer.clock is None or before.answer.clock is None:
            return 0.0
        moved += answer.clock[0] - before.answer.clock[0]
        least += answer.clock[1] + before.answer.clock[1]
    return moved if abs(moved) > least else 0.0
