"""The management API's answers: captured ones, half-filled rows, checks by their status, and what is no such answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.rabbitmq import Queue, Resource, Use
from cs_exporter.parsers.rabbitmq_api import Alarm, alarms, connections, members, overview, queues, reason

CAPTURES = Path(__file__).parents[1] / "captures/openstack"
NODE = "rabbit@localhost"


def body(name: str) -> bytes:
    """A captured answer."""
    return (CAPTURES / f"{name}.json").read_bytes()


def test_captured_answers() -> None:
    """Who answers, how many queues there are, who runs, and what the node has left."""
    first = overview(body("rabbitmq-api-overview"))
    assert (NODE, NODE, "3.10.8", 84) == (first.node, first.cluster, first.version, first.queues)
    [member] = members(body("rabbitmq-api-nodes"))
    assert (NODE, True, frozenset()) == (member.name, member.running, member.partitions)
    assert Use(154873856, 10110600806) == member.uses[Resource.MEMORY]
    assert {(NODE, "blocking"): 48, (NODE, "blocked"): 13} == connections(body("rabbitalarm_rabbitmq-api-connections"))


def test_captured_queues() -> None:
    """One that was just made has no counts yet; that is not nought."""
    found = [queue for _, queue in queues(body("rabbitmq-api-queues-columns"))]
    assert 84 == len(found)
    assert Queue("/", "compute.cmp1", 0, 0, 1, 1) in found
    assert Queue("/", "conductor", 0, 0, 1, 84) in found
    assert 84 - 18 == sum(queue.acknowledged is None for queue in found)
    [new] = [queue for queue in found if queue.ready is None]
    assert Queue("/", "reply_b9e7640d0c644d09ba0707721421e372") == new


def test_nodes_of_a_queue() -> None:
    """Each with the one that it is on, where that was asked for; `undefined` is no number."""
    told = json.dumps([{"name": "a", "vhost": "v", "node": "r@1", "messages_ready": "undefined", "consumers": 2}])
    assert (("r@1", Queue("v", "a", None, None, 2)),) == queues(told.encode())


def test_a_node_that_is_down() -> None:
    """It has its name and little else; partitions name whom it lost."""
    told = json.dumps([{"name": "r@2", "running": False}, {"name": "r@1", "running": True, "partitions": ["r@2"]}])
    down, up = members(told.encode())
    assert ("r@2", False, None, {}) == (down.name, down.running, down.partitions, down.uses)
    assert frozenset({"r@2"}) == up.partitions


def checks(moment: str) -> list[tuple[int, bytes]]:
    """The captured checks for alarms, of the cluster and of the node: status and body."""
    text = (CAPTURES / f"{moment}rabbitmq-health-checks.txt").read_text(encoding="utf-8")
    found = re.findall(r"^(?:local-)?alarms -> (.*) \[http (\d+)\]$", text, re.MULTILINE)
    return [(int(status), said.encode()) for said, status in found]


def test_checks_for_alarms() -> None:
    """200: none; 503: those that it lists, and which node has them."""
    assert [(), ()] == [alarms(*check) for check in checks("")]
    assert [(Alarm(NODE, Resource.MEMORY),)] * 2 == [alarms(*check) for check in checks("rabbitalarm_")]
    new = b'{"alarms":[{"node":"r@1","resource":"new"}],"status":"failed"}'
    assert (Alarm("r@1", None),) == alarms(503, new)


@pytest.mark.parametrize(
    ("status", "said"), [(503, b"<html>no server</html>"), (503, b'{"status":"failed"}'), (500, b"{}"), (200, b"[]")]
)
def test_no_check(status: int, said: bytes) -> None:
    """A proxy's 503 is no alarm, and neither is any other trouble."""
    with pytest.raises(UnparsableError):
        alarms(status, said)


@pytest.mark.parametrize("parse", [overview, members, queues, connections])
@pytest.mark.parametrize("said", [b"", b"<html>", b"3", b"[3]", b'{"items":[]}', b"[" * 100_000])
def test_no_such_answer(parse: Callable[[bytes], object], said: bytes) -> None:
    """Whatever is no list or object of the kind is said to be none, a list in pages too."""
    with pytest.raises(UnparsableError):
        parse(said)


def test_reasons() -> None:
    """What an error says of itself, in one line; another's page says nothing."""
    assert "Login failed" == reason(b'{"error":"not_authorized","reason":"Login\\n failed"}')
    assert ("", "", "") == (reason(b"<html>"), reason(b"[]"), reason(b"{}"))
