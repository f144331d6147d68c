"""The sheet of the derived probe `rabbitmq_cluster`: whether its nodes see the same cluster, and who takes and is mute.

Needed because a single view is green when it should not be: each part of a split cluster is well in its own eyes, a
node may rightly have no queue, and what is confirmed is known to those nodes that a queue's consumers are connected to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cs_exporter.model import Inventory
from cs_exporter.probes.rabbitmq.metrics import QUEUE_LABELS
from cs_exporter.probes.rabbitmq.reading import Answered, RabbitmqReading
from cs_exporter.probes.rabbitmq.stuck import Stuck, stuck
from cs_exporter.probes.rabbitmq.symptoms_cluster import CLUSTER_SYMPTOMS
from cs_exporter.probes.rabbitmq.symptoms_queues import FROZEN_SYMPTOMS
from cs_exporter.spec import DerivedSpec, Latest, Metric, Sample, rows

Token = tuple[str, str, str]
"""Something that two nodes of one platform's cluster have in common."""


@dataclass(frozen=True, slots=True)
class Group:
    """One cluster, by those of its nodes that answer. `views`: how many different ones they have; 0: none tells."""

    name: str
    views: int
    queues: int


@dataclass(frozen=True, slots=True)
class RabbitmqClusterReading:
    """All clusters of the inventory, each with a name of its own."""

    groups: tuple[Group, ...] = ()
    stuck: tuple[Stuck, ...] = ()


def derive(latest: Latest, now: float) -> RabbitmqClusterReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """Compare what nodes say whose latest run gave a reading."""
    failed = latest.unanswered.get("rabbitmq", frozenset())
    nodes: dict[str, Answered] = {}
    looks: dict[str, RabbitmqReading] = {}
    for host, reading in latest.of("rabbitmq", RabbitmqReading).items():
        if reading.answered is not None and host not in failed and host in latest.inventory.hosts:
            nodes[host], looks[host] = reading.answered, reading
    clusters = _clusters(nodes, latest.inventory)
    own = [_name(names, nodes) for names in clusters]
    return RabbitmqClusterReading(
        tuple(
            Group(
                name if name and own.count(name) == 1 else f"{name} ({min(names)})".strip(),
                len({view for host in names if (view := nodes[host].running)}),
                sum(nodes[host].queues.total for host in names),
            )
            for name, names in sorted(zip(own, clusters, strict=True), key=lambda pair: min(pair[1]))
        ),
        tuple(
            replace(row, host=row.host if row.host in latest.inventory.hosts else None)
            for names in clusters
            for row in stuck([looks[host] for host in sorted(names)])
        ),
    )


def _clusters(nodes: Mapping[str, Answered], inventory: Inventory) -> list[set[str]]:
    """Hosts that have a token in common, directly or by way of others."""
    clusters: list[tuple[set[str], set[Token]]] = []
    for host, node in sorted(nodes.items()):
        names, tokens = {host}, _tokens(node, inventory.hosts[host].platform)
        apart = []
        for other_names, other_tokens in clusters:
            if tokens.isdisjoint(other_tokens):
                apart.append((other_names, other_tokens))
            else:
                names |= other_names
                tokens |= other_tokens
        clusters = [*apart, (names, tokens)]
    return [names for names, _ in clusters]


def _tokens(answered: Answered, platform: str) -> set[Token]:
    """Nodes of one cluster may each call it by its own name; and only the plugin tells what they have in common."""
    node = answered.node
    told = (("identity", node.identity), ("name", node.cluster), *(("node", name) for name in answered.running or ()))
    return {(platform, kind, value) for kind, value in told if value}


def _name(names: Iterable[str], nodes: Mapping[str, Answered]) -> str:
    return nodes[min(names)].node.cluster or ""


def _views(reading: RabbitmqClusterReading) -> Iterable[Sample]:
    return [Sample(float(group.views), (group.name,)) for group in reading.groups if group.views]


def _totals(reading: RabbitmqClusterReading) -> Iterable[Sample]:
    return [Sample(float(group.queues), (group.name,)) for group in reading.groups]


def _stuck(reading: RabbitmqClusterReading) -> Iterable[Sample]:
    for row in reading.stuck:
        yield Sample(row.seconds, (row.server, row.vhost, row.queue, row.scope.value), row.host or row.server)


METRICS: tuple[Metric[RabbitmqClusterReading], ...] = (
    rows(
        "cs_rabbitmq_queue_stuck_seconds",
        "Seconds for which nobody has confirmed a message of the queue while its unacknowledged ones became more, 0 "
        "where that is not so; absent while there are none; those of one machine are about that machine (by "
        "rabbitmq_detailed_queue_messages_acked_total of all nodes' plugins, before version 4 "
        "rabbitmq_detailed_channel_messages_acked_total, or message_stats.ack of the management API; where a node does "
        "not tell, by the unacknowledged ones alone, after eight looks that each found more).",
        QUEUE_LABELS,
        _stuck,
    ),
    Metric(
        "cs_rabbitmq_views",
        "Different lists of running nodes among the nodes of a cluster that answer: more than 1 for longer than a "
        "restart takes is a split (by cs_rabbitmq_running_nodes' sources).",
        _views,
        labels=("group",),
        per_host=False,
    ),
    Metric(
        "cs_rabbitmq_cluster_queues",
        "Queues of a cluster, on those of its nodes that are in the inventory and answer (sum of cs_rabbitmq_queues).",
        _totals,
        labels=("group",),
        per_host=False,
    ),
)

SPEC: DerivedSpec[RabbitmqClusterReading] = DerivedSpec(
    name="rabbitmq_cluster",
    question="Do the nodes of the message bus see the same cluster, has it any queue, and does nobody confirm what he "
    "takes?",
    inputs=("rabbitmq",),
    reading=RabbitmqClusterReading,
    derive=derive,
    metrics=METRICS,
    symptoms=(*CLUSTER_SYMPTOMS, *FROZEN_SYMPTOMS),
)
