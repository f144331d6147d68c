"""The rows of the matrix about a node: limits on either side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.parsers.rabbitmq import Node, Resource, Use
from cs_exporter.probes.rabbitmq.queues import Folded
from cs_exporter.probes.rabbitmq.reading import Answered, Question, RabbitmqReading, Source, State
from tests.probes.rabbitmq.rabbitmq_stand import symptoms

FINE = Answered(Source.PLUGIN, Node(alarms=frozenset()), Folded(total=1))


def told(**node: object) -> set[str]:
    """What is told of a node like that."""
    answered = replace(FINE, node=replace(FINE.node, **node))  # type: ignore[arg-type]  # tests name real fields
    return {name for _, name in symptoms(RabbitmqReading("bus1", State.OK, 1000.0, answered))}


@pytest.mark.parametrize(
    ("state", "expected"),
    [("ok", set()), ("refused", {"Down"}), ("mute", {"Mute"}), ("unreachable", {"Unreachable"}), ("lost", {"Lost"})],
)
def test_ways_to_be_gone(state: str, expected: set[str]) -> None:
    """Each is told as itself."""
    assert expected == {name for _, name in symptoms(RabbitmqReading("bus1", State(state), 1000.0))}


@pytest.mark.parametrize(
    ("resource", "use", "expected"),
    [
        (Resource.MEMORY, Use(80, 100), set()),
        (Resource.MEMORY, Use(81, 100), {"NearLimit"}),
        (Resource.DISK, Use(125, 100), set()),
        (Resource.DISK, Use(123, 100), {"NearLimit"}),
        (Resource.DISK, Use(0, 100), {"NearLimit"}),
        (Resource.FILE_DESCRIPTORS, Use(900, 1024), {"NearLimit"}),
        (Resource.SOCKETS, Use(55, 832), set()),
    ],
)
def test_limits(resource: Resource, use: Use, expected: set[str]) -> None:
    """Of the disk it is what is left that counts."""
    assert expected == told(uses={resource: use})


def test_alarms_and_partitions() -> None:
    """Each resource has an alarm of its own; one lost node is a partition."""
    for resource in (Resource.MEMORY, Resource.DISK, Resource.FILE_DESCRIPTORS):
        assert {"Alarm"} == told(alarms=frozenset({resource}))
    assert (set(), {"Partitioned"}) == (told(partitioned=0), told(partitioned=1))


def test_held_connections() -> None:
    """Those that published since the alarm began; one that only might is none yet."""
    for held, expected in (({"blocked": 0, "blocking": 9}, set()), ({"blocked": 1}, {("bus1", "ConnectionsBlocked")})):
        answered = replace(FINE, blocked=held)
        assert expected == symptoms(RabbitmqReading("bus1", State.OK, 1000.0, answered))


def test_parts_that_are_missing() -> None:
    """Are told as that."""
    answered = replace(FINE, unanswered={Question.MANAGEMENT: "why"})
    assert {("bus1", "Unanswered")} == symptoms(RabbitmqReading("bus1", State.OK, 1000.0, answered))
