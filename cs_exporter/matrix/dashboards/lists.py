"""Alerts as a list, the gravest first: what, where, why; for those who would rather read than look.

What tells an alert from others of its name and host, such as a mount or a peer, stands in one column.
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_exporter.matrix.dashboards import looks
from cs_exporter.matrix.dashboards.parts import WIDTH, Column, Json, Link, Object, Panel, Query
from cs_exporter.matrix.dashboards.queries import OF_A_HOST, OF_NO_HOST, WORST_CELLS, by, of_chosen, worst
from cs_exporter.matrix.dashboards.tables import graded
from cs_exporter.matrix.dashboards.variables import HOSTS_CHOSEN
from cs_exporter.matrix.whole import Matrix

COLUMNS = ("severity", "host", "alertname", "at", "cause", "alertstate", "cloud_zone")
"""What is told of each alert, from left to right."""


def of_hosts(title: str, matrix: Matrix, height: int = 10) -> Panel:
    """Alerts of the chosen hosts."""
    told = "Alerts of the chosen hosts that fire, or are about to. Empty where all is well."
    return _listed(title, told, of_chosen(_said(matrix, OF_A_HOST, HOSTS_CHOSEN)), matrix, height)


def of_all(title: str, matrix: Matrix, height: int = 10) -> Panel:
    """Alerts of the chosen hosts, and those about no single host, which no choice of hosts leaves out."""
    told = "Alerts of the chosen hosts, or of no single one, that fire, or are about to. Empty where all is well."
    chosen = of_chosen(_said(matrix, OF_A_HOST, HOSTS_CHOSEN))
    return _listed(title, told, f"{chosen} or {_said(matrix, OF_NO_HOST)}", matrix, height)


def of_names(title: str, told: str, matrix: Matrix, names: tuple[str, ...], height: int = 7) -> Panel:
    """Alerts with these names, whatever they are about."""
    pattern = "|".join(names)
    return _listed(title, told, _said(matrix, f'alertname=~"{pattern}"'), matrix, height)


def _said(matrix: Matrix, *matchers: str) -> str:
    """One series for each line; the value is its grade."""
    keys = {key: None for row in matrix.rows for key in row.keys if key not in COLUMNS}
    joined = ", ".join(f'"{key}"' for key in keys)
    return by(COLUMNS, f'label_join({graded(*matchers)}, "at", " ", {joined})')


def _listed(title: str, told: str, expression: str, matrix: Matrix, height: int) -> Panel:
    runbook = Link("Runbook: ${__data.fields.alertname}", f"{matrix.rendering.runbooks}/${{__data.fields.alertname}}")
    return Panel(
        title,
        f"{told} An alert's name leads to its runbook, a host's to its dashboard.",
        "table",
        (Query(worst(expression, count=WORST_CELLS), now=True),),
        columns=(
            Column("alertname", links=(runbook,), shown_as="alert", width=260),
            Column("host", links=(looks.host_of_cell("__data.fields.host"),), width=160),
            Column("severity", coloured=True, others={"mappings": [_severities()]}, width=90),
        ),
        otherwise="no alerts",
        width=WIDTH,
        height=height,
        transformations=(_arranged(),),
    )


def _severities() -> Json:
    shown: Mapping[str, Json] = {
        severity.value: {"text": severity.value, "color": colour} for severity, colour in looks.COLOURS.items()
    }
    return {"type": "value", "options": shown}


def _arranged() -> Object:
    options: Object = {
        "excludeByName": {"Time": True, "Value": True},
        "indexByName": {name: index for index, name in enumerate(COLUMNS)},
        "renameByName": {},
    }
    return {"id": "organize", "options": options}
