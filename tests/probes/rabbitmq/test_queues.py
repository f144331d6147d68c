"""Queues folded: which are about a machine, which are sums, and what is shown where there are too many."""

from __future__ import annotations

import pytest

from cs_exporter.parsers.rabbitmq import Queue
from cs_exporter.probes.rabbitmq.queues import FANOUTS, OTHER, REPLIES, Fold, QueueRow, Scope, fold
from tests.lab.rabbitmq import ALARM, Bus
from tests.probes.rabbitmq.rabbitmq_stand import NAMES

NAMED = {**NAMES, "cmp3.example.org": "kvm3"}
UUID = "0" * 32


def only(name: str, *others: str) -> QueueRow:
    """The row of a queue, beside others that are there."""
    found = fold([Queue("/", name, 0, 0, 1), *(Queue("/", other) for other in others)], NAMED, 100)
    [row] = [row for row in found.rows if row.queue.consumers == 1]
    return row


@pytest.mark.parametrize(
    ("name", "scope", "host", "shown"),
    [
        ("conductor", Scope.TOPIC, None, "conductor"),
        ("compute.cmp1", Scope.HOST, "cmp1", "compute.cmp1"),
        ("compute.cmp3.example.org", Scope.HOST, "kvm3", "compute.cmp3.example.org"),
        ("cinder-volume.ctl1@lvm", Scope.HOST, "ctl1", "cinder-volume.ctl1@lvm"),
        ("cinder-volume.ctl1@lvm.ctl1", Scope.HOST, "ctl1", "cinder-volume.ctl1@lvm.ctl1"),
        ("q-agent-notifier-port-update.cmp2", Scope.HOST, "cmp2", "q-agent-notifier-*.cmp2"),
        ("neutron-vo-Port-1.7.cmp2", Scope.HOST, "cmp2", "neutron-vo-*.cmp2"),
        ("q-agent-notifier-port-update", Scope.TOPIC, None, "q-agent-notifier-port-update"),
        ("compute.unknown", Scope.HOST, None, "compute.unknown"),
        ("other.unknown", Scope.TOPIC, None, "other.unknown"),
        ("notifications.info", Scope.NOTIFICATION, None, "notifications.info"),
        ("versioned_notifications.error", Scope.NOTIFICATION, None, "versioned_notifications.error"),
        ("notifications_designate.info", Scope.NOTIFICATION, None, "notifications_designate.info"),
        ("event.sample", Scope.NOTIFICATION, None, "event.sample"),
        ("metering.sample", Scope.NOTIFICATION, None, "metering.sample"),
        ("metering_agent", Scope.TOPIC, None, "metering_agent"),
    ],
)
def test_whose_a_queue_is(name: str, scope: Scope, host: str | None, shown: str) -> None:
    """By the inventory's name of the machine; of one that is not known, by the topic that is there beside it."""
    row = only(name, "compute", f"compute_fanout_{UUID}")
    assert (scope, host, shown) == (row.scope, row.host, row.queue.name)


def test_names_that_do_not_last() -> None:
    """Replies and fanouts become sums; what has no counts yet is only counted itself."""
    found = fold(
        [
            Queue("/", f"reply_{UUID}", 1, 2, 1),
            Queue("/", f"reply_{UUID[1:]}1"),
            Queue("/", f"cinder-volume.ctl1@lvm_fanout_{UUID}", 14, 0, 0),
            Queue("/", "scheduler_fanout", 1, 0, 1),
        ],
        NAMED,
        100,
    )
    assert ((), 4) == (found.rows, found.total)
    assert {REPLIES: Fold(2, 1, 2, 3, 0), FANOUTS: Fold(2, 15, 0, 14, 1)} == found.temporary


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reply_cmp1:nova-compute:1", REPLIES),
        ("reply_net1.example.org:neutron-l3-agent:4", REPLIES),
        ("compute_fanout_cmp1:nova-compute:2", FANOUTS),
        ("q-agent-notifier-port-update_fanout_cmp1:neutron-openvswitch-agent:12", FANOUTS),
        ("cinder-volume.ctl1@lvm_fanout_ctl1:cinder-volume:1", FANOUTS),
    ],
)
def test_names_of_the_queue_manager(name: str, kind: str) -> None:
    """A host, a process and a number in the place of the random part: a process's own all the same, and no topic."""
    found = fold([Queue("/", name, 3, 1, 0), Queue("/", "compute", 0, 0, 1)], NAMED, 100)
    assert ["compute"] == [row.queue.name for row in found.rows]
    assert found.temporary is not None
    assert Fold(1, 3, 1, 4, 1) == found.temporary[kind]


def test_captured_ones() -> None:
    """While agents connected anew after an alarm: what they left is in the sums, and no series of its own."""
    rows = Bus(ALARM).queues()
    queues = [Queue("/", str(row["name"]), *(int(str(row[key])) for key in KEYS)) for row in rows]
    found = fold(queues, NAMES, 100)
    assert found.temporary is not None
    assert (102, 26, 14, 11) == (
        found.total,
        found.temporary[FANOUTS].ready,
        found.temporary[FANOUTS].most,
        found.temporary[FANOUTS].without_consumers,
    )
    assert 35 == len(found.rows)
    assert {"cmp1": 2, "cmp2": 2, "net1": 3} == {
        host: sum(row.host == host for row in found.rows) for host in ("cmp1", "cmp2", "net1")
    }


KEYS = ("messages_ready", "messages_unacknowledged", "consumers")


def test_several_as_one() -> None:
    """An agent's queues of one family: their messages, and the fewest consumers of any; unknown ones add nothing."""
    queues = [
        Queue("/", "q-agent-notifier-a.cmp1", 1, 2, 1),
        Queue("/", "q-agent-notifier-b.cmp1", 1, None, 0),
        Queue("/", "q-agent-notifier-c.cmp1"),
        Queue("v", "q-agent-notifier-c.cmp1", 5, 5, 5),
    ]
    name = "q-agent-notifier-*.cmp1"
    assert [Queue("/", name, 2, 2, 0), Queue("v", name, 5, 5, 5)] == [row.queue for row in fold(queues, NAMED, 9).rows]


def test_too_many() -> None:
    """First come those with which something is the matter, then topics; the rest is one sum."""
    queues = [
        Queue("/", "a.cmp1", 0, 0, 1),
        Queue("/", "b.cmp1", 0, 1, 1),
        Queue("/", "c.cmp1", 0, 0, 0),
        Queue("/", "d", 0, 0, 1),
        Queue("/", "e", None, None, None),
    ]
    found = fold(queues, NAMED, 3)
    assert ["b.cmp1", "c.cmp1", "d"] == [row.queue.name for row in found.rows]
    assert found.temporary is not None
    assert Fold(2) == found.temporary[OTHER]
    assert OTHER not in (fold(queues, NAMED, 5).temporary or {})


@pytest.mark.parametrize(
    ("queue", "unserved"),
    [
        (Queue("/", "a", 4, 0, 0), 4),
        (Queue("/", "a", 4, 0, 1), None),
        (Queue("/", "a", 0, 0, 0), None),
        (Queue("/", "a", 4, 0, None), None),
        (Queue("/", "a", None, 0, 0), None),
    ],
)
def test_whom_nobody_serves(queue: Queue, unserved: int | None) -> None:
    """Messages wait, and it is known that nobody is there to take them."""
    assert unserved == QueueRow(Scope.TOPIC, queue).unserved
