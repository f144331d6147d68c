"""The host's dashboard: of a chosen one, with all its lines, and what is wrong with it first."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.host import dashboard
from tests.matrix.dashboards.stubs import ONE, titled

FOUND = dashboard(ONE)


def test_it_is_about_chosen_hosts() -> None:
    """All of them at once would tell nothing."""
    assert not FOUND.every_host


def test_what_is_wrong_first() -> None:
    """State, time left, causes, alerts; then agent and clock."""
    assert ["Now", "Agent", "Clock"] == [section.title for section in FOUND.sections[:3]]
    assert "What is wrong" == FOUND.sections[0].panels[-1].title


def test_no_line_is_left_out() -> None:
    """Of the graphs; tables have their limit all the same."""
    graphs = [panel for panel in FOUND.panels() if panel.kind != "table"]
    assert [] == [panel.title for panel in graphs for query in panel.queries if "topk(" in query.expression]


def test_silence_is_beside_its_limit() -> None:
    """In one graph."""
    assert ["age {{host}} {{agent}} {{source}}", "limit {{host}} {{agent}}"] == [
        query.legend for query in titled(FOUND, "Silence of the agent").queries
    ]
