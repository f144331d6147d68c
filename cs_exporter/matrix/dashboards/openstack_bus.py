"""The message bus on OpenStack's dashboard: is it there, does it hold anybody, and does anybody take what it carries.

Alarms come first: within a minute they are what all hosts are down of.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards.drawn import UNSEEN, Stock
from cs_exporter.matrix.dashboards.parts import Section

PROBES = ("rabbitmq", "rabbitmq_cluster")
"""Whose metrics these sections show."""


def sections(stock: Stock) -> tuple[Section, ...]:
    """The node and its cluster; what waits; and, folded, what is of use when one of these is wrong."""
    return (
        Section(
            "Message bus",
            (
                stock.panel("cs_rabbitmq_state", title="State"),
                stock.panel("cs_rabbitmq_alarm", title="Alarms: nobody may publish"),
                stock.panel("cs_rabbitmq_resource_used_ratio", title="Use of what it has, up to the alarm"),
                stock.panel("cs_rabbitmq_held_connections", title="Connections held by an alarm"),
                stock.panel(
                    "cs_rabbitmq_queue_stuck_seconds",
                    title="Taken and not confirmed: a frozen consumer",
                    otherwise=UNSEEN,
                ),
                stock.panel(
                    "cs_rabbitmq_queue_unserved_messages", title="Waiting, and nobody takes them", otherwise=UNSEEN
                ),
                stock.panel("cs_rabbitmq_queue_consumers", title="Consumers"),
                stock.panel("cs_rabbitmq_partitioned_nodes", title="Nodes that are lost to others"),
            ),
        ),
        Section(
            "Message bus: queues and clusters",
            (
                stock.panel("cs_rabbitmq_queue_messages_ready", title="Messages that wait"),
                stock.panel("cs_rabbitmq_queue_messages_unacknowledged", title="Messages given out"),
                stock.graph(
                    "Queues that do not last",
                    ("cs_rabbitmq_temporary_queues", "all"),
                    ("cs_rabbitmq_temporary_queues_without_consumers", "without consumers"),
                ),
                stock.graph(
                    "Messages in queues that do not last",
                    ("cs_rabbitmq_temporary_queue_messages", "all"),
                    ("cs_rabbitmq_temporary_queue_max_messages", "of the fullest"),
                ),
                stock.panel("cs_rabbitmq_views", title="Views of who runs"),
                stock.panel("cs_rabbitmq_running_nodes", title="Nodes that run, as each sees it"),
            ),
            folded=True,
        ),
    )
