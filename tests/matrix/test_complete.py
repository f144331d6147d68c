"""No row of the matrix is without rule, proof, runbook or panel, and no metric is exported for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

import pytest

from cs_exporter.matrix.files import project
from cs_exporter.matrix.reference import PROCESS, parts
from cs_exporter.matrix.whole import usual_matrix
from tests.house import complete
from tests.house.complete import Files

MATRIX = usual_matrix()
NAMES = [row.name for row in MATRIX.rows]
CONDITIONS = {row.name: row.condition for row in MATRIX.rows}
METRICS = [entry.name for part in parts(MATRIX) for entry in part.entries]

Rule = Callable[[Iterable[str], Files], Iterator[str]]

FIRES = "tests: [{alert_rule_test: [{alertname: CsA, exp_alerts: [{exp_labels: {}}]}]}]"
BOTH = "tests: [{alert_rule_test: [{alertname: CsA, exp_alerts: [{}]}, {alertname: CsA, exp_alerts: []}]}]"
BOARD = json.dumps({"panels": [{"panels": [{"targets": [{"expr": "rate(cs_a_total[5m])"}]}]}]})

PLANTED: tuple[tuple[Rule, str, str, str], ...] = (
    (complete.without_rule, "alerts/cs_a.yml", "  - alert: CsA\n", "  - alert: CsAll\n"),
    (complete.without_proof, "alerts/tests/cs_a_test.yml", BOTH, FIRES),
    (complete.without_proof, "alerts/tests/cs_a_test.yml", BOTH, "tests: []"),
    (complete.without_runbook, "alerts/runbooks/CsA.md", "", "elsewhere"),
)


@pytest.mark.parametrize(("rule", "path", "good", "bad"), PLANTED)
def test_what_is_missing_is_seen(rule: Rule, path: str, good: str, bad: str) -> None:
    """Exactly one finding where it is missing, none where it is there."""
    files = {path: good}
    assert [] == list(rule(["CsA"], files))
    files = {} if bad == "elsewhere" else {path: bad}
    assert 1 == len(list(rule(["CsA"], files)))


def test_what_is_not_drawn_is_seen() -> None:
    """In folded rows too; an alert that compares nothing needs no panel."""
    files = {"deploy/grafana/dashboards/cs-a.json": BOARD}
    conditions = {"CsA": "cs_a_total > 1", "CsB": "cs_b > 1", "CsC": "vector(1)"}
    assert ["CsB: none of cs_b is on a dashboard"] == list(complete.without_panel(conditions, files))
    assert ["cs_c: is in no alert and on no dashboard"] == list(
        complete.without_use(["cs_a_total", "cs_b", "cs_c"], conditions, files)
    )


@pytest.fixture(scope="module")
def files() -> Files:
    """All of them as they are written."""
    return project(MATRIX)


@pytest.mark.parametrize("rule", [complete.without_rule, complete.without_proof, complete.without_runbook])
def test_every_alert_is_whole(rule: Rule, files: Files) -> None:
    """Whatever writes these files leaves none out."""
    problems = list(rule(NAMES, files))
    assert not problems, "\n".join(problems)


def test_every_alert_is_drawn(files: Files) -> None:
    """What it compares can be looked at over time."""
    problems = list(complete.without_panel(CONDITIONS, files))
    assert not problems, "\n".join(problems)


def test_every_metric_is_of_use(files: Files) -> None:
    """Except for those that every Prometheus client has."""
    ours = [name for name in METRICS if name not in {head.name for head in PROCESS}]
    problems = list(complete.without_use(ours, CONDITIONS, files))
    assert not problems, "\n".join(problems)
