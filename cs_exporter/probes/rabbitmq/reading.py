"""What one look at a RabbitMQ node came to: the reading of the probe rabbitmq, and its parts.

A node that is gone, frozen or out of reach is a reading too: a failure says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cs_exporter.parsers.rabbitmq import Node
from cs_exporter.probes.rabbitmq.queues import Folded, Key
from cs_exporter.probes.rabbitmq.trail import Confirmations, Trail


class State(StrEnum):
    """How the node stands to whoever asks it."""

    OK = "ok"
    REFUSED = "refused"  # nobody listens, on the bus's own port neither
    MUTE = "mute"  # connections are accepted and nothing is answered: frozen
    UNREACHABLE = "unreachable"  # no answer to a connection request, on the bus's own port neither
    LOST = "lost"  # connections are accepted and broken


class Source(StrEnum):
    """Who told of the queues."""

    PLUGIN = "plugin"  # rabbitmq_prometheus
    MANAGEMENT = "management"  # rabbitmq_management


class Question(StrEnum):
    """A part of the reading that may be missing while all else is known."""

    NODE = "node"  # alarms and limits, of the plugin's other page
    MANAGEMENT = "management"  # whatever the management API was to add


@dataclass(frozen=True, slots=True)
class Answered:
    """What a node that spoke said. `running`: names of the cluster's nodes that run, as it sees them."""

    source: Source
    node: Node
    queues: Folded
    running: frozenset[str] | None = None
    blocked: Mapping[str, int] | None = None
    """state (blocked, blocking) -> connections of this node that an alarm holds"""
    unanswered: Mapping[Question, str] = field(default_factory=dict)
    """what was asked in vain, and why"""
    acknowledged: Mapping[Key, int] | None = None
    """queue -> messages confirmed: by the plugin those of this node's consumers, of queues of any node; by the
    management API those of all consumers, of this node's queues. None: not known"""


@dataclass(frozen=True, slots=True)
class RabbitmqReading:
    """The node's state, and what it said where it spoke. `server`: its name in the inventory; `made`: monotonic."""

    server: str
    state: State
    made: float
    answered: Answered | None = None
    trail: Trail = field(default_factory=dict)
    confirmed: Confirmations = field(default_factory=dict)

    def among(self, hosts: Mapping[str, str]) -> RabbitmqReading:
        """The same, with queues' machines only as far as they are in the inventory now."""
        if self.answered is None:
            return self
        known = frozenset(hosts.values())
        rows = tuple(
            row if row.host is None or row.host in known else replace(row, host=None)
            for row in self.answered.queues.rows
        )
        return replace(self, answered=replace(self.answered, queues=replace(self.answered.queues, rows=rows)))
