"""Rows of the message bus say what was told, and nothing else."""

from __future__ import annotations

from cs_exporter.parsers.rabbitmq import Node, Queue


def test_what_is_not_told_is_not_nought() -> None:
    """A queue that was just made, and a node that said nothing of itself."""
    queue, node = Queue("/", "conductor"), Node()
    assert (None, None, None) == (queue.ready, queue.unacknowledged, queue.consumers)
    assert (None, None, None) == (node.alarms, node.partitioned, node.peers)
