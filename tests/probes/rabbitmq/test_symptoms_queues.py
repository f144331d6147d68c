"""Faults of an OpenStack in use, replayed look by look: the bus tells who froze before the cloud gives anybody up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.rabbitmq import FROZEN_CONDUCTOR, Bus
from tests.probes.rabbitmq.rabbitmq_stand import stand, stuck, symptoms, values
from tests.probes.rabbitmq.timelines import E2, E6, E7, Moment, moments

FROZEN, HOST_FROZEN = ("bus1", "ConsumerFrozen"), ("net1", "HostConsumerFrozen")
UNSERVED, HOST_UNSERVED = ("bus1", "QueueUnserved"), ("net1", "HostQueueUnserved")
NOBODY, HOST_NOBODY = ("bus1", "TopicWithoutConsumer"), ("net1", "HostQueueWithoutConsumer")
ALARM = ("bus1", "Alarm")

Courses = list[tuple[Moment, set[tuple[str, str]]]]


async def course(timeline: str) -> Courses:
    """Each look with what holds then."""
    found: Courses = []
    with stand(bus=Bus()) as node:
        before = 0.0
        for moment in moments(timeline):
            node.bus.counts, node.bus.alarm = moment.counts, moment.alarm
            found.append((moment, symptoms(await node.poll(moment.at - before))))
            before = moment.at
    return found


def first(found: Courses, symptom: tuple[str, str]) -> float:
    """When it holds for the first time."""
    return next(moment.at for moment, holds in found if symptom in holds)


async def test_a_frozen_conductor() -> None:
    """Told from 43 s on, where hosts are down at 57 s; from 128 s on the bus has given it up, and calls wait."""
    found = await course(E2)
    assert (43.0, 43.0) == (first(found, FROZEN), first(found, HOST_FROZEN))
    assert 128.0 == first(found, UNSERVED) == first(found, NOBODY)
    assert 142.0 == first(found, HOST_UNSERVED) == first(found, HOST_NOBODY)
    assert {FROZEN, HOST_FROZEN, UNSERVED, HOST_UNSERVED, NOBODY, HOST_NOBODY} == set().union(
        *(holds for _, holds in found)
    )
    assert set() == found[-1][1]


async def test_a_frozen_neutron_server() -> None:
    """Told at 54 s, where an agent is down when its own last report is 75 s old; nothing else, nor afterwards."""
    found = await course(E7)
    assert 54.0 == first(found, FROZEN)
    assert {FROZEN} == set().union(*(holds for _, holds in found))
    assert set() == set().union(*(holds for moment, holds in found if moment.fault == "after" and moment.at > 120))


async def test_a_memory_alarm() -> None:
    """Told at the first look, 50 s before anybody is down; and gone with it."""
    found = await course(E6)
    assert 12.0 == first(found, ALARM)
    assert {ALARM} == set().union(*(holds for _, holds in found))
    assert set() == set().union(*(holds for moment, holds in found if moment.fault == "after"))


async def test_a_captured_bus_after_it_gave_a_service_up() -> None:
    """The conductor's and the DHCP agent's messages wait, and nobody listens."""
    with stand(bus=Bus(FROZEN_CONDUCTOR)) as node:
        reading = await node.poll()
    expected = {("/", "conductor", "topic"): 4.0, ("net1", "/", "dhcp_agent.net1", "host"): 4.0}
    assert expected == values(reading, "cs_rabbitmq_queue_unserved_messages")
    assert {UNSERVED, HOST_UNSERVED, NOBODY, HOST_NOBODY, ("ctl1", "HostQueueWithoutConsumer")} == symptoms(reading)


@pytest.mark.parametrize(("counts", "expected"), [((2, 4, 5), {FROZEN}), ((2, 4, 3), set()), ((2, 2, 2), set())])
async def test_held_messages(counts: tuple[int, int, int], expected: set[tuple[str, str]]) -> None:
    """Messages that become fewer, or one that takes its time, are no frozen consumer; nobody confirms any here."""
    with stand() as node:
        for count in counts:
            node.bus.counts = {"conductor": (0, count, 1)}
            reading = await node.poll()
    assert expected == symptoms(reading)


class Silent(Bus):
    """A node that knows none of the families it is asked for."""

    def confirmed(self, family: str) -> str:
        """Nothing."""
        return super().confirmed(f"another than {family}")


class Between(Bus):
    """A node of version 4 that tells it by channel alone."""

    def of_version(self, text: str) -> str:
        """Of that version."""
        return text.replace('rabbitmq_version="3.10.8"', 'rabbitmq_version="4.0.0"')


@pytest.mark.parametrize("way", ["channels", "queues", "management", "between"])
async def test_what_is_confirmed_tells_the_busy_from_the_frozen(tmp_path: Path, way: str) -> None:
    """Of two that hold ever more the one is frozen that confirms nothing; by each way in which a node tells that."""
    folder, plugin = (tmp_path, False) if way == "management" else (None, True)
    kind = Between if way == "between" else Bus
    with stand(folder, kind(channels=way != "queues"), plugin=plugin) as node:
        for number, count in enumerate((2, 4, 5)):
            node.bus.counts = {"conductor": (0, count, 1), "q-plugin": (0, count, 1)}
            node.bus.acked = {"conductor": 100 + number, "q-plugin": 100}
            reading = await node.poll()
    expected = {("/", "conductor", "topic"): 0.0, ("/", "q-plugin", "topic"): 30.0}
    assert expected == stuck(reading)
    assert {FROZEN} == symptoms(reading)


async def test_a_queue_that_is_several() -> None:
    """One of which something is confirmed is enough for the row that shows them."""
    names = ["q-agent-notifier-port-update.cmp2", "q-agent-notifier-network-delete.cmp2"]
    with stand() as node:
        for number, count in enumerate((2, 4, 5)):
            node.bus.counts = dict.fromkeys(names, (0, count, 1))
            node.bus.acked = {names[0]: 100, names[1]: 100 + number}
            reading = await node.poll()
    assert {("cmp2", "/", "q-agent-notifier-*.cmp2", "host"): 0.0} == stuck(reading)


@pytest.mark.parametrize("how", ["refused", "nothing"])
async def test_who_does_not_tell_what_is_confirmed(how: str) -> None:
    """Then only a count that climbs at each of eight looks is believed: neither 404 nor an empty page is a nought."""
    bus = Silent() if how == "nothing" else Bus(without={"/metrics/detailed?channel_queue_metrics"})
    with stand(bus=bus) as node:
        held = []
        for number in range(10):
            node.bus.counts = {"conductor": (0, 2 + 3 * number, 1)}
            held.append(stuck(await node.poll())["/", "conductor", "topic"])
    assert [0.0] * 7 + [105.0, 120.0, 135.0] == held


async def test_after_a_gap() -> None:
    """What was held before a long time without an answer is not gone on from."""
    with stand() as node:
        for count, after in ((2, 15), (4, 15), (6, 46)):
            node.bus.counts = {"conductor": (0, count, 1)}
            reading = await node.poll(after)
    assert {("/", "conductor", "topic"): 0.0} == stuck(reading)


@pytest.mark.parametrize(("ready", "expected"), [(10_000, set()), (10_001, {("bus1", "NotificationsPile")})])
async def test_notifications(ready: int, expected: set[tuple[str, str]]) -> None:
    """Nobody reading them is common; only a pile of them is told, and only as that."""
    kinds = {"messages_ready": ready, "messages_unacked": 0, "consumers": 0}
    lines = [
        f'rabbitmq_detailed_queue_{kind}{{vhost="/",queue="notifications.info"}} {count}\n'
        for kind, count in kinds.items()
    ]
    with stand(bus=Bus(extra="".join(lines))) as node:
        assert expected == symptoms(await node.poll())
