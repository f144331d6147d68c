"""The files as a whole: every metric and symptom is on a panel, and everything keeps the rules for dashboards."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

from cs_exporter.matrix.dashboards.files import FOLDER, dashboards, files, panels_of, used_metrics
from cs_exporter.matrix.dashboards.parts import WIDTH
from cs_exporter.matrix.promql import series_of
from cs_exporter.matrix.rows import row_of
from cs_exporter.matrix.whole import Matrix
from cs_exporter.spec import Limit, Metric, Op, gauge
from tests.matrix.dashboards.reading import dashboards as read
from tests.matrix.dashboards.reading import every_query, panels
from tests.matrix.dashboards.stubs import MATRIX, METRICS

READ = read(MATRIX)
NAMES = ("overview", "host", "cloudstack", "openstack", "database", "storage", "network", "exporter")


def every_panel() -> list[dict[str, Any]]:
    """Of all dashboards."""
    return [panel for dashboard in READ for panel in panels(dashboard)]


def test_which_there_are() -> None:
    """Under names and addresses that stay."""
    assert [f"cs-{name}" for name in NAMES] == [dashboard["uid"] for dashboard in READ]
    assert [f"{FOLDER}/cs-{name}.json" for name in NAMES] == [path for path in files(MATRIX) if path.endswith(".json")]


def test_they_are_the_same_every_time() -> None:
    """So that a difference is a change."""
    assert files(MATRIX) == files(Matrix(MATRIX.rendering))
    assert {"\n"} == {text[-1] for text in files(MATRIX).values()}


def test_every_metric_is_on_a_panel() -> None:
    """Those of the sheets, and the exporter's own."""
    assert {*METRICS} - used_metrics(MATRIX) == set()


def test_every_symptom_is_on_a_panel() -> None:
    """With its limit and its runbook."""
    assert [] == [name for name, places in panels_of(MATRIX).items() if not places]
    links = [link for panel in every_panel() for link in panel["fieldConfig"]["defaults"]["links"]]
    linked = {link["url"].rpartition("/")[2] for link in links}
    assert {row.name for row in MATRIX.rows if row.symptom is not None} <= linked


def test_numbers_are_used_once() -> None:
    """Within a dashboard, headings included."""
    for dashboard in READ:
        numbers = [one["id"] for one in (*dashboard["panels"], *panels(dashboard))]
        assert {*range(1, max(numbers) + 1)} == {*numbers}
        assert len({*numbers}) == len({id(one): one for one in (*dashboard["panels"], *panels(dashboard))})


def test_nothing_lies_on_anything_else() -> None:
    """Nor beyond the edge; what is folded in is looked at as when it is opened."""
    for dashboard in READ:
        for group in (dashboard["panels"], *(one["panels"] for one in dashboard["panels"] if one["type"] == "row")):
            cells = Counter(cell for one in group for cell in cells_of(one["gridPos"]))
            assert {1} >= {*cells.values()}, dashboard["uid"]
            assert [] == [cell for cell in cells if not 0 <= cell[0] < WIDTH]


def cells_of(place: dict[str, int]) -> list[tuple[int, int]]:
    """The cells of the grid that a panel covers."""
    columns, lines = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return [(column, line) for column in columns for line in lines]


def test_every_panel_says_what_it_shows() -> None:
    """A title, a description, a unit, and no data source by name."""
    for panel in every_panel():
        assert panel["title"]
        assert panel["description"].endswith((".", "`")), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert [{"type": "prometheus", "uid": "${datasource}"}] * len(sources) == sources


def test_no_two_panels_of_a_dashboard_have_one_title() -> None:
    """So that one can speak of them."""
    for dashboard in READ:
        assert {1} == {*Counter(panel["title"] for panel in panels(dashboard)).values()}, dashboard["uid"]


def test_queries_are_of_the_chosen_hosts_and_not_of_replicas() -> None:
    """Of every metric: nothing is asked without an aggregation, or by labels of the target."""
    for asked in every_query(MATRIX):
        bare = re.fullmatch(r"cs_\w+(\{[^}]*\})?", asked.expression)
        assert bare is None, str(asked)
        assert not re.search(r"by \([^)]*\b(job|pod|service|namespace)\b", asked.expression), str(asked)


def selectors(matrix: Matrix) -> list[tuple[str, str]]:
    """Metric and matchers of every selector in every query, but those of recorded series."""
    targets = [target for found in read(matrix) for panel in panels(found) for target in panel["targets"]]
    pattern = re.compile(r"(?<![\w:])(cs_\w+)(?:\{([^}]*)\})?(?![\w:])")
    return [found for target in targets for found in pattern.findall(target["expr"])]


def test_hosts_are_filtered() -> None:
    """Every selector of a metric about hosts has the variable."""
    found = selectors(MATRIX)
    assert {name for name, _ in found} > {"cs_mysql_up", "cs_probe_success"}
    assert [] == [one for one in found if METRICS[one[0]].per_host and 'host=~"$host' not in one[1]]


def test_an_operators_selector_is_everywhere() -> None:
    """So that another cs_exporter in the same Prometheus plays no part."""
    mine = Matrix(replace(MATRIX.rendering, selector='job="mine"'))
    assert [] == [one for one in selectors(mine) if 'job="mine"' not in one[1]]


def test_dashboards_lead_to_each_other() -> None:
    """By their tag, with what is chosen."""
    for dashboard in READ:
        (link,) = dashboard["links"]
        assert (True, True) == (link["includeVars"], link["keepTime"])
        assert dashboard["tags"] == link["tags"]


def test_a_new_symptom_gets_a_panel() -> None:
    """With its limit, colour and runbook, and nobody arranges it."""
    sheet = MATRIX.derived[0]
    metric: Metric[object] = gauge("cs_stub_seconds", "How long it takes, by the stub.", lambda _reading: 1.0)
    symptom = replace(
        sheet.symptoms[0], name="CsStubSlow", metric=metric.name, limit=Limit(Op.ABOVE, 7, 1), labels={}, victims=""
    )
    wider = replace(sheet, metrics=(*sheet.metrics, metric), symptoms=(*sheet.symptoms, symptom))
    matrix = Matrix(MATRIX.rendering, derived=(wider, *MATRIX.derived[1:]))
    assert row_of(symptom, wider.name, series_of(metric), MATRIX.rendering) in matrix.rows
    assert ("cs-host: Stub",) == panels_of(matrix)["CsStubSlow"]
    (panel,) = [one for found in dashboards(matrix) for one in found.panels() if one.title == "Stub"]
    assert 7 in [step.value for step in panel.steps]
    assert any(link.address.endswith("/CsStubSlow") for link in panel.links)
