"""One look at a node of the bus: by which way it is asked, what each failure means, and what is missing from a part."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import Reason, Role
from cs_exporter.parsers.rabbitmq import Resource
from cs_exporter.probes.rabbitmq.rabbitmq import SPEC
from cs_exporter.probes.rabbitmq.reading import Question, RabbitmqReading, Source, State
from tests.lab.rabbitmq import ALARM, FROZEN_CONDUCTOR, FROZEN_NEUTRON, HEALTHY, Bus
from tests.probes.rabbitmq.rabbitmq_stand import LIMIT, Stand, stand, symptoms, values

DETAILED, WHOLE = "/metrics/detailed", "/metrics"


def test_who_is_asked() -> None:
    """Whoever has the role message_bus."""
    with stand() as node:
        assert SPEC.applies(node.host)
        assert {Role.MESSAGE_BUS} == node.host.roles


async def test_by_the_plugin_alone() -> None:
    """Without an account two pages tell of queues, alarms and limits; of partitions and held connections nothing."""
    with stand() as node:
        reading = await node.poll()
        assert [DETAILED, WHOLE] == node.bus.asked
    assert (State.OK, set()) == (reading.state, symptoms(reading))
    assert {("memory",): 0.0, ("disk",): 0.0, ("file_descriptors",): 0.0} == values(reading, "cs_rabbitmq_alarm")
    assert {(): 84.0} == values(reading, "cs_rabbitmq_queues")
    assert {(): 57.0} == values(reading, "cs_rabbitmq_connections")
    used = values(reading, "cs_rabbitmq_resource_used_ratio")
    assert [0.093, 0.015, 0.066] == [round(used[name,], 3) for name in ("file_descriptors", "memory", "sockets")]
    for name in ("cs_rabbitmq_partitioned_nodes", "cs_rabbitmq_held_connections", "cs_rabbitmq_unanswered"):
        assert {} == values(reading, name)


async def test_by_both(tmp_path: Path) -> None:
    """With an account the management API tells of alarms and partitions in the place of the plugin's long page."""
    with stand(tmp_path) as node:
        reading = await node.poll()
        assert [DETAILED, "/api/nodes", "/api/health/checks/alarms"] == node.bus.asked
    assert reading.answered is not None
    assert (Source.PLUGIN, set()) == (reading.answered.source, symptoms(reading))
    assert {(): 0.0} == values(reading, "cs_rabbitmq_partitioned_nodes")
    assert {(): 1.0} == values(reading, "cs_rabbitmq_running_nodes")
    assert {("blocked",): 0.0, ("blocking",): 0.0} == values(reading, "cs_rabbitmq_held_connections")
    assert 0.015 == round(values(reading, "cs_rabbitmq_resource_used_ratio")["memory",], 3)


@pytest.mark.parametrize("how", ["closed", "too old", "denied", "not asked"])
async def test_by_the_management_api(tmp_path: Path, how: str) -> None:
    """Where the plugin is not there, too old, wants an account of its own or is not to be asked, it tells of all."""
    bus = Bus(status=401 if how == "denied" else 200, without={DETAILED} if how == "too old" else set())
    with stand(tmp_path, bus, plugin=how != "closed") as node:
        if how == "not asked":
            node.settings = node.settings.model_copy(update={"prometheus_port": 0})
        reading = await node.poll()
    assert reading.answered is not None
    assert (Source.MANAGEMENT, set()) == (reading.answered.source, symptoms(reading))
    assert {(): 84.0} == values(reading, "cs_rabbitmq_queues")
    assert 1.0 == values(reading, "cs_rabbitmq_queue_consumers")["cmp1", "/", "compute.cmp1", "host"]
    assert {("3.10.8", "rabbit@localhost"): 1.0} == values(reading, "cs_rabbitmq_info")
    assert 0.015 == round(values(reading, "cs_rabbitmq_resource_used_ratio")["memory",], 3)


@pytest.mark.parametrize("moment", [HEALTHY, FROZEN_CONDUCTOR, FROZEN_NEUTRON, ALARM])
async def test_both_ways_tell_the_same(tmp_path: Path, moment: str) -> None:
    """Of queues, at each moment that was captured; but for those so new that the API has no counts of them yet."""
    names = ("ready", "unacknowledged")
    with stand(tmp_path, Bus(moment)) as node:
        plugin = await node.poll()
    with stand(tmp_path, Bus(moment), plugin=False) as node:
        management = await node.poll()
    for name in ("cs_rabbitmq_queue_consumers", *(f"cs_rabbitmq_queue_messages_{name}" for name in names)):
        assert values(plugin, name) == values(management, name)


async def test_no_queue_is_no_health(tmp_path: Path) -> None:
    """An account without permissions gets 200 and an empty list: a failure, with the command that mends it."""
    with stand(tmp_path, Bus(permitted=False), plugin=False) as node:
        failure = await node.failure()
    assert Reason.DENIED is failure.reason
    assert "mon is shown no queue, and there are 84" in failure.detail
    assert failure.detail.endswith("rabbitmqctl set_permissions -p / mon '' '' ''")


async def test_a_wrong_password(tmp_path: Path) -> None:
    """It is a failure where nobody else tells, and else a part that is missing."""
    with stand(tmp_path, Bus(accepts="another"), plugin=False) as node:
        failure = await node.failure()
    assert (Reason.DENIED, True) == (failure.reason, "answers 401 (Login failed): correct user" in failure.detail)
    with stand(tmp_path, Bus(accepts="another")) as node:
        reading = await node.poll()
        assert [DETAILED, "/api/nodes", WHOLE] == node.bus.asked
    assert {("management",): 1.0} == values(reading, "cs_rabbitmq_unanswered")
    assert {("bus1", "Unanswered")} == symptoms(reading)
    assert 0.0 == values(reading, "cs_rabbitmq_alarm")["memory",]


async def test_a_page_is_missing() -> None:
    """The queues are told, and that alarms are not known."""
    with stand(bus=Bus(without={WHOLE})) as node:
        reading = await node.poll()
    assert reading.answered is not None
    assert {Question.NODE} == reading.answered.unanswered.keys()
    assert {} == values(reading, "cs_rabbitmq_alarm")
    assert {(): 84.0} == values(reading, "cs_rabbitmq_queues")


async def state(node: Stand) -> tuple[State, set[tuple[str, str]]]:
    """What one look says of the node, with its symptoms; nothing else is told then."""
    reading = await node.poll()
    assert reading.answered is None
    assert {} == values(reading, "cs_rabbitmq_queue_consumers")
    return reading.state, symptoms(reading)


@pytest.mark.parametrize("account", [True, False])
async def test_a_frozen_node(tmp_path: Path, *, account: bool) -> None:
    """It accepts and says nothing: a verdict, after no more than its limit."""
    with stand(tmp_path if account else None, Bus(mute=True), answer_limit=LIMIT) as node:
        assert (State.MUTE, {("bus1", "Mute")}) == await state(node)


async def test_nobody_listens(tmp_path: Path) -> None:
    """A verdict only where the bus's own port is closed too; else it is said how to add the plugin."""
    for folder in (None, tmp_path):
        with stand(folder, plugin=False, management=False, listening=False) as node:
            assert (State.REFUSED, {("bus1", "Down")}) == await state(node)
        with stand(folder, plugin=False, management=False) as node:
            failure = await node.failure()
        assert Reason.REFUSED is failure.reason
        assert f"though port {node.settings.amqp_port} accepts: rabbitmq-plugins enable" in failure.detail


async def test_an_alarm(tmp_path: Path) -> None:
    """Both ways tell at once, and whom it holds; the API's figures of connections are asked only now."""
    for folder, plugin in ((None, True), (tmp_path, True), (tmp_path, False)):
        with stand(folder, Bus(ALARM), plugin=plugin) as node:
            reading = await node.poll()
            assert (folder is not None) == ("/api/connections" in node.bus.asked)
        assert 1.0 == values(reading, "cs_rabbitmq_alarm")["memory",]
        held = {("blocked",): 13.0, ("blocking",): 48.0} if folder else {}
        assert held == values(reading, "cs_rabbitmq_held_connections")
        expected = {("bus1", "Alarm"), *({("bus1", "ConnectionsBlocked"), ("bus1", "NearLimit")} if folder else ())}
        assert expected == symptoms(reading)


class Past(Bus):
    """A node whose alarm has just ended: figures that it keeps for 5 s still say that it is there."""

    def check(self) -> tuple[int, object]:
        """As of now."""
        return 200, {"status": "ok"}


async def test_old_figures_after_an_alarm(tmp_path: Path) -> None:
    """The check is believed, not `mem_alarm` nor the states of connections, which are as old as 5 s."""
    with stand(tmp_path, Past(ALARM), plugin=False) as node:
        reading = await node.poll()
    assert reading.answered is not None
    assert frozenset[Resource]() == reading.answered.node.alarms
    assert {("blocked",): 0.0, ("blocking",): 0.0} == values(reading, "cs_rabbitmq_held_connections")
    assert {("bus1", "NearLimit")} == symptoms(reading)


async def test_machines_that_left_the_inventory() -> None:
    """Their queues are about the bus again."""
    with stand() as node:
        reading = await node.poll()
        left = SPEC.still(reading, node.host)
        assert left == reading
    gone = reading.among({"cmp2": "cmp2"})
    assert ("/", "compute.cmp1", "host") in values(gone, "cs_rabbitmq_queue_consumers")
    assert ("cmp2", "/", "compute.cmp2", "host") in values(gone, "cs_rabbitmq_queue_consumers")
    assert isinstance(gone, RabbitmqReading)
