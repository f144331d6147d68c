"""Metrics of a node: what is about which machine, and how many series a small cloud makes."""

from __future__ import annotations

from cs_exporter.parsers.rabbitmq import Node
from cs_exporter.probes.rabbitmq.metrics import METRICS
from cs_exporter.probes.rabbitmq.queues import Folded
from cs_exporter.probes.rabbitmq.rabbitmq import SPEC
from cs_exporter.probes.rabbitmq.reading import Answered, RabbitmqReading, Source, State
from tests.probes.rabbitmq.rabbitmq_stand import stand, values

SEVEN = 7
"""Three counts each of two queues, nova's own and what neutron sends to its agent, is less."""


async def test_queues_are_about_their_machine() -> None:
    """A hypervisor's own queue has it as host, and the bus as a label; a topic's is about the bus."""
    with stand() as node:
        reading = await node.poll()
    [metric] = [metric for metric in METRICS if metric.name == "cs_rabbitmq_queue_consumers"]
    found = {sample.labels: sample.host for sample in metric.read(reading)}
    assert "cmp1" == found["bus1", "/", "compute.cmp1", "host"]
    assert "cmp1" == found["bus1", "/", "q-agent-notifier-*.cmp1", "host"]
    assert found["bus1", "/", "conductor", "topic"] is None


async def test_how_many_series() -> None:
    """A hypervisor has few; whatever is called anew at each restart has none of its own."""
    with stand() as node:
        reading = await node.poll()
    samples = [sample for metric in SPEC.metrics for sample in metric.read(reading)]
    assert SEVEN > sum(sample.host == "cmp1" for sample in samples)
    assert not [label for sample in samples for label in sample.labels if "reply_" in label and label != "reply_*"]
    assert {("*_fanout_*",): 30.0, ("reply_*",): 9.0} == values(reading, "cs_rabbitmq_temporary_queues")
    assert {("*_fanout_*",): 0.0, ("reply_*",): 1.0} == values(
        reading, "cs_rabbitmq_temporary_queues_without_consumers"
    )


def test_what_is_not_known_has_no_sample() -> None:
    """A node that told next to nothing, and one that said nothing."""
    little = RabbitmqReading("bus1", State.OK, 1.0, Answered(Source.PLUGIN, Node(), Folded()))
    silent = RabbitmqReading("bus1", State.MUTE, 1.0)
    names = [{metric.name for metric in METRICS if [*metric.read(reading)]} for reading in (little, silent)]
    always = {"cs_rabbitmq_up", "cs_rabbitmq_state"}
    assert [{*always, "cs_rabbitmq_info", "cs_rabbitmq_queues"}, always] == names
    assert ({(): 1.0}, {(): 0.0}) == (values(little, "cs_rabbitmq_up"), values(silent, "cs_rabbitmq_up"))
