"""What several tests of dashboards look up in the matrix.

All by name, so that a test says what it is about.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.parts import Dashboard, Panel
from cs_exporter.matrix.dashboards.shown import Shown, metrics_of
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import usual_matrix

MATRIX = usual_matrix()
METRICS = metrics_of(MATRIX)
FLEET, ONE = Stock(MATRIX, 25), Stock(MATRIX, 100)


def shown(name: str) -> Shown:
    """A metric."""
    return METRICS[name]


def rows_about(metric: str) -> tuple[Row, ...]:
    """The rows about a metric."""
    return METRICS[metric].rows


def titled(dashboard: Dashboard, title: str) -> Panel:
    """The first panel of a dashboard that has this title."""
    return next(panel for panel in dashboard.panels() if panel.title == title)
