"""The matrix page: every alert is found by its cause, and leads to its runbook."""

from __future__ import annotations

from cs_exporter.matrix.page import CAUSES, PATH, files
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.matrix.words import spoken
from cs_exporter.spec import Cause

MATRIX = usual_matrix()
PAGE = files(MATRIX)[PATH]


def test_every_row_is_there_once() -> None:
    """Under the heading of its cause."""
    parts = {part.split("\n", 1)[0]: part for part in PAGE.split("\n## ")[1:]}
    for row in MATRIX.rows:
        name = f"[{row.name}](../alerts/runbooks/{row.name}.md)"
        assert 1 == PAGE.count(name)
        assert name in parts[row.cause.value]


def test_every_cause_is_told() -> None:
    """In the closed list's order."""
    assert list(Cause) == list(CAUSES)


def test_what_a_row_says() -> None:
    """What is seen, how bad, beyond what, how long, by which metric."""
    row = next(row for row in MATRIX.rows if row.name == "CsMysqlConnectionsHigh")
    (line,) = [line for line in PAGE.splitlines() if f"[{row.name}]" in line]
    waits = f"{spoken(row.wait)} | {spoken(row.keep)}"
    assert f"| {row.sees} |" in line
    assert f"| warning | above 80 % | {waits} | `cs_mysql_connections_used_ratio` |" in line
