"""The rows of the matrix about replication: each compares a metric of the sheet, and the two threads are told apart."""

from __future__ import annotations

from cs_exporter.probes.mysql.metrics import METRICS
from cs_exporter.probes.mysql.replication_symptoms import REPLICATION_SYMPTOMS


def test_the_threads_are_told_apart() -> None:
    """A source that can't be reached and data that differ are mended in different ways."""
    failing = [row for row in REPLICATION_SYMPTOMS if row.metric == "cs_mysql_replication_failing"]
    assert [{"thread": "io"}, {"thread": "sql"}] == [dict(row.labels) for row in failing]


def test_each_is_about_a_metric_of_the_sheet() -> None:
    """One that is about nothing never holds."""
    assert {row.metric for row in REPLICATION_SYMPTOMS} <= {metric.name for metric in METRICS}
