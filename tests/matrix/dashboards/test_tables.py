"""Tables: crossed from pairs, graded from the least to the gravest, and leading to hosts and runbooks."""

from __future__ import annotations

from cs_exporter.matrix.dashboards import tables
from cs_exporter.matrix.dashboards.parts import RED, Step
from tests.matrix.dashboards.stubs import MATRIX

RENDERING = MATRIX.rendering


def test_hosts_against_symptoms() -> None:
    """What fires comes before what is about to, of one severity; every grade has its word."""
    panel = tables.symptoms(RENDERING)
    (query,) = panel.queries
    assert query.now
    assert query.expression.startswith("topk(200, max by (host, alertname) (ALERTS{")
    assert 'severity="critical",alertstate="firing"} * 5' in query.expression
    assert ["info", "warning soon", "warning", "critical soon", "critical"] == [word.text for word in panel.words]
    assert {"rowField": "host", "columnField": "alertname", "valueField": "Value", "emptyValue": "empty"} == (
        panel.transformations[0]["options"]
    )


def test_a_column_leads_to_its_runbook_and_a_row_to_its_host() -> None:
    """By the names of the fields that Grafana makes."""
    panel = tables.symptoms(RENDERING)
    assert f"{RENDERING.runbooks}/${{__field.name}}" == panel.links[0].address
    (corner,) = panel.columns
    assert "host\\alertname" == corner.name
    assert "/d/cs-host/?var-host=${__data.fields[0]:percentencode}" in corner.links[0].address


def test_hosts_against_causes() -> None:
    """Only what is suspected."""
    (query,) = tables.suspects(RENDERING).queries
    assert "== 1 and on (host)" in query.expression


def test_hosts_in_trouble() -> None:
    """One line each, sorted by critical alerts; the colours of the time left are given."""
    panel = tables.troubled((Step(None, RED),))
    assert 5 == len(panel.queries)
    assert ({"id": "merge", "options": {}},) == panel.transformations
    assert [(Step(None, RED),)] == [column.steps for column in panel.columns if column.shown_as == "time left"]
