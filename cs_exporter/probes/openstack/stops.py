"""Agents that stop together: most of one kind cease to report at once, and what they have in common is the cause.

nova-compute reports through the message bus to a conductor, which writes; neutron's agents through the bus to
neutron-server; conductors, schedulers and cinder write into the database themselves. Who of them stopped tells which
of those it is. Rows that were left behind when their machines were given away are no evidence of anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.probes.openstack.clocks import ROUNDING
from cs_exporter.probes.openstack.rhythm import Rhythm
from cs_exporter.probes.openstack.rows import AgentRow, Sign
from cs_exporter.probes.openstack.silences import (
    Group,
    Kind,
    Silences,
    as_well,
    go_on,
    group_of,
    is_stopped,
    of_kinds,
    overdue,
    silences_of,
    timely,
    witnesses,
)

ALONE = 3
"""Agents that must have stopped where nothing else does: fewer may share no more than a rack."""

AFTER = 1.5
"""Intervals that agents have to report again once most of them do."""

_SILENT = frozenset({Sign.PLANNED, Sign.UNSTARTED})
"""Who may keep silent on purpose, and shows nothing by it."""


class Suspect(StrEnum):
    """What is behind it; a value of the label `suspect`."""

    CONDUCTOR = "conductor"
    BUS = "message_bus"
    NEUTRON_SERVER = "neutron_server"
    DATABASE = "database"
    CONTROLLER = "controller"  # all that writes for itself is on one machine
    COMPUTES = "computes"  # they themselves, or what only they use: nobody else is silent


_OF_ALL = frozenset({Suspect.DATABASE, Suspect.CONTROLLER})
"""What keeps everybody from reporting."""


@dataclass(frozen=True, slots=True)
class _InCommon:
    """What the agents of a group that stopped have in common. `suspect`: as in Stop."""

    suspect: Suspect | None


_NOTHING = _InCommon(None)


@dataclass(frozen=True, slots=True)
class Stop:
    """A group that stopped. `since`, `last`: the first and the latest answer that showed it (monotonic).

    `suspect`: None: they share nothing but the moment, each is dead for itself. `agents`: how many are silent.
    `over`: most report again, the others may yet.
    """

    group: Group
    suspect: Suspect | None
    agents: int
    since: float
    last: float
    over: bool = False


def stops(
    rows: Iterable[AgentRow], rhythms: Mapping[Service, Rhythm], before: Mapping[Group, Stop], now: float
) -> dict[Group, Stop]:
    """The groups that stopped, and those that did a moment ago, by what was known at the answer before."""
    silences = silences_of(tuple(rows), rhythms, now)
    found: dict[Group, Stop] = {}

    def stopped(group: Group, suspect: Suspect | None) -> None:
        since = before[group].since if group in before else now
        found[group] = Stop(group, suspect, overdue(silences[group]), since, now)

    for group, agents in silences.items():
        last = before.get(group)
        shared = _in_common(group, silences) if is_stopped(agents) else None
        if shared is not None:
            stopped(group, shared.suspect)
            if shared.suspect is Suspect.CONDUCTOR:
                stopped((Kind.CONDUCTORS, group[1]), Suspect.CONDUCTOR)
        elif (
            last is not None and last.suspect and now - last.last <= AFTER * max(one.rhythm.interval for one in agents)
        ):
            found.setdefault(group, replace(last, agents=overdue(agents), over=True))
    return found


def weighed(
    rows: Sequence[AgentRow], rhythms: Mapping[Service, Rhythm], found: Mapping[Group, Stop]
) -> Iterator[AgentRow]:
    """The rows, whose silence now is their own, or their kind's, or not yet known to be either."""
    latest: dict[Group, list[float]] = defaultdict(list)
    for row in rows:
        group = group_of(row)
        if group is not None and row.silent is not None and not row.alone and row.sign not in _SILENT:
            latest[group].append(row.silent)
    for row in rows:
        group, rhythm = group_of(row), rhythms[row.said.service]
        if row.sign is not Sign.DEAD or group is None:
            if group is not None and not row.alone and _is_undecided(row, latest[group], rhythm):
                yield replace(row, undecided=True)
            else:
                yield row
            continue
        stop = found.get(group)
        if stop is not None and _explains(stop, row, rhythm):
            yield replace(row, sign=Sign.STOPPED)
        elif row.alone or (stop is not None and not stop.suspect) or _is_alone(row, latest[group], rhythm):
            yield replace(row, alone=True)
        else:
            yield replace(row, sign=Sign.SKEWED if row.skew else Sign.WELL, undecided=True)


def _explains(stop: Stop, row: AgentRow, rhythm: Rhythm) -> bool:
    """Whether what a group has in common is why this one of them is silent; of conductors, it is each of them."""
    if stop.suspect is None or (row.alone and stop.group[0] is not Kind.CONDUCTORS):
        return False
    return not stop.over or row.seen - stop.last <= AFTER * rhythm.interval


def is_shared(row: AgentRow, found: Mapping[Group, Stop]) -> bool:
    """Whether its silence, if it is silent, is what these stops are about, and not its own; also before it is long.

    Or may be what one is about that is not known yet.
    """
    if row.undecided:
        return True
    if not found or row.alone:
        return False
    group = group_of(row)
    return group is not None and any(_concerns(stop, group) for stop in found.values())


def _concerns(stop: Stop, group: Group) -> bool:
    """Whether what is behind a stop keeps this group from reporting as well, although it may be silent only later."""
    if stop.suspect in _OF_ALL:
        return True
    if stop.suspect is Suspect.BUS and group[0] is Kind.NETWORK:
        return True
    return stop.suspect is not None and stop.group == group


def _is_alone(row: AgentRow, others: Sequence[float], rhythm: Rhythm) -> bool:
    """Whether somebody of its kind has reported since it was due, as nobody has once all of them have stopped."""
    if row.silent is None or row.silent > rhythm.limit or len(others) <= 1:
        return True
    return min(others) < row.silent - rhythm.interval


def _is_undecided(row: AgentRow, others: Sequence[float], rhythm: Rhythm) -> bool:
    """Whether it is due, and nobody of its kind has shown yet that whoever writes their reports does so."""
    return (row.silent or 0.0) > rhythm.interval + ROUNDING and not _is_alone(row, others, rhythm)


def _in_common(group: Group, silences: Mapping[Group, Silences]) -> _InCommon | None:
    """Of a group that stopped; None while that is not certain."""
    agents = silences[group]
    due = min(one.seconds - one.rhythm.interval for one in agents if one.overdue)
    writing = timely(of_kinds(silences, Kind.WRITERS, Kind.ENGINES, Kind.CONDUCTORS), due)
    machines = [one.machine for one in witnesses(writing, due)]
    if len(machines) > 1 and as_well(writing, due):
        return _InCommon(Suspect.DATABASE if len({*machines}) > 1 else Suspect.CONTROLLER)
    kind, cell = group
    if kind is Kind.COMPUTES:
        return _of_computes(cell, silences, due)
    if kind is Kind.NETWORK:
        computes = as_well(of_kinds(silences, Kind.COMPUTES), due)
        if computes and not as_well(of_kinds(silences, Kind.CONDUCTORS), due):
            return _InCommon(Suspect.BUS)
        return _InCommon(Suspect.NEUTRON_SERVER) if len(witnesses(agents, due)) >= ALONE else None
    return None


def _of_computes(cell: str, silences: Mapping[Group, Silences], due: float) -> _InCommon | None:
    """Of a cell's hypervisors: neutron's agents report over the same bus, and tell whether that is well."""
    if as_well(silences.get((Kind.CONDUCTORS, cell), ()), due):
        return _InCommon(Suspect.CONDUCTOR)
    network = of_kinds(silences, Kind.NETWORK)
    if as_well(network, due):
        return _InCommon(Suspect.BUS)
    agents = [one for one in silences[Kind.COMPUTES, cell] if not one.alone]
    several = len(agents) >= ALONE
    if network and not go_on(network, due):
        return _InCommon(Suspect.BUS) if several else None
    return _InCommon(Suspect.COMPUTES) if several else _NOTHING
