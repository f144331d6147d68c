"""The metrics of the probe rabbitmq: a node's state, what it runs out of, and its queues.

What was not told has no sample: neither a nought nor the value of an earlier time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cs_exporter.parsers.rabbitmq import Resource, Use
from cs_exporter.probes.rabbitmq.queues import Fold, QueueRow
from cs_exporter.probes.rabbitmq.reading import Answered, RabbitmqReading, State
from cs_exporter.spec import Metric, Sample, gauge, rows

QUEUE_LABELS = ("bus", "vhost", "queue", "scope")
_BY = "by its plugin rabbitmq_prometheus, or its management API"


def _said(value: Callable[[Answered], float | None]) -> Callable[[RabbitmqReading], float | None]:
    return lambda reading: None if reading.answered is None else value(reading.answered)


def _told(
    value: Callable[[Answered], Iterable[tuple[str, float]]],
) -> Callable[[RabbitmqReading], Iterable[Sample]]:
    """Samples of one label."""

    def read(reading: RabbitmqReading) -> Iterable[Sample]:
        found = value(reading.answered) if reading.answered else ()
        return [Sample(float(number), (label,)) for label, number in found]

    return read


def _of_queues(
    name: str, help_text: str, value: Callable[[RabbitmqReading, QueueRow], float | None]
) -> Metric[RabbitmqReading]:
    """A metric of the queues that are shown; of a machine's own it is about that machine."""

    def read(reading: RabbitmqReading) -> Iterable[Sample]:
        for row in reading.answered.queues.rows if reading.answered else ():
            number = value(reading, row)
            if number is not None:
                labels = (reading.server, row.queue.vhost, row.queue.name, row.scope.value)
                yield Sample(float(number), labels, host=row.host)

    return rows(name, help_text, QUEUE_LABELS, read)


def _of_temporary(name: str, help_text: str, value: Callable[[Fold], float]) -> Metric[RabbitmqReading]:
    def read(answered: Answered) -> Iterable[tuple[str, float]]:
        return [(label, value(fold)) for label, fold in sorted((answered.queues.temporary or {}).items())]

    return rows(name, help_text, ("queue",), _told(read))


def _ratio(resource: Resource, use: Use) -> float:
    if resource is Resource.DISK:
        return use.limit / max(use.used, 1.0)
    return use.used / use.limit


_NODE: tuple[Metric[RabbitmqReading], ...] = (
    gauge(
        "cs_rabbitmq_up",
        f"1 if the RabbitMQ node answers ({_BY}), else 0, as seen from the exporter.",
        lambda reading: reading.state is State.OK,
    ),
    rows(
        "cs_rabbitmq_state",
        "1 for the state of the node as seen from the exporter: ok, refused (the bus's own port too), mute (connected, "
        "and no answer in time), unreachable (the bus's own port too), lost (connections are accepted and broken).",
        ("state",),
        lambda reading: (Sample(1.0, (reading.state.value,)),),
    ),
    rows(
        "cs_rabbitmq_info",
        f"1, with the version of the node and the name of its cluster ({_BY}).",
        ("version", "group"),
        lambda reading: (
            (Sample(1.0, (reading.answered.node.version or "", reading.answered.node.cluster or "")),)
            if reading.answered
            else ()
        ),
    ),
    rows(
        "cs_rabbitmq_alarm",
        "1 for each resource (memory, disk, file_descriptors) of which the node has an alarm in effect, 0 for each of "
        "which it has none: publishers are held meanwhile, on all nodes (by rabbitmq_alarms_* of the plugin, or the "
        "management API's check health/checks/alarms).",
        ("resource",),
        _told(
            lambda answered: (
                [
                    (resource.value, float(resource in answered.node.alarms))
                    for resource in (Resource.MEMORY, Resource.DISK, Resource.FILE_DESCRIPTORS)
                ]
                if answered.node.alarms is not None
                else ()
            )
        ),
    ),
    rows(
        "cs_rabbitmq_resource_used_ratio",
        "Use of a resource as a share of the limit at which the node raises an alarm, or takes no more: memory, "
        "file_descriptors, sockets, processes (of Erlang); of the disk, what must be left as a share of what is left "
        f"({_BY}).",
        ("resource",),
        _told(lambda answered: [(of.value, _ratio(of, use)) for of, use in sorted(answered.node.uses.items())]),
    ),
    gauge(
        "cs_rabbitmq_connections",
        "Connections of clients to the node (by rabbitmq_connections of the plugin).",
        _said(lambda answered: answered.node.connections),
    ),
    rows(
        "cs_rabbitmq_held_connections",
        "Connections to the node that an alarm somewhere in the cluster holds: blocked ones have published since, "
        "blocking ones have not; 0 while there is no alarm (by the management API; absent without an account there).",
        ("state",),
        _told(lambda answered: sorted((answered.blocked or {}).items())),
    ),
    gauge(
        "cs_rabbitmq_partitioned_nodes",
        "Nodes of its cluster that this one has lost touch with though they run (by the management API: partitions of "
        "the node, or by rabbitmq_unreachable_cluster_peers_count of the plugin).",
        _said(lambda answered: answered.node.partitioned),
    ),
    gauge(
        "cs_rabbitmq_running_nodes",
        "Nodes of its cluster that run, as this one sees them, itself included (by the management API, or by the "
        "plugin's erlang_vm_dist_node_state).",
        _said(lambda answered: None if answered.running is None else len(answered.running)),
    ),
    gauge(
        "cs_rabbitmq_queues",
        f"Queues whose leader is on this node ({_BY}).",
        _said(lambda answered: answered.queues.total),
    ),
    rows(
        "cs_rabbitmq_unanswered",
        "1 for each part of the reading that is missing: node (alarms and limits: the plugin's page /metrics), "
        "management (whatever the management API was to add), as seen by the exporter.",
        ("question",),
        _told(lambda answered: sorted((question.value, 1.0) for question in answered.unanswered)),
    ),
)

_SHARE = f"those of one machine are about that machine ({_BY})"

_QUEUES: tuple[Metric[RabbitmqReading], ...] = (
    _of_queues(
        "cs_rabbitmq_queue_messages_ready",
        f"Messages of the queue that wait for a consumer; {_SHARE}.",
        lambda _, row: row.queue.ready,
    ),
    _of_queues(
        "cs_rabbitmq_queue_messages_unacknowledged",
        f"Messages of the queue that a consumer was given and has not confirmed; {_SHARE}.",
        lambda _, row: row.queue.unacknowledged,
    ),
    _of_queues(
        "cs_rabbitmq_queue_consumers",
        f"Consumers of the queue; of several that are shown as one, the fewest of any; {_SHARE}.",
        lambda _, row: row.queue.consumers,
    ),
    _of_queues(
        "cs_rabbitmq_queue_unserved_messages",
        f"Messages that wait in a queue which nobody consumes; absent where somebody does, or none waits; {_SHARE}.",
        lambda _, row: row.unserved,
    ),
)

_TEMPORARY: tuple[Metric[RabbitmqReading], ...] = (
    _of_temporary(
        "cs_rabbitmq_temporary_queues",
        f"Queues of which there is a new one after each restart of a service, and what is not shown else ({_BY}).",
        lambda fold: fold.queues,
    ),
    _of_temporary(
        "cs_rabbitmq_temporary_queue_messages",
        f"Messages in all of these queues, ready and unacknowledged ({_BY}).",
        lambda fold: fold.ready + fold.unacknowledged,
    ),
    _of_temporary(
        "cs_rabbitmq_temporary_queue_max_messages",
        f"Messages in the fullest of these queues ({_BY}).",
        lambda fold: fold.most,
    ),
    _of_temporary(
        "cs_rabbitmq_temporary_queues_without_consumers",
        f"Those of these queues that nobody consumes: left behind by services that went ({_BY}).",
        lambda fold: fold.without_consumers,
    ),
)

METRICS = (*_NODE, *_QUEUES, *_TEMPORARY)
