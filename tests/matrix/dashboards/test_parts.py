"""The parts of a dashboard: its address is stable, and its panels are read in order."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.parts import Dashboard, Panel, Query, Section


def panel(title: str) -> Panel:
    """A graph of nothing much."""
    return Panel(title, "It tells.", "timeseries", (Query("up"),))


def test_panels_are_read_from_top_to_bottom() -> None:
    """Folded sections too."""
    sections = (Section("One", (panel("a"), panel("b"))), Section("Two", (panel("c"),), folded=True))
    assert ["a", "b", "c"] == [one.title for one in Dashboard("some", "Some", "It shows.", sections).panels()]


def test_an_address_is_made_of_the_name() -> None:
    """Titles may change, links go on working."""
    assert "cs-some" == Dashboard("some", "Another title", "It shows.", ()).uid
