"""What a RabbitMQ node says of itself, whichever of its two interfaces was asked: plain rows, and what is not told.

None always means that it was not told: a queue that was just made has no counts yet, and that is not nought.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Resource(StrEnum):
    """What a node can run out of. For the first three it raises an alarm, and publishers stop."""

    MEMORY = "memory"
    DISK = "disk"
    FILE_DESCRIPTORS = "file_descriptors"
    SOCKETS = "sockets"
    PROCESSES = "processes"  # of Erlang: about eight for each connection


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. Messages that are `ready` wait for a consumer; `unacknowledged` ones were given to one.

    `acknowledged`: how many were confirmed, ever since: of all nodes' consumers, where the management API told it.
    """

    vhost: str
    name: str
    ready: int | None = None
    unacknowledged: int | None = None
    consumers: int | None = None
    acknowledged: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a resource is used, and where the limit is: bytes, or a number of them.

    Of the disk it is what is left (`used`) and what must be left (`limit`).
    """

    used: float
    limit: float


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it sees itself. `identity`: what all nodes of one cluster have in common, whatever each calls it.

    `peers`: names of other nodes that it is connected to. `partitioned`: how many nodes of its cluster it has lost
    touch with and does not know to be stopped.
    """

    name: str | None = None
    cluster: str | None = None
    identity: str | None = None
    version: str | None = None
    uses: dict[Resource, Use] = field(default_factory=dict)
    alarms: frozenset[Resource] | None = None
    connections: int | None = None
    partitioned: int | None = None
    peers: frozenset[str] | None = None
