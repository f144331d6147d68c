"""The metrics of one Galera node, by its own view: a part of the probe mysql_connections.

No verdict about the cluster comes from one view alone: what nodes say is compared by galera_cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cs_exporter.parsers.mysql_galera import GaleraNode
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading
from cs_exporter.probes.mysql.trail import Trail
from cs_exporter.spec import Metric, Sample, gauge, rows

Reading = MysqlConnectionsReading


def _said(value: Callable[[GaleraNode], float | None]) -> Callable[[Reading], float | None]:
    return lambda reading: None if reading.galera is None else value(reading.galera)


def _compared(value: Callable[[Trail], float | None]) -> Callable[[Reading], float | None]:
    return lambda reading: None if reading.galera is None or reading.trail is None else value(reading.trail)


def _state(reading: Reading) -> Iterable[Sample]:
    return () if reading.galera is None else (Sample(1.0, (reading.galera.state.value,)),)


GALERA_METRICS: tuple[Metric[Reading], ...] = (
    gauge(
        "cs_galera_cluster_size",
        "Members of the cluster as this node sees it (by SHOW GLOBAL STATUS: wsrep_cluster_size).",
        _said(lambda node: node.size),
    ),
    gauge(
        "cs_galera_primary",
        "1 if the node belongs to the part of the cluster that has the majority, by its own view, else 0 "
        "(wsrep_cluster_status).",
        _said(lambda node: node.primary),
    ),
    gauge(
        "cs_galera_ready",
        "1 if the node answers statements on tables, else 0: it refuses them with error 1047 (by wsrep_ready, and by "
        "such a refusal of what the exporter asked).",
        lambda reading: reading.ready,
    ),
    gauge(
        "cs_galera_connected",
        "1 if the node is connected to its cluster, by its own view, else 0 (wsrep_connected).",
        _said(lambda node: node.connected),
    ),
    rows(
        "cs_galera_local_state",
        "1 for the node's state by wsrep_local_state: initialised, joining, donor, joined, synced, other.",
        ("state",),
        _state,
    ),
    gauge(
        "cs_galera_receive_queue_size",
        "Transactions that the node has received and not applied (by wsrep_local_recv_queue).",
        _said(lambda node: node.queue),
    ),
    gauge(
        "cs_galera_receive_queue_unshrunk_seconds",
        "For how long the receive queue has had 16 transactions or more and has not become shorter from one reading "
        "to the next (by wsrep_local_recv_queue).",
        _compared(lambda trail: trail.unshrunk_seconds),
    ),
    gauge(
        "cs_galera_flow_control_paused_ratio",
        "Share of the time since the reading before in which flow control held all writes of the cluster (by "
        "wsrep_flow_control_paused_ns).",
        _compared(lambda trail: trail.paused_ratio),
    ),
)
