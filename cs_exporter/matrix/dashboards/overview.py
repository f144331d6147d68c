"""The overview: which hosts are in trouble, with what, why, and how long is left; the worst first.

Made of alerts, so that it shows what people are told, and a little before they are: pending alerts are on it too.
"""

from __future__ import annotations

from cs_exporter.matrix import records
from cs_exporter.matrix.dashboards import lists, looks, tables
from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.figures import figure, stacked
from cs_exporter.matrix.dashboards.parts import BLUE, GREEN, ORANGE, RED, Dashboard, Link, Panel, Query, Section, Step
from cs_exporter.matrix.dashboards.queries import FIRING, OF_NO_HOST, OURS, alerts, by, counted, of_chosen, worst
from cs_exporter.matrix.dashboards.variables import HOSTS_CHOSEN

NARROW = 3
"""Of a figure that stands with six others in a line."""

IMMINENT = ("CsHostAlertImminent", "CsHostAlertImminentCritical")
LEFT = of_chosen(f"{records.LEFT}{{{HOSTS_CHOSEN}}}")
STATES = of_chosen(f"{records.STATE}{{{HOSTS_CHOSEN}}} == 1")


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    rendering = stock.matrix.rendering
    left = looks.steps(stock.rows(*IMMINENT))
    hosts = (tables.troubled(left), tables.suspects(rendering))
    return Dashboard(
        "overview",
        "cs_exporter: overview",
        "Which hosts are in trouble, with what and why, and how long is left until the cloud gives them up.",
        (
            Section("Now", (*_figures(left), tables.symptoms(rendering), *hosts)),
            Section("Over time", (_left(stock), _states(), _severities(), _causes())),
            Section("Alerts as a list", (lists.of_all("Alerts", stock.matrix),), folded=True),
        ),
    )


def _figures(left: tuple[Step, ...]) -> tuple[Panel, ...]:
    hosts = f"count({of_chosen(f'{records.HOST}{{{HOSTS_CHOSEN}}}')})"
    muted = of_chosen(f"{records.MAINTENANCE}{{{HOSTS_CHOSEN}}} == 1")
    blind = counted(by(("host",), alerts(FIRING, 'blind="true"')))
    told = "Until the cloud can give up the first of the chosen hosts, by its own limits; negative when overdue."
    every = (Step(None, BLUE),)
    return (
        _of_no_host(),
        _hosts_with("critical alerts", "critical", RED),
        _hosts_with("warnings", "warning", ORANGE),
        figure("Least time left", told, f"min({LEFT})", steps=left, unit="s", width=NARROW),
        figure(
            "Hosts not seen",
            "Hosts of which something can't be found out: nothing is known of it then, neither good nor bad.",
            blind,
            steps=(Step(None, GREEN), Step(1, ORANGE)),
            width=NARROW,
        ),
        figure(
            "In maintenance", "Hosts of which planned work is declared: no alert fires.", counted(muted), width=NARROW
        ),
        figure("Hosts", "All of the chosen hosts that are in the inventory.", hosts, steps=every, width=NARROW),
    )


def _of_no_host() -> Panel:
    """First: where the exporter is gone or cut off, no host has an alert, and all else here is green."""
    told = (
        "Alerts, critical ones and warnings, about no single host, whichever hosts are chosen: cs_exporter is gone or "
        "sees nothing, or a cluster is divided. They are in the list of alerts below."
    )
    firing = f'ALERTS{{{OURS},{OF_NO_HOST},{FIRING},severity=~"critical|warning"}}'
    return figure(
        "Alerts about no single host",
        told,
        counted(firing),
        steps=(Step(None, GREEN), Step(1, RED)),
        links=(Link("cs_exporter: exporter", "/d/cs-exporter/?${datasource:queryparam}&${__url_time_range}"),),
    )


def _hosts_with(what: str, severity: str, colour: str) -> Panel:
    expression = counted(by(("host",), alerts(FIRING, f'severity="{severity}"')))
    told = f"How many of the chosen hosts have an alert of severity {severity} that fires."
    return figure(f"Hosts with {what}", told, expression, steps=(Step(None, GREEN), Step(1, colour)))


def _left(stock: Stock) -> Panel:
    """By host, where alerts are by agent: a host has what the first of its agents has."""
    rows = stock.rows(*IMMINENT)
    told = "Until the cloud can give the host up, of the hosts with the least left; negative when overdue."
    return Panel(
        "Time left",
        looks.described(told, rows),
        "timeseries",
        (Query(worst(LEFT, "min"), "{{host}}"),),
        unit="s",
        steps=looks.steps(rows),
        rows=rows,
        links=(looks.HOST_OF_LINE, *looks.links(rows, stock.matrix.rendering)),
        limits=True,
    )


def _states() -> Panel:
    told = "How many of the chosen hosts the cloud has in each state."
    return stacked(
        "States of hosts",
        told,
        Query(f"count by (state) ({STATES})", "{{state}}"),
        {"Up": GREEN, "up": GREEN, "Alert": RED, "down": RED},
    )


def _severities() -> Panel:
    expression = f"count by (severity) ({by(('host', 'alertname', 'severity'), alerts(FIRING))})"
    colours = {severity.value: colour for severity, colour in looks.COLOURS.items()}
    return stacked("Alerts by severity", "That fire for the chosen hosts.", Query(expression, "{{severity}}"), colours)


def _causes() -> Panel:
    expression = f"count by (cause) ({by(('host', 'alertname', 'cause'), alerts(FIRING))})"
    return stacked("Alerts by cause", "That fire for the chosen hosts.", Query(expression, "{{cause}}"), {})
