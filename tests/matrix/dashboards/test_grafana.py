"""The JSON: everything has its place and number, and says what Grafana's model wants of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cs_exporter.matrix.dashboards.grafana import text
from cs_exporter.matrix.dashboards.parts import (
    ORANGE,
    RED,
    Column,
    Dashboard,
    Kind,
    Link,
    Panel,
    Query,
    Section,
    Step,
    Word,
)


def panel(kind: Kind = "timeseries", width: int = 12, height: int = 8) -> Panel:
    """One with two queries."""
    queries = (Query("up", "{{host}}"), Query("sum(up)", now=True))
    return Panel("Some", "It tells.", kind, queries, width=width, height=height)


def written(*sections: Section) -> dict[str, Any]:
    """A dashboard of these, as Grafana reads it."""
    found: dict[str, Any] = json.loads(text(Dashboard("some", "Some", "It shows.", sections)))
    return found


def places(panels: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Where each stands."""
    return [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]


def test_panels_stand_side_by_side_as_they_fit() -> None:
    """And below the tallest of the line before."""
    panels = (panel(width=12, height=4), panel(width=12, height=8), panel(width=16), panel(width=8))
    found = written(Section("One", panels), Section("Two", (panel(),)))["panels"]
    assert [(0, 0), (0, 1), (12, 1), (0, 9), (16, 9), (0, 17), (0, 18)] == places(found)
    assert [1, 2, 3, 4, 5, 6, 7] == [one["id"] for one in found]


def test_a_folded_section_takes_one_line() -> None:
    """Its panels lie in its heading."""
    heading, below, _ = written(Section("One", (panel(), panel()), folded=True), Section("Two", (panel(),)))["panels"]
    assert [(0, 1), (12, 1)] == places(heading["panels"])
    assert (True, 1, 4) == (heading["collapsed"], below["gridPos"]["y"], below["id"])


def test_queries_are_lettered() -> None:
    """Of a graph over time, of a figure now, of a table as one."""
    first, second = written(Section("One", (panel(),)))["panels"][1]["targets"]
    assert ("A", "up", True, False, "time_series") == tuple(
        first[key] for key in ("refId", "expr", "range", "instant", "format")
    )
    assert ("B", "__auto", True) == (second["refId"], second["legendFormat"], second["instant"])
    assert "table" == written(Section("One", (panel("table"),)))["panels"][1]["targets"][0]["format"]


def test_what_values_look_like() -> None:
    """Unit, thresholds, words and links of all, and what one column has differently."""
    column = Column(
        "/^a/",
        unit="s",
        steps=(Step(None, RED),),
        words=(Word(1.0, "one", RED),),
        links=(Link("Far", "http://far/"),),
        shown_as="first",
        width=90,
        coloured=True,
        others={"custom.hidden": True},
    )
    shown = replace(
        panel(),
        unit="bytes",
        steps=(Step(None, RED), Step(0.5, ORANGE)),
        words=(Word(0.5, "half", ORANGE),),
        links=(Link("Near", "/d/cs-host/"),),
        columns=(column,),
        limits=True,
    )
    config = written(Section("One", (shown,)))["panels"][1]["fieldConfig"]
    defaults, (override,) = config["defaults"], config["overrides"]
    assert [{"color": "red", "value": None}, {"color": "orange", "value": 0.5}] == defaults["thresholds"]["steps"]
    assert {"0.5": {"text": "half", "color": "orange", "index": 0}} == defaults["mappings"][0]["options"]
    assert [{"title": "Near", "url": "/d/cs-host/", "targetBlank": False}] == defaults["links"]
    assert ("bytes", "dashed") == (defaults["unit"], defaults["custom"]["thresholdsStyle"]["mode"])
    assert {"id": "byRegexp", "options": "/^a/"} == override["matcher"]
    expected = ["displayName", "unit", "thresholds", "mappings", "links"]
    assert [*expected, "custom.width", "custom.cellOptions", "custom.hidden"] == [
        one["id"] for one in override["properties"]
    ]


@pytest.mark.parametrize("kind", ["timeseries", "stat", "table", "state-timeline"])
def test_every_kind_has_options(kind: Kind) -> None:
    """A panel's own ones replace them."""
    options = written(Section("One", (replace(panel(kind), options={"mine": 1}),)))["panels"][1]["options"]
    assert 1 == options["mine"]
    assert len(options) > 1
