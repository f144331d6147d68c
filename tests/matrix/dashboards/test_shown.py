"""Metrics as panels need them: all there are, each with the rows about it and which end of its scale is bad."""

from __future__ import annotations

import pytest

from cs_exporter.exposition.frame import HEADS
from cs_exporter.spec import AnyDerived, AnySpec
from tests.matrix.dashboards.stubs import MATRIX, METRICS, shown


def test_all_there_are() -> None:
    """Of the frame and of every sheet."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*MATRIX.probes, *MATRIX.derived)
    declared = {metric.name for sheet in sheets for metric in sheet.metrics}
    assert {*declared, *(head.name for head in HEADS)} == {*METRICS}


def test_each_row_is_with_its_metric() -> None:
    """But those about the exporter itself, which have none."""
    about = [row.name for one in METRICS.values() for row in one.rows]
    expected = [row.name for row in MATRIX.rows if row.symptom is not None]
    assert sorted([*expected, "CsMysqlConnectionsRising", "CsDiscoveryHeld"]) == sorted(about)


def test_whose_they_are() -> None:
    """A host's, or an exporter's."""
    assert ("host", "mountpoint", "server", "export") == shown("cs_nfs_mount_up").keys
    assert (True, False) == (shown("cs_mysql_up").per_host, shown("cs_clock_fleet_skew_seconds").per_host)
    assert ("instance",) == shown("cs_scheduler_lag_seconds").keys


def test_which_end_is_bad() -> None:
    """By the limits of its rows."""
    assert (True, False) == (shown("cs_agent_seconds_to_alert").low_is_bad, shown("cs_path_loss_ratio").low_is_bad)
    assert (True, False) == (shown("cs_clock_skew_seconds").either_is_bad, shown("cs_path_loss_ratio").either_is_bad)
    assert shown("cs_port_tls_not_after_timestamp_seconds").low_is_bad


@pytest.mark.parametrize(
    "name",
    [
        *("cs_mysql_up", "cs_nfs_mount_up", "cs_nfs_server_up", "cs_port_up", "cs_galera_member_up"),
        *("cs_mysql_replication_io_running", "cs_mysql_replication_sql_running"),
        *("cs_galera_connected", "cs_agent_connected", "cs_clock_sources_reachable", "cs_mysql_uptime_seconds"),
        *("cs_probe_supported", "cs_probe_success", "cs_port_vantage_supported"),
        *("cs_interface_mtu_bytes", "cs_guest_mtu_min_bytes", "cs_path_mtu_bytes"),
        *("cs_config_last_reload_successful", "cs_first_sweep_done"),
    ],
)
def test_low_is_bad_by_its_name(name: str) -> None:
    """Whether or not a row is about it: the ones that are down are those that are looked for."""
    assert shown(name).low_is_bad


@pytest.mark.parametrize(
    "name",
    [
        *("cs_mysql_read_only", "cs_path_unjudged", "cs_collector_mismatch", "cs_path_unreachable"),
        *("cs_mysql_running_threads", "cs_ssh_answer_bytes_total", "cs_probe_failing", "cs_nfs_mount_latency_seconds"),
    ],
)
def test_low_is_not_bad(name: str) -> None:
    """Where 1 is the trouble, or more is worse."""
    assert not shown(name).low_is_bad


def test_what_kind_of_value() -> None:
    """A time gone by, one to come, labels that say everything, a limit that is a metric."""
    assert (True, False) == (
        shown("cs_clock_last_sync_timestamp_seconds").moment,
        shown("cs_clock_last_sync_timestamp_seconds").ahead,
    )
    assert shown("cs_port_tls_not_after_timestamp_seconds").ahead
    assert (True, False) == (shown("cs_mysql_info").information, shown("cs_clock_source_info").information)
    assert ("cs_galera_expected_size",) == shown("cs_galera_cluster_size").limits
