"""A reading with its machines as the inventory has them now."""

from __future__ import annotations

from cs_exporter.parsers.rabbitmq import Node, Queue
from cs_exporter.probes.rabbitmq.queues import Folded, QueueRow, Scope
from cs_exporter.probes.rabbitmq.reading import Answered, RabbitmqReading, Source, State


def test_machines_that_are_known() -> None:
    """A machine that left loses its queue, and nothing else changes; a node that said nothing has none."""
    rows = (QueueRow(Scope.HOST, Queue("/", "a.x"), "x"), QueueRow(Scope.TOPIC, Queue("/", "b")))
    reading = RabbitmqReading("bus1", State.OK, 1.0, Answered(Source.PLUGIN, Node(), Folded(rows, {}, 2)))
    assert reading == reading.among({"any name": "x"})
    left = reading.among({"x": "y"})
    assert left.answered is not None
    assert [None, None] == [row.host for row in left.answered.queues.rows]
    silent = RabbitmqReading("bus1", State.MUTE, 1.0)
    assert silent is silent.among({})
