"""What the probe cloudstack_states knows: the cloud's latest word, and what shows by comparing it with earlier ones.

One answer tells how things are; that a host flaps, or that its pings are missing, takes several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from cs_exporter.platforms.cloudstack.states import HostState, Part, Source, States, kept
from cs_exporter.probes.cloudstack import host_rows, server_rows, system_vms
from cs_exporter.probes.cloudstack.host_rows import ROUTING, UP, HostRow
from cs_exporter.probes.cloudstack.recent import NOTHING, Recent, added, total
from cs_exporter.probes.cloudstack.server_rows import ServerRow
from cs_exporter.probes.cloudstack.stores import StoreRow
from cs_exporter.probes.cloudstack.system_vms import Working

ERROR = "Error"
ERRORS_WINDOW = 1800.0
"""Seconds within which VMs that went into Error are counted."""


KEPT = 600.0
"""Seconds for which rows stand in for a part that an answer left untold: one statement that is lost ends no alert, but
what is never told any more must not look alive."""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """The VMs in Error of one zone, and how many more there were at a time, within ERRORS_WINDOW."""

    count: int
    more: Recent = NOTHING

    @property
    def lately(self) -> int:
        """How many went there within ERRORS_WINDOW."""
        return total(self.more)


@dataclass(frozen=True)
class CloudStackStatesReading:
    """`names`: the cloud's uuid -> name in the inventory; who is not there has no rows. `hosts`, `servers`: by uuid.

    `working`: system VMs at work. `told`: when each part of an answer last came (monotonic).
    `now`, `wall`: the exporter's clocks at the answer. `unasked`: why the API answers though a database is configured.
    """

    states: States
    names: Mapping[str, str]
    hosts: Mapping[str, HostRow] = field(default_factory=dict)
    servers: Mapping[str, ServerRow] = field(default_factory=dict)
    errors: Mapping[str, ErrorRow] = field(default_factory=dict)
    working: Working = field(default_factory=dict)
    told: Mapping[Part, float] = field(default_factory=dict)
    stores: Mapping[str, StoreRow] = field(default_factory=dict)  # by name; secondary storage by HTTP
    now: float = 0.0
    wall: float = 0.0
    database: bool = True  # whether one is configured
    unasked: str = ""

    @cached_property
    def own_hosts(self) -> tuple[tuple[str, HostRow], ...]:
        """(name in the inventory, row) of all hypervisors that are in it."""
        return tuple((self.names[uuid], row) for uuid, row in self.hosts.items() if uuid in self.names)

    @cached_property
    def own_servers(self) -> tuple[tuple[str, ServerRow], ...]:
        """The same of management servers, without those that were given away."""
        found = ((self.names.get(uuid), row) for uuid, row in self.servers.items() if not row.retired)
        return tuple((name, row) for name, row in found if name is not None)

    @cached_property
    def owners_told(self) -> bool:
        """Whether this source tells which server has a host: the database does, not every version's API."""
        return self.states.source is Source.DATABASE or any(row.said.server for row in self.hosts.values())

    def hypervisors(self) -> Iterator[tuple[str, HostState]]:
        """(name in the inventory, the cloud's word) of all hypervisors that are in it."""
        return ((name, row.said) for name, row in self.own_hosts)

    def unowned(self, row: HostRow) -> bool:
        """Whether the host is Up and no server has it."""
        return self.owners_told and row.said.state == UP and not row.said.server


def compared(
    states: States,
    names: Mapping[str, str],
    before: CloudStackStatesReading | None,
    now: float,
    ping_interval: float,
) -> CloudStackStatesReading:
    """The reading of an answer that came at `now`, by what was known before. Source and clocks of it are to be set.

    `ping_interval`: where the cloud does not tell its own.
    """
    when = {**(before.told if before is not None else {}), **dict.fromkeys(set(Part) - states.untold, now)}
    states = _kept(states, before, when, now)
    same = before is not None and before.states.source is states.source
    old_hosts: Mapping[str, HostRow] = before.hosts if before is not None else {}
    hosts = {
        said.uuid: host_rows.follow(
            old_hosts.get(said.uuid), said, now, states.ping_interval or ping_interval, same_source=same
        )
        for said in states.hosts
        if said.kind == ROUTING
    }
    servers = _servers(states, hosts, before.servers if before is not None else {}, now)
    errors = _errors(states, before.errors if before is not None and same else None, now)
    working = system_vms.working(states, before.working if before is not None else {})
    return CloudStackStatesReading(states, names, hosts, servers, errors, working, when, now=now)


def _servers(
    states: States, hosts: Mapping[str, HostRow], before: Mapping[str, ServerRow], now: float
) -> dict[str, ServerRow]:
    """By uuid, with the agents that each has, where that is told."""
    having, lost = server_rows.counted(hosts.values())
    told = states.source is Source.DATABASE or bool(having)
    return {
        said.uuid: server_rows.follow(
            before.get(said.uuid), said, having[said.name] if told else None, lost[said.name] if told else None, now
        )
        for said in states.servers
    }


def _kept(states: States, before: CloudStackStatesReading | None, told: Mapping[Part, float], now: float) -> States:
    """With the rows that came before in each part that was told within KEPT."""
    if before is None or not states.untold:
        return states
    young = frozenset(part for part in states.untold if part in told and now - told[part] <= KEPT)
    return replace(kept(replace(states, untold=young), before.states), untold=states.untold)


def _errors(states: States, before: Mapping[str, ErrorRow] | None, now: float) -> dict[str, ErrorRow]:
    """By zone; one that has none any more is kept, for its next one is more than none. `before`: of the same source.

    A zone that nothing was known of counts from its first number: under that name, they may have been there for long.
    """
    if Part.VMS in states.untold:
        return dict(before or {})
    zones = {*(pool.zone for pool in states.pools), *(vm.zone for vm in states.system_vms)}
    counts = dict.fromkeys((*(before or ()), *sorted(zones)), 0)
    for vms in states.vms:
        counts[vms.zone] = counts.get(vms.zone, 0) + (vms.count if vms.state == ERROR else 0)
    found = {}
    for zone, count in counts.items():
        last = (before or {}).get(zone, ErrorRow(count))
        more = max(0, count - last.count)
        found[zone] = ErrorRow(count, added(last.more, now, more, ERRORS_WINDOW))
    return found
