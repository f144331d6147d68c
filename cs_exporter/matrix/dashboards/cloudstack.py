"""CloudStack: how the cloud itself says that its hosts, management servers, VMs and storage are.

What it says comes after what is seen elsewhere; here is what led to no alert yet, and what it did about the rest.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.parts import Dashboard, Panel, Section

PROBES = ("cloudstack_states", "cloud_hosts", "management_log")
"""Whose metrics this dashboard has to show in full."""


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "cloudstack",
        "cs_exporter: CloudStack",
        "Hosts, management servers, system VMs, guests and storage in the cloud's own word.",
        (
            Section("Hosts", _hosts(stock)),
            Section("Management servers", _servers(stock)),
            Section("What servers write", _logs(stock)),
            Section("System VMs and guests", _vms(stock)),
            Section("Storage", _storage(stock)),
            Section("Whose word it is", _source(stock), folded=True),
        ),
    )


def _hosts(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_host_state", title="States of hosts"),
        stock.panel("cs_host_pings_missing", title="Hosts whose pings are missing"),
        stock.panel("cs_host_recent_state_changes", title="Changes of state within half an hour"),
        stock.panel("cs_host_state_changes_total", title="Changes of state and investigations"),
        stock.panel("cs_host_unowned", width=8, title="Hosts that no server has"),
        stock.panel("cs_host_schedulable", width=8, title="Hosts that guests may start on"),
        stock.panel("cs_host_state_since_timestamp_seconds", width=8, title="Time in the present state"),
    )


def _servers(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_management_server_state", width=8, title="States of servers"),
        stock.panel("cs_management_heartbeat_age_seconds", width=8, title="Age of their heartbeats"),
        stock.panel("cs_management_clock_ahead_seconds", width=8, title="Clocks ahead of the database's"),
        stock.panel("cs_management_agents", width=8, title="Agents of each"),
        stock.panel("cs_management_agents_lost_ratio", width=8, title="Agents lost"),
        stock.panel("cs_management_peers_down", width=8, title="Peers that call it down"),
    )


def _logs(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_management_log_events_total", title="Events in logs"),
        stock.panel("cs_management_log_last_event_timestamp_seconds", title="Since the last event of a kind"),
        stock.panel("cs_management_log_last_ping_timestamp_seconds", width=8, title="Since a ping of any agent"),
        stock.graph(
            "Pools of connections to the database",
            ("cs_management_pool_active_connections", "in use"),
            ("cs_management_pool_connections", "open"),
            width=8,
        ),
        stock.panel("cs_management_pool_waiting_threads", width=8, title="Threads that wait for a connection"),
    )


def _vms(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_zone_system_vms", title="System VMs at work"),
        stock.panel("cs_system_vm_running", title="System VMs that run"),
        stock.panel("cs_system_vm_agent_connected", title="Agents of system VMs"),
        stock.panel("cs_vms_in_transition", width=8, title="VMs in transition"),
        stock.panel("cs_vms_in_transition_oldest_seconds", width=8, title="Longest in transition"),
        stock.panel("cs_vms_in_error", width=8, title="VMs in Error"),
        stock.panel("cs_vms_recent_errors", title="VMs that went into Error within half an hour"),
        stock.panel("cs_ha_work_unfinished", title="Guests that HA is at work on"),
        stock.panel("cs_system_vm_info", width=24, title="System VMs"),
    )


def _storage(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_storage_pool_unusable_hosts", title="Hosts with a pool that is not Up"),
        stock.panel("cs_storage_pools", title="Pools by state"),
        stock.panel("cs_storage_pool_info", title="Pools that are not Up"),
        stock.panel("cs_image_store_info", title="Secondary storage"),
        stock.panel("cs_image_store_up", width=8, title="Secondary storage by HTTP"),
        stock.panel("cs_image_store_latency_seconds", width=8, title="Time that it takes to answer"),
        stock.panel("cs_image_store_tls_not_after_timestamp_seconds", width=8, title="Until its certificate runs out"),
    )


def _source(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_cloud_source_info", title="Source of the cloud's states"),
        stock.panel("cs_cloud_database_unasked", title="The API answers in place of the database"),
    )
