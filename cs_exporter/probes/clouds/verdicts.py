"""One host in its cloud's own word: the state it is in and since when, and whether guests are started there.

The same row for every platform, so that a state means the same wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cs_exporter.platforms.openstack.agents import COMPUTE
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.probes.openstack.rows import AgentRow

ENABLED = "Enabled"
"""CloudStack's resource state of a host on which it starts guests."""

UP, DOWN, OTHER = "up", "down", "other"
"""OpenStack's states of it; other: nova itself does not know, as its cell is down."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`since`: when it was first seen in this state, by the exporter's wall clock. `schedulable`: None: not told.

    `planned`: somebody has told the cloud, by this very word, to take the host for gone.
    """

    state: str
    since: float
    schedulable: bool | None = None
    planned: bool = False


def of_cloudstack(reading: CloudStackStatesReading) -> Iterable[tuple[str, Verdict]]:
    """(name in the inventory, verdict) of all hypervisors that are in it."""
    for host, row in reading.own_hosts:
        resource = row.said.resource_state
        schedulable = resource == ENABLED if resource else None
        yield host, Verdict(row.state, reading.wall - (reading.now - row.since), schedulable)


def of_openstack(
    readings: Iterable[OpenStackAgentsReading], before: Mapping[str, Verdict]
) -> Iterable[tuple[str, Verdict]]:
    """The same, by all answers together, and by when each state was seen first.

    A host that several tell of, the API and its cell's database, is judged by the one that knows when it reported.
    """
    found: dict[str, tuple[AgentRow, OpenStackAgentsReading]] = {}
    for reading in readings:
        for host, row in reading.own:
            if row.agent == COMPUTE and (host not in found or _knows_more(row, found[host][0])):
                found[host] = row, reading
    for host, (row, reading) in found.items():
        state = _state(row, reading)
        if state:
            yield host, _since(_verdict(state, row, reading), before.get(host))


def _knows_more(row: AgentRow, other: AgentRow) -> bool:
    return (row.age is not None, row.seen) > (other.age is not None, other.seen)


def _state(row: AgentRow, reading: OpenStackAgentsReading) -> str:
    """By nova's own rule; empty where nobody can tell, because heartbeats are kept elsewhere (memcached).

    Source: nova/servicegroup/drivers/db.py, is_up.
    """
    said = row.said
    if said.forced_down:
        return DOWN
    if said.up is not None:
        return UP if said.up else DOWN
    if row.age is not None:
        return DOWN if reading.rhythms[said.service].overage(row.age) > 0 else UP
    return "" if said.service in reading.answer.unusable else OTHER


def _verdict(state: str, row: AgentRow, reading: OpenStackAgentsReading) -> Verdict:
    said = row.said
    schedulable = None if said.enabled is None else said.enabled and not said.forced_down
    return Verdict(state, reading.wall - (reading.now - row.seen), schedulable, said.forced_down)


def _since(new: Verdict, last: Verdict | None) -> Verdict:
    return replace(new, since=last.since) if last is not None and last.state == new.state else new
