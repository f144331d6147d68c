"""What the plugin rabbitmq_prometheus prints: queues of /metrics/detailed, the node's state of either page.

The text format of Prometheus 0.0.4. Names of the detailed page have `detailed_` in them and are else the same. Queues
are those whose leader is on the node that is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import decimal
from cs_exporter.parsers.rabbitmq import Node, Queue, Resource, Use

_LABELS = r'\{((?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*)\}'
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_QUEUE = re.compile(
    rf"^rabbitmq_(?:detailed_)?queue_(messages_ready|messages_unacked|consumers){_LABELS} (\S+)", re.MULTILINE
)
_ACKED = re.compile(rf"^rabbitmq_(?:detailed_)?(?:queue|channel)_messages_acked_total{_LABELS} (\S+)", re.MULTILINE)
_OF_A_QUEUE = re.compile(r"^rabbitmq_(?:detailed_)?queue_.*\n?", re.MULTILINE)
_PLAIN = re.compile(r"^rabbitmq_(?:detailed_)?(\w+) (\S+)", re.MULTILINE)
_INFO = re.compile(rf"^rabbitmq_(?:identity|build)_info{_LABELS} 1", re.MULTILINE)
_PEER = re.compile(rf"^erlang_vm_dist_node_state{_LABELS} (\S+)", re.MULTILINE)
_CONNECTED = 3.0  # erlang:system_info(dist_ctrl): 1 pending, 2 up pending, 3 up
_ESCAPED = re.compile(r'\\([\\"n])')

_ALARMS = {
    "alarms_memory_used_watermark": Resource.MEMORY,
    "alarms_free_disk_space_watermark": Resource.DISK,
    "alarms_file_descriptor_limit": Resource.FILE_DESCRIPTORS,
}
_USES = {
    Resource.MEMORY: ("process_resident_memory_bytes", "resident_memory_limit_bytes"),
    Resource.DISK: ("disk_space_available_bytes", "disk_space_available_limit_bytes"),
    Resource.FILE_DESCRIPTORS: ("process_open_fds", "process_max_fds"),
    Resource.SOCKETS: ("process_open_tcp_sockets", "process_max_tcp_sockets"),
    Resource.PROCESSES: ("erlang_processes_used", "erlang_processes_limit"),
}


def queues(text: str) -> tuple[Queue, ...]:
    """The queues of /metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count, in their order.

    Raises UnparsableError, also where the page is not RabbitMQ's.
    """
    if "\nrabbitmq_" not in f"\n{text}":
        raise UnparsableError(f"no metrics of RabbitMQ: {text[:60]!r}")
    found: dict[tuple[str, str], dict[str, int | None]] = {}
    for what, labels, value in map(re.Match.groups, _QUEUE.finditer(text)):
        told = _labels(labels)
        key = told.get("vhost", ""), told.get("queue", "")
        found.setdefault(key, {})[what] = _count(value, what)
    return tuple(
        Queue(vhost, name, of.get("messages_ready"), of.get("messages_unacked"), of.get("consumers"))
        for (vhost, name), of in found.items()
    )


def acknowledged(text: str) -> dict[tuple[str, str], int]:
    """Virtual host and queue -> messages that consumers which are connected to this node have confirmed.

    Of /metrics/detailed?family=queue_delivery_metrics, or family=channel_queue_metrics (before 4.0), whose counts end
    with their channel. Raises UnparsableError.
    """
    found: dict[tuple[str, str], int] = {}
    for labels, value in map(re.Match.groups, _ACKED.finditer(text)):
        told = _labels(labels)
        key = told.get("vhost", ""), told.get("queue", "")
        found[key] = found.get(key, 0) + (_count(value, "messages_acked_total") or 0)
    return found


def without_queues(text: str) -> str:
    """What a page says of the node: of a hundred thousand queues it is the least part."""
    return _OF_A_QUEUE.sub("", text)


def node(*texts: str) -> Node:
    """The node, from one page or both. Raises UnparsableError."""
    plain: dict[str, float] = {}
    told: dict[str, str] = {}
    peers: set[str] = set()
    for text in texts:
        plain.update(_plain(text))
        for labels in _INFO.findall(text):
            told.update(_labels(labels))
        peers.update(_peers(text))
    alarms = {resource: plain[name] for name, resource in _ALARMS.items() if name in plain}
    return Node(
        name=told.get("rabbitmq_node"),
        cluster=told.get("rabbitmq_cluster"),
        identity=told.get("rabbitmq_cluster_permanent_id"),
        version=told.get("rabbitmq_version"),
        uses=_uses(plain),
        alarms=frozenset(resource for resource, on in alarms.items() if on) if alarms else None,
        connections=_whole(plain.get("connections")),
        partitioned=_whole(plain.get("unreachable_cluster_peers_count")),
        peers=frozenset(peers) if "connections" in plain else None,
    )


def _plain(text: str) -> Iterable[tuple[str, float]]:
    for name, value in map(re.Match.groups, _PLAIN.finditer(text)):
        number = _number(value, name)
        if number is not None:
            yield name, number


def _peers(text: str) -> Iterable[str]:
    """Nodes that this one is connected to; programs of its administrators are too, for a moment, and are none."""
    for labels, value in _PEER.findall(text):
        peer = _labels(labels).get("peer", "")
        if _number(value, "state of a peer") == _CONNECTED and not peer.startswith("rabbitmqcli"):
            yield peer


def _uses(plain: Mapping[str, float]) -> dict[Resource, Use]:
    """A limit of nought is none: newer versions do not count their descriptors."""
    return {
        resource: Use(plain[used], plain[limit])
        for resource, (used, limit) in _USES.items()
        if used in plain and plain.get(limit)
    }


def _labels(text: str) -> dict[str, str]:
    return {name: _ESCAPED.sub(_escape, value) for name, value in _LABEL.findall(text)}


def _escape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _number(text: str, what: str) -> float | None:
    """A value; None where the plugin has none: it prints NaN, or Erlang's `undefined`."""
    if text in {"NaN", "undefined", "+Inf", "-Inf"}:
        return None
    number = decimal(text, what)
    return number if math.isfinite(number) else None


def _count(text: str, what: str) -> int | None:
    return _whole(_number(text, what))


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
