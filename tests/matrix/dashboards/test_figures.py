"""Figures and stacked counts."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.figures import figure, stacked
from cs_exporter.matrix.dashboards.parts import RED, Query


def test_a_figure_is_of_now() -> None:
    """It is called by its title where there is but one."""
    panel = figure("Hosts", "All of them.", "count(up)")
    assert (Query("count(up)", "Hosts", now=True),) == panel.queries
    assert "{{host}}" == figure("Left", "It.", "up", legend="{{host}}").queries[0].legend


def test_counts_are_stacked_in_their_colours() -> None:
    """A colour of its own for each name that has one."""
    panel = stacked("Alerts", "All.", Query("count by (severity) (ALERTS)", "{{severity}}"), {"critical": RED})
    (column,) = panel.columns
    assert ("critical", {"color": {"mode": "fixed", "fixedColor": RED}}) == (column.name, column.others)
    assert {"mode": "normal", "group": "A"} == panel.custom["stacking"]


def test_a_name_may_be_what_counts() -> None:
    """A state, in its colour; and nothing at all may mean something."""
    panel = figure("State", "It.", "up", names={"Up": RED}, otherwise="none")
    assert ("/ Up$/", "name", "none") == (panel.columns[0].name, panel.options["textMode"], panel.otherwise)
