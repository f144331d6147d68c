"""What users may build on: the metrics whose names, labels, types and units are kept, and what that means.

The policy stands beside the names, since the reference prints both.
"""

from __future__ import annotations

STABLE = "stable"
EXPERIMENTAL = "experimental"

POLICY = """\
- **stable**: name, type, labels and unit stay as they are; one that has to go is marked in its help and in CHANGELOG.md
  at least two minor versions before.
- **experimental**: may change or go with any minor version; CHANGELOG.md then says so.
- One more label is a change; one more metric, or another value of a label, is none.
"""

STABLE_METRICS = frozenset(
    {
        *("cs_host_info", "cs_host_state", "cs_host_maintenance", "cs_host_schedulable"),
        *("cs_hosts_expected", "cs_hosts_polled"),
        *("cs_probe_success", "cs_probe_supported", "cs_probe_duration_seconds", "cs_probe_runs_total"),
        *("cs_probe_last_success_timestamp_seconds", "cs_probe_failing", "cs_probe_failures_total"),
        *("cs_clock_offset_seconds", "cs_clock_error_bound_seconds", "cs_clock_synchronised"),
        *("cs_clock_last_sync_timestamp_seconds", "cs_clock_skew_seconds", "cs_clock_skew_uncertainty_seconds"),
        "cs_clock_skew_from_fleet_seconds",
        *("cs_mysql_up", "cs_mysql_saturated", "cs_mysql_connections", "cs_mysql_max_connections"),
        *("cs_mysql_max_used_connections", "cs_mysql_connection_refusals_total"),
        *("cs_mysql_client_connections", "cs_mysql_client_pool_size"),
        *("cs_agent_info", "cs_agent_connected", "cs_agent_rtt_seconds", "cs_agent_retransmits_total"),
        *("cs_agent_last_heartbeat_timestamp_seconds", "cs_agent_heartbeat_age_seconds"),
        *("cs_agent_heartbeat_limit_seconds", "cs_agent_seconds_to_alert", "cs_host_seconds_to_alert"),
        *("cs_storage_heartbeat_age_seconds", "cs_host_seconds_to_reboot"),
        *("cs_nfs_mount_up", "cs_nfs_mount_state", "cs_nfs_mount_hung_seconds", "cs_nfs_mount_latency_seconds"),
        *("cs_nfs_server_up", "cs_nfs_server_latency_seconds"),
        *("cs_path_mtu_bytes", "cs_path_loss_ratio", "cs_path_rtt_seconds", "cs_path_mtu_blackhole"),
        *("cs_path_mtu_expected_bytes", "cs_interface_mtu_bytes", "cs_vxlan_headroom_bytes"),
        *("cs_port_up", "cs_port_connect_seconds", "cs_port_syn_retransmits"),
        "cs_port_tls_not_after_timestamp_seconds",
        *("cs_build_info", "cs_config_last_reload_successful", "cs_config_last_reload_success_timestamp_seconds"),
        *("cs_scheduler_lag_seconds", "cs_ssh_connections", "cs_first_sweep_done"),
    }
)


def stability(metric: str) -> str:
    """What users may expect of it."""
    return STABLE if metric in STABLE_METRICS else EXPERIMENTAL
