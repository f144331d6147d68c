"""The databases: are they there, how full are they, who holds their connections, do replicas follow.

Running out of connections is what hosts go down of; it comes first.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.parts import Dashboard, Section

PROBES = ("mysql_connections", "galera_cluster")
"""Whose metrics this dashboard has to show in full."""


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "database",
        "cs_exporter: database",
        "Connections, clients, replication and Galera of the cloud's databases.",
        (
            Section(
                "Connections",
                (
                    stock.panel("cs_mysql_state", title="State"),
                    stock.panel("cs_mysql_connections_used_ratio", title="Connections in use"),
                    stock.graph(
                        "Connections",
                        ("cs_mysql_connections", "in use"),
                        ("cs_mysql_max_connections", "allowed"),
                        ("cs_mysql_max_used_connections", "most ever"),
                    ),
                    stock.panel("cs_mysql_client_pool_used_ratio", title="Clients' pools in use"),
                    stock.panel("cs_mysql_client_connections", title="Connections by client"),
                    stock.panel("cs_mysql_recent_refusals", title="Refused within five minutes"),
                ),
            ),
            Section(
                "Replication",
                (
                    stock.panel("cs_mysql_replication_failing", title="Threads of replicas"),
                    stock.panel("cs_mysql_replication_lag_seconds", title="Lag of replicas"),
                    stock.panel("cs_mysql_binlog_row", title="Changes are logged by row"),
                    stock.panel("cs_mysql_replication_stopped", title="Replicas out of use"),
                ),
            ),
            Section(
                "Galera",
                (
                    stock.panel("cs_galera_cluster_size", title="Size of the cluster"),
                    stock.panel("cs_galera_local_state", title="States of nodes"),
                    stock.panel("cs_galera_flow_control_paused_ratio", title="Writes held by flow control"),
                    stock.panel("cs_galera_receive_queue_size", title="Received and not applied"),
                ),
                folded=True,
            ),
        ),
    )
