"""Queues of OpenStack's services, folded to what matters: one row a topic, one a topic and host, sums of all others.

Each process has queues of its own for replies and for what goes to everybody, most often with a new name after each
restart (oslo.messaging; by use_queue_manager with its host, name and a number): new series for ever, or thousands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.parsers.rabbitmq import Queue

REPLIES, FANOUTS = "reply_*", "*_fanout_*"
OTHER = "other"

_REPLY = re.compile(r"reply_.+")
_FANOUT = re.compile(r".+_fanout(?:_.+)?")
_NOTIFICATION = re.compile(
    r"(?:.*notifications(?:_.*)?|event|metering)\.(?:audit|debug|info|warn|error|critical|sample)"
)
"""`event` and `metering`: ceilometer's own."""
_TOPICS_OF_AGENTS = re.compile(r"(q-agent-notifier-|neutron-vo-)[^.]+(?:\.\d[^.]*)?")
"""Topics of which every agent of neutron has a queue of its own, and gets what matters by the fanout one."""


Key = tuple[str, str]
"""vhost and name"""


class Scope(StrEnum):
    """Who consumes a queue."""

    TOPIC = "topic"  # any member of a service
    HOST = "host"  # the one agent or service of a machine
    NOTIFICATION = "notification"  # whoever is interested, often nobody


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue, or all with that name but for its asterisk (`parts`). `host`: its machine's name in the inventory."""

    scope: Scope
    queue: Queue
    host: str | None = None
    parts: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What it is called."""
        return self.queue.vhost, self.queue.name

    @property
    def keys(self) -> tuple[Key, ...]:
        """The same, of every queue that it is."""
        return tuple((self.queue.vhost, name) for name in self.parts or (self.queue.name,))

    @property
    def unserved(self) -> int | None:
        """Messages that wait and nobody takes; None where somebody could, or it is not known."""
        return self.queue.ready if self.queue.consumers == 0 and self.queue.ready else None

    @property
    def matters(self) -> bool:
        """Whether something is the matter with it, so that it is shown before those that are well."""
        counts = (self.queue.ready, self.queue.unacknowledged)
        return self.queue.consumers == 0 or any(count for count in counts)


@dataclass(frozen=True, slots=True)
class Fold:
    """Queues whose names do not last, together. Those of which nothing is told yet only count as queues."""

    queues: int = 0
    ready: int = 0
    unacknowledged: int = 0
    most: int = 0  # messages of the fullest
    without_consumers: int = 0

    def plus(self, queue: Queue) -> Fold:
        """With one more."""
        ready, unacknowledged = queue.ready or 0, queue.unacknowledged or 0
        return Fold(
            self.queues + 1,
            self.ready + ready,
            self.unacknowledged + unacknowledged,
            max(self.most, ready + unacknowledged),
            self.without_consumers + (queue.consumers == 0),
        )


@dataclass(frozen=True, slots=True)
class Folded:
    """All queues of a node."""

    rows: tuple[QueueRow, ...] = ()
    temporary: Mapping[str, Fold] | None = None
    """REPLIES, FANOUTS, and OTHER where there were more rows than may be shown -> their sums"""
    total: int = 0


def fold(queues: Iterable[Queue], names: Mapping[str, str], top: int) -> Folded:
    """At most `top` rows, first those with which something is the matter. `names`: a machine's as its cloud has it."""
    listed = tuple(queues)
    known = frozenset(queue.name for queue in listed)
    sums = {REPLIES: Fold(), FANOUTS: Fold()}
    rows: dict[Key, QueueRow] = {}
    for queue in listed:
        kind = _temporary(queue.name)
        if kind is not None:
            sums[kind] = sums[kind].plus(queue)
            continue
        row = _row(queue, names, known)
        rows[row.key] = _together(rows[row.key], row) if row.key in rows else row
    ordered = sorted(rows.values(), key=lambda row: (not row.matters, row.scope is not Scope.TOPIC, row.key))
    for row in ordered[top:]:
        sums[OTHER] = sums.get(OTHER, Fold()).plus(row.queue)
    return Folded(tuple(sorted(ordered[:top], key=lambda row: row.key)), sums, len(listed))


def lasting(counts: Mapping[Key, int]) -> dict[Key, int]:
    """Those of queues that are no part of the sums."""
    return {key: count for key, count in counts.items() if _temporary(key[1]) is None}


def _temporary(name: str) -> str | None:
    """The sum that a queue goes into; None: it has a row."""
    return REPLIES if _REPLY.fullmatch(name) else FANOUTS if _FANOUT.fullmatch(name) else None


def _row(queue: Queue, names: Mapping[str, str], known: frozenset[str]) -> QueueRow:
    if _NOTIFICATION.fullmatch(queue.name):
        return QueueRow(Scope.NOTIFICATION, queue)
    for dot in (match.start() for match in re.finditer(r"\.", queue.name)):
        topic, machine = queue.name[:dot], queue.name[dot + 1 :]
        host = _host(machine, names)
        if host is not None or topic in known:
            agents = _TOPICS_OF_AGENTS.fullmatch(topic)
            if agents is None:
                return QueueRow(Scope.HOST, queue, host)
            return QueueRow(Scope.HOST, replace(queue, name=f"{agents[1]}*.{machine}"), host, (queue.name,))
    return QueueRow(Scope.TOPIC, queue)


def _host(machine: str, names: Mapping[str, str]) -> str | None:
    """The machine of `cmp1`, or of a backend of cinder's: `ctl1@lvm`, `ctl1@lvm.ctl1`."""
    return names.get(machine) or names.get(machine.partition("@")[0])


def _together(one: QueueRow, other: QueueRow) -> QueueRow:
    """Two queues of one machine as one: their messages, and the fewest consumers of either."""
    consumers = [count for count in (one.queue.consumers, other.queue.consumers) if count is not None]
    merged = replace(
        one.queue,
        ready=_sum(one.queue.ready, other.queue.ready),
        unacknowledged=_sum(one.queue.unacknowledged, other.queue.unacknowledged),
        consumers=min(consumers) if consumers else None,
    )
    return replace(one, queue=merged, parts=one.parts + other.parts)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
