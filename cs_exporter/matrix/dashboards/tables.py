"""Tables: hosts against symptoms, causes or peers, and hosts in trouble, the worst first.

Cells have a word or a number besides their colour. They show the present, and lead to hosts and runbooks.
"""

from __future__ import annotations

from collections.abc import Iterator

from cs_exporter.matrix import records
from cs_exporter.matrix.dashboards import looks
from cs_exporter.matrix.dashboards.parts import (
    BLUE,
    CLEAR,
    DARK_RED,
    ORANGE,
    RED,
    WIDTH,
    YELLOW,
    Column,
    Link,
    Object,
    Panel,
    Query,
    Step,
    Word,
)
from cs_exporter.matrix.dashboards.queries import (
    FIRING,
    OF_A_HOST,
    OURS,
    WORST_CELLS,
    alerts,
    by,
    found,
    of_chosen,
    worst,
)
from cs_exporter.matrix.dashboards.variables import HOSTS_CHOSEN
from cs_exporter.matrix.rendering import Rendering

SUSPECT = "cs_host_suspect"

PENDING = 'alertstate="pending"'

GRADES: tuple[tuple[str, str, str, str], ...] = (
    ("info", FIRING, "info", BLUE),
    ("warning", PENDING, "warning soon", YELLOW),
    ("warning", FIRING, "warning", ORANGE),
    ("critical", PENDING, "critical soon", DARK_RED),
    ("critical", FIRING, "critical", RED),
)
"""From the least to the gravest: severity, state of the alert, word, colour. Soon: it holds, not yet long enough."""


def crossed(row: str, column: str) -> Object:
    """The transformation that makes a table of `row` against `column` from pairs."""
    options: Object = {"rowField": row, "columnField": column, "valueField": "Value", "emptyValue": "empty"}
    return {"id": "groupingToMatrix", "options": options}


def corner(row: str, column: str, *, host: bool = True) -> Column:
    """The first column of a crossed table, which has the rows' names."""
    links = (looks.host_of_cell("__data.fields[0]"),) if host else ()
    return Column(
        f"{row}\\{column}", shown_as=row, links=links, width=160, others={"custom.cellOptions": {"type": "auto"}}
    )


def against(
    title: str,
    told: str,
    expression: str,
    column: str,
    *,
    unit: str = "none",
    steps: tuple[Step, ...] = (Step(None, CLEAR),),
    words: tuple[Word, ...] = (),
    links: tuple[Link, ...] = (),
    otherwise: str = "",
    width: int = WIDTH,
    height: int = 9,
) -> Panel:
    """Hosts against another label, in the order of the expression's series."""
    return Panel(
        title,
        told,
        "table",
        (Query(expression, now=True),),
        unit=unit,
        steps=steps,
        words=words,
        links=links,
        otherwise=otherwise,
        columns=(corner("host", column),),
        width=width,
        height=height,
        coloured=True,
        transformations=(crossed("host", column),),
    )


def graded(*matchers: str) -> str:
    """Alerts of the matrix with the number of their grade as value, so that the gravest can be put first."""
    ours = ",".join((OURS, *matchers))
    return " or ".join(
        f'ALERTS{{{ours},severity="{severity}",{state}}} * {code}'
        for code, (severity, state, _, _) in enumerate(GRADES, start=1)
    )


def symptoms(rendering: Rendering) -> Panel:
    """Hosts against symptoms, from alerts that fire or are about to."""
    pairs = by(("host", "alertname"), graded(OF_A_HOST, HOSTS_CHOSEN))
    return against(
        "Hosts and symptoms",
        "Alerts of the chosen hosts, the gravest first; soon: its condition holds, but not yet for as long as it must. "
        "Empty where all is well. A cell leads to the runbook, a host to its dashboard.",
        worst(of_chosen(pairs), count=WORST_CELLS),
        "alertname",
        words=tuple(Word(code, word, colour) for code, (_, _, word, colour) in enumerate(GRADES, start=1)),
        links=(Link("Runbook: ${__field.name}", f"{rendering.runbooks}/${{__field.name}}"),),
        otherwise="no alerts",
        height=10,
    )


def suspects(rendering: Rendering) -> Panel:
    """Hosts against what is behind their trouble."""
    expression = of_chosen(f"{by(('host', 'cause'), found(SUSPECT, rendering))} == 1")
    return against(
        "Suspected causes",
        "What is behind each host's trouble, by what holds there now; several may be. Empty where all is well.",
        worst(expression, count=WORST_CELLS),
        "cause",
        words=(Word(1, "suspected", ORANGE),),
        otherwise="none",
        width=10,
    )


def troubled(left: tuple[Step, ...]) -> Panel:
    """The hosts with alerts, how many, and how long is left; one line each. `left`: colours of the time left."""
    queries = tuple(Query(expression, now=True) for expression in _of_troubled())
    clear = (Step(None, CLEAR),)
    return Panel(
        "Hosts in trouble",
        "Hosts with alerts that fire, those with the most critical ones first. Empty where all is well.",
        "table",
        queries,
        columns=(
            Column("host", links=(looks.host_of_cell("__data.fields.host"),), width=160),
            Column("Value #A", others={"custom.hidden": True}),
            Column("Value #B", shown_as="critical", steps=(*clear, Step(1, RED)), coloured=True),
            Column("Value #C", shown_as="warning", steps=(*clear, Step(1, ORANGE)), coloured=True),
            Column("Value #D", shown_as="time left", unit="s", steps=left, coloured=True),
            Column("Value #E", others={"custom.hidden": True}),
            Column("Time", others={"custom.hidden": True}),
        ),
        otherwise="none",
        width=14,
        height=9,
        transformations=({"id": "merge", "options": {}},),
        options={"sortBy": [{"displayName": "critical", "desc": True}, {"displayName": "time left", "desc": False}]},
    )


def _of_troubled() -> Iterator[str]:
    """Place, critical alerts, warnings, time left and state, each by host."""
    trouble = alerts(FIRING)
    place = f"{records.HOST}{{{HOSTS_CHOSEN}}}"
    yield f"max by (host, platform, cloud_zone, cloud_pod) ({place}) and on (host) ({trouble})"
    for severity in ("critical", "warning"):
        matcher = f'severity="{severity}"'
        yield f"count by (host) ({by(('host', 'alertname'), alerts(FIRING, matcher))})"
    yield f"{records.LEFT}{{{HOSTS_CHOSEN}}} and on (host) ({trouble})"
    yield f"{records.STATE}{{{HOSTS_CHOSEN}}} == 1 and on (host) ({trouble})"
