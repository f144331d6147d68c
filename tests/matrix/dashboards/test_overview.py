"""The overview: what is most important stands first, and alerts are told before they fire."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.overview import dashboard
from cs_exporter.matrix.dashboards.parts import GREEN, RED, WIDTH, Step
from tests.matrix.dashboards.stubs import FLEET, titled

FOUND = dashboard(FLEET)


def test_the_most_important_first() -> None:
    """Figures, then hosts and symptoms, then hosts in trouble and why."""
    assert ["Alerts about no single host", "Hosts with critical alerts"] == [one.title for one in FOUND.panels()[:2]]
    assert WIDTH == sum(one.width for one in FOUND.panels() if one.kind == "stat")
    assert ["Hosts and symptoms", "Hosts in trouble", "Suspected causes"] == [
        panel.title for panel in FOUND.panels() if panel.kind == "table"
    ][:3]


def test_few_panels() -> None:
    """One look must do."""
    assert len(FOUND.panels()) < 16


def test_time_to_alert_shows_the_least() -> None:
    """With the limits of its alerts."""
    panel = titled(FOUND, "Time left")
    assert panel.queries[0].expression.startswith("bottomk(25, host:cs_host_seconds_to_alert:min{")
    assert ("CsHostAlertImminent", "CsHostAlertImminentCritical") == tuple(row.name for row in panel.rows)


def test_figures_are_never_empty_for_lack_of_trouble() -> None:
    """No host with an alert is 0 hosts."""
    for title in ("Hosts with critical alerts", "Hosts with warnings", "Hosts not seen", "In maintenance"):
        assert titled(FOUND, title).queries[0].expression.endswith(") or vector(0)")


def test_what_is_about_no_single_host_is_told() -> None:
    """Whichever hosts are chosen, as a figure that is not green, and in the list."""
    panel = titled(FOUND, "Alerts about no single host")
    expected = 'count(ALERTS{cause!="",host="",alertstate="firing",severity=~"critical|warning"}) or vector(0)'
    assert expected == panel.queries[0].expression
    assert (Step(None, GREEN), Step(1, RED)) == panel.steps
    assert ["/d/cs-exporter/"] == [link.address.split("?")[0] for link in panel.links]
    assert 'host="",severity="critical"' in titled(FOUND, "Alerts").queries[0].expression
