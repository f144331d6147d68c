"""Whose messages are given out and confirmed by nobody: a queue's node tells that, and its consumers' nodes this.

A queue of a service that is busy always has some that are not confirmed yet; that none is confirmed any more tells the
frozen from the busy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cs_exporter.probes.rabbitmq.queues import QueueRow, Scope
from cs_exporter.probes.rabbitmq.reading import RabbitmqReading, Source
from cs_exporter.probes.rabbitmq.trail import Held


@dataclass(frozen=True, slots=True)
class Stuck:
    """A queue with unacknowledged messages, and for how long nobody has confirmed any though they became more: or 0.

    `server`: the bus's name in the inventory; `host`: that of the queue's own machine.
    """

    server: str
    vhost: str
    queue: str
    scope: Scope
    host: str | None
    seconds: float


def stuck(looks: Sequence[RabbitmqReading]) -> Iterator[Stuck]:
    """All such queues of one cluster, by its nodes that answered."""
    whole = _whole(looks)
    for look in looks:
        for row in look.answered.queues.rows if look.answered else ():
            held = look.trail.get(row.key)
            if held is not None:
                tellers = [look] if _tells_of_all(look) else looks if whole else []
                seconds = _seconds(row, held, look, tellers)
                yield Stuck(look.server, *row.key, row.scope, row.host, max(seconds, 0.0))


def _seconds(row: QueueRow, held: Held, look: RabbitmqReading, tellers: Sequence[RabbitmqReading]) -> float:
    """`tellers`: who together knows of all that was confirmed; nobody where it is not known.

    A queue whose messages were given out has a count at some of them, be it nought; without one, they do not tell.
    """
    moved = [teller.confirmed[key].since for teller in tellers for key in row.keys if key in teller.confirmed]
    if not moved:
        return look.made - held.since if held.climbing else 0.0
    return min(teller.made for teller in tellers) - max(held.since, *moved) if held.growing else 0.0


def _tells_of_all(look: RabbitmqReading) -> bool:
    """Whether the node tells of its queues what was confirmed at any node: the management API does."""
    return (
        look.answered is not None
        and look.answered.source is Source.MANAGEMENT
        and look.answered.acknowledged is not None
    )


def _whole(looks: Sequence[RabbitmqReading]) -> bool:
    """Whether every node of the cluster that runs tells what its own consumers have confirmed."""
    names: set[str | None] = set()
    running: set[str] = set()
    for look in looks:
        told = look.answered
        if told is None or told.source is not Source.PLUGIN or told.acknowledged is None or told.running is None:
            return False
        names.add(told.node.name)
        running |= told.running
    return running <= names
