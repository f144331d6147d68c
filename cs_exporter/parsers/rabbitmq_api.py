"""What RabbitMQ's management API answers, in JSON: overview, nodes, queues, connections and the check for alarms.

See "HTTP API Reference" in RabbitMQ's documentation. Its figures are up to 5 s old, and after an alarm has ended so is
its `mem_alarm`; the check for alarms is as of now.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.rabbitmq import Queue, Resource, Use

OK, UNAVAILABLE = 200, 503

QUEUE_COLUMNS = "name,vhost,node,messages_ready,messages_unacknowledged,consumers,message_stats.ack"
NODE_COLUMNS = (
    "name,running,partitions,mem_used,mem_limit,disk_free,disk_free_limit,fd_used,fd_total,sockets_used,sockets_total,"
    "proc_used,proc_total"
)
OVERVIEW_COLUMNS = "node,cluster_name,rabbitmq_version,object_totals"
CONNECTION_COLUMNS = "node,state"

_USES = {
    Resource.MEMORY: ("mem_used", "mem_limit"),
    Resource.DISK: ("disk_free", "disk_free_limit"),
    Resource.FILE_DESCRIPTORS: ("fd_used", "fd_total"),
    Resource.SOCKETS: ("sockets_used", "sockets_total"),
    Resource.PROCESSES: ("proc_used", "proc_total"),
}
_RESOURCES = {"memory": Resource.MEMORY, "disk": Resource.DISK, "file_descriptor_limit": Resource.FILE_DESCRIPTORS}


@dataclass(frozen=True, slots=True)
class Overview:
    """Who answers. `queues`: how many its cluster has, whether we may see them or not."""

    node: str
    cluster: str | None = None
    version: str | None = None
    queues: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A node of the cluster, as the one that answers sees it. `partitions`: whom it has been cut off from."""

    name: str
    running: bool | None = None
    partitions: frozenset[str] | None = None
    uses: dict[Resource, Use] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm in effect, and at which node. `resource` None: one that we do not know."""

    node: str
    resource: Resource | None


def overview(body: bytes) -> Overview:
    """GET /api/overview. Raises UnparsableError."""
    told = _mapping(_json(body), "overview")
    totals = told.get("object_totals")
    return Overview(
        node=_text(told, "node") or _absent("node"),
        cluster=_text(told, "cluster_name"),
        version=_text(told, "rabbitmq_version"),
        queues=_count(totals, "queues") if isinstance(totals, Mapping) else None,
    )


def members(body: bytes) -> tuple[Member, ...]:
    """GET /api/nodes. Raises UnparsableError. A node that is down has its name and little else."""
    found = []
    for row in _rows(body, "nodes"):
        running, partitions = row.get("running"), row.get("partitions")
        counts = {name: _count(row, name) for pair in _USES.values() for name in pair}
        uses = {
            resource: Use(used, limit)
            for resource, names in _USES.items()
            if (used := counts[names[0]]) is not None and (limit := counts[names[1]])
        }
        apart = frozenset(map(str, partitions)) if isinstance(partitions, list) else None
        name = _text(row, "name") or _absent("name")
        found.append(Member(name, running if isinstance(running, bool) else None, apart, uses))
    return tuple(found)


def queues(body: bytes) -> tuple[tuple[str | None, Queue], ...]:
    """GET /api/queues, whole or by columns: each with the node that it is on. Raises UnparsableError."""
    return tuple((_text(row, "node"), _queue(row)) for row in _rows(body, "queues"))


def alarms(status: int, body: bytes) -> tuple[Alarm, ...]:
    """GET /api/health/checks/alarms, of the whole cluster: 200 there is none, 503 these. Raises UnparsableError."""
    if status == OK:
        _mapping(_json(body), "health check")
        return ()
    told = _mapping(_json(body), "health check")
    listed = told.get("alarms")
    if status != UNAVAILABLE or not isinstance(listed, list):
        raise UnparsableError(f"health check: status {status} with {body[:60]!r}")
    rows = [_mapping(row, "alarm") for row in listed]
    return tuple(Alarm(str(row.get("node", "")), _RESOURCES.get(str(row.get("resource")))) for row in rows)


def connections(body: bytes) -> Counter[tuple[str | None, str | None]]:
    """GET /api/connections: how many by node and state. Raises UnparsableError."""
    return Counter((_text(row, "node"), _text(row, "state")) for row in _rows(body, "connections"))


def vhosts(body: bytes) -> tuple[str, ...]:
    """GET /api/vhosts: the names of all virtual hosts. Raises UnparsableError."""
    return tuple(_text(row, "name") or _absent("name") for row in _rows(body, "vhosts"))


def reason(body: bytes) -> str:
    """What an error's JSON says of it, in one line; empty where it is none."""
    try:
        told = _json(body)
    except UnparsableError:
        return ""
    said = told.get("reason") if isinstance(told, Mapping) else None
    return " ".join(str(said).split())[:200] if said else ""


def _queue(row: Mapping[str, object]) -> Queue:
    stats = row.get("message_stats")
    return Queue(
        vhost=_text(row, "vhost") or "/",
        name=_text(row, "name") or "",
        ready=_count(row, "messages_ready"),
        unacknowledged=_count(row, "messages_unacknowledged"),
        consumers=_count(row, "consumers"),
        acknowledged=_count(stats, "ack") if isinstance(stats, Mapping) else None,
    )


def _json(body: bytes) -> object:
    try:
        told: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnparsableError(f"not JSON: {body[:60]!r}") from error
    return told


def _rows(body: bytes, what: str) -> Iterator[Mapping[str, object]]:
    told = _json(body)
    if not isinstance(told, list):
        raise UnparsableError(f"{what}: no list: {body[:60]!r}")
    return (_mapping(row, what) for row in told)


def _mapping(told: object, what: str) -> Mapping[str, object]:
    if not isinstance(told, dict):
        raise UnparsableError(f"{what}: no object: {str(told)[:60]!r}")
    return told


def _text(row: Mapping[str, object], key: str) -> str | None:
    value = row.get(key)
    return value if isinstance(value, str) else None


def _count(row: Mapping[str, object], key: str) -> int | None:
    """A number; None where it is missing, or Erlang's `undefined` in the place of one."""
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _absent(key: str) -> str:
    raise UnparsableError(f"an answer without {key!r}")
