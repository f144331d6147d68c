"""The exporter's dashboard: its own alerts, what it could not find out, and its pace."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.exporter import dashboard
from cs_exporter.spec import Cause
from tests.matrix.dashboards.stubs import FLEET, MATRIX, titled

FOUND = dashboard(FLEET)


def test_its_own_alerts() -> None:
    """About itself, whoever declares them, and about what it can't see; nothing about what it watches."""
    panel = titled(FOUND, "Alerts about cs_exporter")
    own = [row.name for row in MATRIX.rows if row.cause in {Cause.EXPORTER, Cause.REACHABILITY}]
    assert own == [row.name for row in panel.rows]
    assert {"CsExporterAbsent", "CsHostBlind", "CsExporterClockWrong"} <= {*own}
    assert "CsMysqlConnectionsRising" not in panel.queries[0].expression
    assert "|".join(own) in panel.queries[0].expression


def test_what_could_not_be_found_out() -> None:
    """How many hosts, by probe and reason."""
    (query,) = titled(FOUND, "Hosts that can't be asked").queries
    assert query.expression.startswith("count by (probe, reason) (max by (host, probe, reason) (cs_probe_failing{")


def test_only_the_slow_runs_are_drawn() -> None:
    """The middle is in the legend."""
    panel = titled(FOUND, "Duration of runs")
    assert 3 == len(panel.queries)
    assert ["/^half /"] == [column.name for column in panel.columns]
