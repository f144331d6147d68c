"""Metrics as panels need them: all there are, each with the rows about it and which end of its scale is bad."""

from __future__ import annotations

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
    assert sorted([*expected, "CsMysqlConnectionsRising"]) == sorted(about)


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


def test_what_kind_of_value() -> None:
    """A time gone by, one to come, labels that say everything, a limit that is a metric."""
    assert (True, False) == (
        shown("cs_clock_last_sync_timestamp_seconds").moment,
        shown("cs_clock_last_sync_timestamp_seconds").ahead,
    )
    assert shown("cs_port_tls_not_after_timestamp_seconds").ahead
    assert (True, False) == (shown("cs_mysql_info").information, shown("cs_clock_source_info").information)
    assert ("cs_galera_expected_size",) == shown("cs_galera_cluster_size").limits
