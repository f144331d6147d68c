"""A dashboard as Grafana 10 and later read it: the JSON of its model, and where on the grid everything stands.

Numbers of panels follow from their order, the data source is a variable: the same text comes out every time.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cs_exporter.matrix.dashboards.parts import (
    WIDTH,
    Column,
    Dashboard,
    Json,
    Link,
    Object,
    Panel,
    Query,
    Section,
    Step,
    Word,
)
from cs_exporter.matrix.dashboards.variables import SOURCE, variables

SCHEMA = 38
"""Of Grafana 10.0; later ones bring it up to theirs when they load it."""

TAG = "cs-exporter"

MADE = "Made by cs-exporter matrix write."
"""JSON has no comments; by this the file is known as one that nobody edits."""

OPTIONS: Mapping[str, Mapping[str, Json]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": [], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""},
        "colorMode": "background",
        "graphMode": "none",
        "textMode": "auto",
        "justifyMode": "auto",
        "orientation": "auto",
    },
    "table": {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""}},
    "state-timeline": {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": 0.8,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "tooltip": {"mode": "single", "sort": "none"},
    },
}

ROOMY = 12
"""Cells of width from which on a graph has room beside it."""

CUSTOM: Mapping[str, Mapping[str, Json]] = {
    "timeseries": {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False},
    "stat": {},
    "table": {"align": "auto", "filterable": True, "inspect": False},
    "state-timeline": {"lineWidth": 0, "fillOpacity": 80},
}


def text(dashboard: Dashboard) -> str:
    """The file."""
    return json.dumps(written(dashboard), indent=2, ensure_ascii=False) + "\n"


def written(dashboard: Dashboard) -> Mapping[str, Json]:
    """Its model: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": f"{dashboard.description} {MADE}",
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": "now-3h", "to": "now"},
        "links": [_siblings()],
        "annotations": {"list": []},
        "templating": {"list": variables()},
        "panels": list(_placed(dashboard.sections)),
    }


def _siblings() -> Json:
    """A link to each dashboard of ours, with what is chosen and the time range."""
    return {
        "type": "dashboards",
        "title": "cs_exporter",
        "tags": [TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _placed(sections: Sequence[Section]) -> Iterator[Json]:
    """Headings and panels from top to bottom; those of a folded section lie inside its heading."""
    top = number = 0
    for section in sections:
        number += 1
        heading = number
        places, below = _places(section.panels, top + 1)
        inside = []
        for panel, (x, y) in zip(section.panels, places, strict=True):
            number += 1
            inside.append(_panel(panel, number, x, y))
        yield {
            "type": "row",
            "id": heading,
            "title": section.title,
            "collapsed": section.folded,
            "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top},
            "panels": inside if section.folded else [],
        }
        if section.folded:
            top += 1
        else:
            yield from inside
            top = below


def _places(panels: Iterable[Panel], top: int) -> tuple[list[tuple[int, int]], int]:
    """Column and line of each panel's corner, from left to right as they fit, and the line below all of them."""
    places = []
    x, y, tallest = 0, top, 0
    for panel in panels:
        if x + panel.width > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        places.append((x, y))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return places, y + tallest


def _panel(panel: Panel, number: int, x: int, y: int) -> Json:
    return {
        "type": panel.kind,
        "id": number,
        "title": panel.title,
        "description": panel.description,
        "gridPos": {"h": panel.height, "w": panel.width, "x": x, "y": y},
        "datasource": SOURCE,
        "targets": [_target(query, letter, panel.kind) for query, letter in _lettered(panel.queries)],
        "transformations": list(panel.transformations),
        "fieldConfig": {"defaults": _defaults(panel), "overrides": [_override(column) for column in panel.columns]},
        "options": {**OPTIONS[panel.kind], **_legend(panel), **panel.options},
        "links": [],
    }


def _legend(panel: Panel) -> Object:
    """Where there is room for it, a table of the lines beside the graph."""
    if panel.kind != "timeseries" or panel.width < ROOMY:
        return {}
    shown: Object = {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"], "showLegend": True}
    return {"legend": shown}


def _lettered(queries: Sequence[Query]) -> Iterator[tuple[Query, str]]:
    return zip(queries, string.ascii_uppercase, strict=False)


def _target(query: Query, letter: str, kind: str) -> Json:
    return {
        "refId": letter,
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query.expression,
        "legendFormat": query.legend or "__auto",
        "instant": query.now,
        "range": not query.now,
        "format": "table" if kind == "table" else "time_series",
    }


def _defaults(panel: Panel) -> Json:
    lines: Mapping[str, Json] = {"thresholdsStyle": {"mode": "dashed"}} if panel.limits else {}
    cells: Mapping[str, Json] = {"cellOptions": {"type": "color-background"}} if panel.coloured else {}
    otherwise: Object = {"noValue": panel.otherwise} if panel.otherwise else {}
    return {
        **otherwise,
        "unit": panel.unit,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": _thresholds(panel.steps),
        "mappings": _mappings(panel.words),
        "links": [_link(link) for link in panel.links],
        "custom": {**CUSTOM[panel.kind], **lines, **cells, **panel.custom},
    }


def _override(column: Column) -> Json:
    pattern = column.name.startswith("/")
    return {
        "matcher": {"id": "byRegexp" if pattern else "byName", "options": column.name},
        "properties": [{"id": name, "value": value} for name, value in _properties(column)],
    }


def _properties(column: Column) -> Iterator[tuple[str, Json]]:
    if column.shown_as:
        yield "displayName", column.shown_as
    if column.unit:
        yield "unit", column.unit
    if column.steps:
        yield "thresholds", _thresholds(column.steps)
    if column.words:
        yield "mappings", _mappings(column.words)
    if column.links:
        yield "links", [_link(link) for link in column.links]
    if column.width:
        yield "custom.width", column.width
    if column.coloured:
        yield "custom.cellOptions", {"type": "color-background"}
    yield from column.others.items()


def _thresholds(steps: Sequence[Step]) -> Json:
    return {"mode": "absolute", "steps": [{"color": step.colour, "value": step.value} for step in steps]}


def _mappings(words: Sequence[Word]) -> Json:
    if not words:
        return []
    shown: Json = {
        f"{word.value:g}": {"text": word.text, "color": word.colour, "index": index} for index, word in enumerate(words)
    }
    return [{"type": "value", "options": shown}]


def _link(link: Link) -> Json:
    return {"title": link.title, "url": link.address, "targetBlank": link.address.startswith("http")}
