"""Rules about the matrix as a whole: every alert has a rule, proofs, a runbook and a panel, and every metric a use.

They look at the files as they are written, so that a writer which leaves a row out is seen, whatever the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from cs_exporter.matrix.usage import metrics_in, unused

DASHBOARDS = "deploy/grafana/dashboards/"
RUNBOOKS = "alerts/runbooks/"
RULES = re.compile(r"alerts/cs_\w+\.yml")
PROOFS = "alerts/tests/"

ALWAYS = "CsDeadMansSwitch"
"""The one alert that is meant to fire whatever there is."""

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Files = Mapping[str, str]
"""Path -> text of every generated file."""


def without_rule(alerts: Iterable[str], files: Files) -> Iterator[str]:
    """Every row is an alert in a rule file."""
    ruled = {name for path, text in files.items() if RULES.fullmatch(path) for name in _after("- alert: ", text)}
    yield from (f"{name}: is in no rule file" for name in alerts if name not in ruled)


def without_proof(alerts: Iterable[str], files: Files) -> Iterator[str]:
    """Every alert fires in some promtool test, and at another moment does not."""
    asked = [asked for path, text in files.items() if path.startswith(PROOFS) for asked in _asked(text)]
    for name in alerts:
        outcomes = {bool(expected) for alert, expected in asked if alert == name}
        if True not in outcomes:
            yield f"{name}: fires in no test"
        elif False not in outcomes and name != ALWAYS:
            yield f"{name}: fires in every test"


def _asked(text: str) -> Iterator[tuple[str, object]]:
    """Each question of a file of tests: an alert's name, and what of it is expected to fire."""
    for test in yaml.load(text, _LOADER)["tests"]:  # noqa: S506  # either is the safe one
        for question in test.get("alert_rule_test", ()):
            yield question["alertname"], question.get("exp_alerts")


def without_runbook(alerts: Iterable[str], files: Files) -> Iterator[str]:
    """Every alert leads to a page."""
    yield from (f"{name}: has no runbook" for name in alerts if f"{RUNBOOKS}{name}.md" not in files)


def without_panel(conditions: Mapping[str, str], files: Files) -> Iterator[str]:
    """What an alert (name -> condition) compares is drawn on a dashboard."""
    drawn = {metric for expression in panel_expressions(files) for metric in metrics_in(expression)}
    for name, condition in conditions.items():
        metrics = metrics_in(condition)
        if metrics and not drawn.intersection(metrics):
            yield f"{name}: none of {', '.join(metrics)} is on a dashboard"


def without_use(metrics: Iterable[str], conditions: Mapping[str, str], files: Files) -> Iterator[str]:
    """What is exported is compared by an alert or drawn on a dashboard."""
    asked = (*conditions.values(), *panel_expressions(files))
    yield from (f"{name}: is in no alert and on no dashboard" for name in unused(metrics, asked))


def panel_expressions(files: Files) -> tuple[str, ...]:
    """Every PromQL expression of every panel."""
    boards = (json.loads(text) for path, text in files.items() if path.startswith(DASHBOARDS))
    return tuple(target["expr"] for board in boards for panel in panels(board) for target in panel["targets"])


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels of a dashboard, as Grafana has them in JSON, that ask for something; those in folded rows too."""
    for panel in board.get("panels", ()):
        if panel.get("targets"):
            yield panel
        yield from panels(panel)


def _after(key: str, text: str) -> list[str]:
    return re.findall(rf"^\s*{re.escape(key)}(\w+)$", text, re.MULTILINE)
