"""Pages of the plugin rabbitmq_prometheus: captured ones, odd names, values that are none, and what is no such page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.rabbitmq import Node, Queue, Resource, Use
from cs_exporter.parsers.rabbitmq_metrics import acknowledged, node, queues, without_queues
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures/openstack"


def page(name: str) -> str:
    """A captured page."""
    return (CAPTURES / name).read_text(encoding="utf-8")


def detailed(moment: str = "") -> str:
    """The captured page of queues."""
    return page(f"{moment}rabbitmq-prom-metrics_detailed_family_queue_coarse_met.txt")


@pytest.mark.parametrize(
    ("moment", "count", "expected"),
    [
        ("", 84, [Queue("/", "conductor", 0, 0, 1), Queue("/", "compute.cmp1", 0, 0, 1)]),
        ("conductorstopped_", 84, [Queue("/", "conductor", 4, 0, 0), Queue("/", "dhcp_agent.net1", 4, 0, 0)]),
        ("neutronserverstopped_", 81, [Queue("/", "q-reports-plugin", 0, 25, 2)]),
        ("rabbitalarm_", 102, [Queue("/", "conductor", 0, 0, 1)]),
    ],
)
def test_captured_queues(moment: str, count: int, expected: list[Queue]) -> None:
    """Of a bus that is well, and while services were frozen: what waits, what was given out, and who is there."""
    found = queues(detailed(moment))
    assert count == len(found)
    assert set(expected) <= set(found)


def test_what_was_confirmed() -> None:
    """As captured, by channel (3.10), those of one queue together; and as later versions tell it, by queue."""
    found = acknowledged(page("rabbitmq-prom-metrics_per-object_channel_queue.txt"))
    assert (84, 29) == (found["/", "conductor"], found["/", "q-reports-plugin"])
    later = 'rabbitmq_detailed_queue_messages_acked_total{vhost="/",queue="conductor"} 7\n'
    assert {("/", "conductor"): 7} == acknowledged(f"{later}{detailed()}")


@pytest.mark.parametrize("moment", ["", "rabbitalarm_"])
def test_a_page_without_its_queues(moment: str) -> None:
    """Tells the same of the node, and is the least part of it."""
    text = detailed(moment)
    short = without_queues(text)
    assert node(text) == node(short)
    assert len(short) < len(text) / 10
    assert "queue_messages_ready{" not in short


def test_the_captured_node() -> None:
    """Its limits and alarms are on the long page; the page of queues has the limits alone."""
    whole = node(detailed(), page("rabbitmq-prom-metrics.txt"))
    assert ("rabbit@localhost", "rabbit@localhost", "3.10.8") == (whole.name, whole.cluster, whole.version)
    assert (frozenset(), 57, frozenset(), None) == (whole.alarms, whole.connections, whole.peers, whole.partitioned)
    assert Use(95, 1024) == whole.uses[Resource.FILE_DESCRIPTORS]
    assert Use(78783844352, 50000000) == whole.uses[Resource.DISK]
    part = node(detailed())
    assert (None, None, None, {}) == (part.alarms, part.connections, part.peers, part.uses)


def test_alarms() -> None:
    """Those in effect; a page without a word of them tells nothing."""
    told = "rabbitmq_alarms_memory_used_watermark 1\nrabbitmq_alarms_free_disk_space_watermark 0\n"
    assert frozenset({Resource.MEMORY}) == node(told).alarms
    assert node("rabbitmq_connections 3\n").alarms is None


def test_peers() -> None:
    """Nodes that are connected; not those that are being connected to, nor somebody's rabbitmqctl."""
    text = (
        'erlang_vm_dist_node_state{peer="rabbit@ctl2"} 3\nerlang_vm_dist_node_state{peer="rabbit@ctl3"} 1\n'
        'erlang_vm_dist_node_state{peer="rabbitmqcli-1-rabbit@ctl1"} 3\nrabbitmq_connections 3\n'
        "rabbitmq_unreachable_cluster_peers_count 1\n"
    )
    assert (frozenset({"rabbit@ctl2"}), 1) == (node(text).peers, node(text).partitioned)


def test_a_limit_of_nought() -> None:
    """Is none: RabbitMQ 4 no longer counts its descriptors."""
    assert {} == node("rabbitmq_process_open_fds 0\nrabbitmq_process_max_fds 0\n").uses


@pytest.mark.parametrize("name", [r"a\"b", r"c\\d", "e}f", r"g\nh"])
def test_odd_names(name: str) -> None:
    """Whatever a queue is called, by the format's escapes."""
    text = f'rabbitmq_detailed_queue_consumers{{queue="{name}",vhost="v",more="x"}} 2\n'
    plain = name.replace(r"\"", '"').replace(r"\n", "\n").replace(r"\\", "\\")
    assert (Queue("v", plain, None, None, 2),) == queues(text)


@pytest.mark.parametrize("value", ["NaN", "undefined", "+Inf"])
def test_values_that_are_none(value: str) -> None:
    """The plugin prints them where Erlang has no number."""
    text = f'rabbitmq_detailed_queue_messages_ready{{vhost="/",queue="a"}} {value}\n'
    assert (Queue("/", "a"),) == queues(text)


def test_no_such_page() -> None:
    """Another exporter's, a page of HTML, nonsense for a number."""
    for text in ("", "<html>rabbitmq_</html>", "node_load1 0.1\n"):
        with pytest.raises(UnparsableError, match="no metrics of RabbitMQ"):
            queues(text)
    with pytest.raises(UnparsableError, match="not a number: '1_0'"):
        queues('rabbitmq_detailed_queue_consumers{vhost="/",queue="a"} 1_0\n')


@given(st.text(alphabet='rabitmq_detailedqueueconsumers{}",=\\ \n01', max_size=200))
def test_anything(text: str) -> None:
    """No text does more than fail as it should."""
    assert isinstance(outcome(queues, f"rabbitmq_{text}"), tuple | UnparsableError)
    assert isinstance(outcome(node, f"rabbitmq_{text}"), Node | UnparsableError)
