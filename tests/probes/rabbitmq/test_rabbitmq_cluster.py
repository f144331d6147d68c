"""Nodes compared: who sees whom, whose queues are counted together, and which clusters are not the same."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.model import Host, Inventory
from cs_exporter.parsers.rabbitmq import Node
from cs_exporter.probes.rabbitmq.queues import Folded
from cs_exporter.probes.rabbitmq.rabbitmq_cluster import Group, derive
from cs_exporter.probes.rabbitmq.reading import Answered, RabbitmqReading, Source, State
from cs_exporter.spec import Latest
from tests.probes.rabbitmq.rabbitmq_stand import red

Readings = dict[str, RabbitmqReading]


def said(server: str, running: str | None, queues: int = 5, cluster: str = "c") -> RabbitmqReading:
    """A node that sees those others."""
    view = None if running is None else frozenset(running.split())
    answered = Answered(Source.PLUGIN, Node(server, cluster), Folded(total=queues), view)
    return RabbitmqReading(server, State.OK, 1000.0, answered)


def groups(readings: Readings, failed: frozenset[str] = frozenset(), **platforms: str) -> tuple[Group, ...]:
    """What comes of these readings; hosts are of the platform `p` unless told."""
    inventory = Inventory({name: Host(name, "192.0.2.1", platforms.get(name, "p")) for name in readings})
    latest = Latest(inventory, {"rabbitmq": readings}, unanswered={"rabbitmq": failed})
    return derive(latest, 1000.0).groups


def test_one_view() -> None:
    """Three nodes that see the same three: queues are counted together, one may have none."""
    readings = {name: said(name, "r1 r2 r3", queues) for name, queues in (("r1", 5), ("r2", 0), ("r3", 2))}
    assert (Group("c", 1, 7),) == groups(readings)


def test_a_split() -> None:
    """Each part is well in its own eyes; only the comparison shows it."""
    readings = {"r1": said("r1", "r1 r2"), "r2": said("r2", "r1 r2"), "r3": said("r3", "r3")}
    assert (Group("c", 2, 15),) == groups(readings)
    assert (Group("c", 1, 10),) == groups(readings, frozenset({"r3"}))


def test_who_tells_nothing() -> None:
    """Nodes that are gone, and those that do not say whom they see, have no view."""
    gone = RabbitmqReading("r3", State.MUTE, 1000.0)
    assert (Group("c", 1, 10),) == groups({"r1": said("r1", "r1 r2"), "r2": said("r2", None), "r3": gone})
    assert () == groups({"r3": gone})


def test_clouds_that_were_set_up_alike() -> None:
    """Clusters of one name on two platforms are two, and are told apart by their members."""
    readings = {"r1": said("r1", "a"), "r2": said("r2", "b"), "r3": said("r3", "c", cluster="d")}
    assert (Group("c (r1)", 1, 5), Group("c (r2)", 1, 5), Group("d", 1, 5)) == groups(readings, r2="q")


def test_nodes_that_call_their_cluster_differently() -> None:
    """As those do that joined one later (3.10): what they have in common, or whom they see, makes them one."""
    joined = {"r1": said("r1", "r1", cluster="r1@a"), "r2": said("r2", "r2", cluster="r2@a")}
    assert (Group("r1@a", 1, 5), Group("r2@a", 1, 5)) == groups(joined)
    seen = {"r1": said("r1", "r1 r2", cluster="r1@a"), "r2": said("r2", "r1 r2", cluster="r2@a")}
    assert (Group("r1@a", 1, 10),) == groups(seen)
    split = {name: replace(reading, answered=known(reading)) for name, reading in joined.items()}
    assert (Group("r1@a", 2, 10),) == groups(split)


def known(reading: RabbitmqReading) -> Answered:
    """With what all nodes of its cluster have in common."""
    assert reading.answered is not None
    return replace(reading.answered, node=replace(reading.answered.node, identity="id"))


def test_a_cluster_without_a_name() -> None:
    """Is called by its member."""
    assert (Group("(r1)", 0, 5),) == groups({"r1": said("r1", None, cluster="")})


def test_symptoms() -> None:
    """A split, and a bus that nobody has ever used."""
    fine: Readings = {"r1": said("r1", "r1")}
    inventory = Inventory({"r1": Host("r1", "192.0.2.1"), "r2": Host("r2", "192.0.2.2")})
    for readings, expected in (
        (fine, set()),
        ({**fine, "r2": said("r2", "r2")}, {"ViewsDiffer"}),
        ({"r1": said("r1", "r1", queues=0)}, {"NoQueues"}),
    ):
        found = derive(Latest(inventory, {"rabbitmq": readings}), 1000.0)
        assert expected == {name for _, name in red({}, found)}
