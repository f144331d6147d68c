"""Storage: mounts as hypervisors see them, the NFS servers behind them, heartbeats written there, block devices.

A host whose heartbeat file is late is rebooted by its own agent where that is armed: how long is left is here.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.parts import Dashboard, Section

PROBES = ("nfs_mounts", "nfs_server", "storage_heartbeat", "block_storage")
"""Whose metrics this dashboard has to show in full."""


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "storage",
        "cs_exporter: storage",
        "NFS mounts, their servers, the storage heartbeats of hypervisors, and their block devices.",
        (
            Section(
                "Mounts and servers",
                (
                    stock.panel("cs_nfs_mount_state", title="Mounts"),
                    stock.panel("cs_nfs_server_up", title="Servers"),
                    stock.panel("cs_nfs_mount_latency_seconds", title="Time that a mount takes to answer"),
                    stock.panel("cs_nfs_server_latency_seconds", title="Time that a server takes to answer"),
                    stock.panel("cs_nfs_mount_requests_outstanding", title="Requests that wait in vain"),
                    stock.panel("cs_nfs_mount_error_ratio", title="Requests that failed"),
                ),
            ),
            Section(
                "Storage heartbeat",
                (
                    stock.panel("cs_storage_heartbeat_age_seconds", title="Age of heartbeats"),
                    stock.panel("cs_host_seconds_to_reboot", title="Time to forced reboot"),
                ),
            ),
            Section(
                "Block devices",
                (
                    stock.panel("cs_iscsi_sessions_down", title="iSCSI sessions that are down"),
                    stock.panel("cs_iscsi_sessions", title="iSCSI sessions"),
                    stock.panel("cs_multipath_paths_down", title="Multipath paths that are down"),
                    stock.panel("cs_multipath_paths", title="Multipath paths"),
                    stock.panel("cs_multipath_lost", title="Maps without a path"),
                ),
            ),
        ),
    )
