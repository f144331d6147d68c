"""The OpenStack dashboard: hosts of either platform by the same series, and the APIs by their addresses."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.files import dashboards
from cs_exporter.matrix.dashboards.openstack import dashboard
from tests.matrix.dashboards.stubs import FLEET, MATRIX, titled

FOUND = dashboard(FLEET)


def test_endpoints_by_service_interface_and_address() -> None:
    """Three interfaces of a service may be one address, and may not be."""
    panel = titled(FOUND, "Until an API turns an empty request away")
    assert "{{host}} {{api}} {{interface}} {{address}}" == panel.queries[0].legend
    assert 2.0 in [step.value for step in panel.steps]


def test_who_is_about_to_be_down_is_among_the_lines() -> None:
    """Those with the least time left, and not those with the most."""
    panel = titled(FOUND, "Time until a host's first agent counts as down")
    assert panel.queries[0].expression.startswith("bottomk(25, min by (host) (")


def test_nothing_wrong_is_not_no_data() -> None:
    """Series that are there only while something is wrong; that nobody could ask looks the same, and is not denied."""
    panels = [panel for section in FOUND.sections for panel in section.panels if panel.otherwise]
    assert {
        "Agents that are silent together, and what they share",
        "Agents that are silent alone",
        "Backends that were never initialised",
        "Endpoints of the catalog that fail",
        "Taken and not confirmed: a frozen consumer",
        "Waiting, and nobody takes them",
    } == {panel.title for panel in panels}
    assert {"none that is known of"} == {panel.otherwise for panel in panels}


def test_both_platforms_are_on_one_overview() -> None:
    """States of either are counted in one graph, the good ones and the bad ones of each in its colour."""
    panel = titled(dashboards(MATRIX)[0], "States of hosts")
    assert {"Up", "up", "Alert", "down"} <= {column.name for column in panel.columns}


def test_it_has_its_place() -> None:
    """By a name that links and bookmarks use."""
    assert "cs-openstack" in {one.uid for one in dashboards(MATRIX)}
