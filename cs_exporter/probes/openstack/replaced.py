"""Agents that were replaced: whoever rolls out containers leaves the old rows behind, and starts as many new ones.

Only of those of which any does the work of any other: what a hypervisor, a network node or a backend has, nobody takes
over.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection

from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.probes.openstack.rows import AgentRow, Key, Sign

_ANYWHERE = frozenset({"nova-conductor", "nova-scheduler", "nova-consoleauth", "cinder-scheduler", "heat-engine"})

OUTLIVED = 60.0
"""Seconds that the new one must have gone on for: two that die together have not come in each other's place."""

WITHIN = 300.0
"""Seconds between the last report of the old one and the first of the new one, whichever comes first."""


def replaced(reading: OpenStackAgentsReading) -> Collection[Key]:
    """Dead agents in whose place another one of the same kind was seen to come, one for each."""
    of_kind: dict[tuple[str, str], list[AgentRow]] = defaultdict(list)
    for row in reading.rows.values():
        if row.said.binary in _ANYWHERE:
            of_kind[row.said.binary, row.said.cell].append(row)
    if not any(row.sign is Sign.DEAD for rows in of_kind.values() for row in rows):
        return frozenset()
    begun = min((row.since for row in reading.rows.values()), default=0.0)
    return frozenset(one for rows in of_kind.values() for one in _replaced(rows, begun))


def _replaced(rows: Collection[AgentRow], begun: float) -> Collection[Key]:
    """`begun`: when the exporter was first told of anybody: who was there then has come in nobody's place."""
    dead = sorted((row.changed, row.key) for row in rows if row.sign is Sign.DEAD)
    came = sorted((row.since, _lasted(row)) for row in rows if row.since > begun)
    found = []
    for ceased, old in dead:
        new = next((one for one in came if abs(one[0] - ceased) <= WITHIN and one[1] - ceased > OUTLIVED), None)
        if new is not None:
            came.remove(new)
            found.append(old)
    return found


def _lasted(row: AgentRow) -> float:
    return row.changed if row.sign is Sign.DEAD else math.inf
