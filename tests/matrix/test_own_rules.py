"""Rows about the rules: limits in force are compared with those that the rules were made with, in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.matrix import records
from cs_exporter.matrix.own_rules import rows
from cs_exporter.matrix.rendering import Rendering, usual
from cs_exporter.matrix.rules import rule_file
from cs_exporter.matrix.whole import Matrix
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Severity
from tests.matrix.proving import unproved

USUAL = usual(PROBES, DERIVED)


def test_it_looks_for_what_the_rule_files_record() -> None:
    """Under that name, with the limit of most hosts and those of hosts with their own."""
    rendering = Rendering(USUAL.intervals, own={"CsClockSkew": {"kvm1": 7.5}})
    matrix = Matrix(rendering)
    text = rule_file("time_drift", matrix.by_probe()["time_drift"], rendering)
    named = "    labels:\n      symptom: 'CsClockSkew'\n      host: 'kvm1'\n"
    one = f"  - record: {records.DEPLOYED}\n    expr: vector(7.5)\n{named}"
    assert one in text
    assert one.replace("7.5", "2").replace("      host: 'kvm1'\n", "") in text
    assert records.DEPLOYED in rows(rendering)[0].condition


@pytest.mark.debian
def test_two_clouds_rules_in_one_prometheus(tmp_path: Path) -> None:
    """Each knows its own by the selector that it was made with, and holds what it proves."""
    mine = Matrix(Rendering(USUAL.intervals, selector='job="mine"'))
    made = rule_file("time_drift", mine.by_probe()["time_drift"], mine.rendering)
    assert "      symptom: 'CsClockSkew'\n      selector: 'job=\"mine\"'\n" in made
    (row, _) = rows(mine.rendering)
    assert f'{records.DEPLOYED}{{selector="job=\\"mine\\""}}' in row.condition
    assert frozenset() == unproved(tmp_path, row, rendering=mine.rendering)
    assert {row.name} == unproved(tmp_path, row, r"\{selector=[^}]*\}", "", rendering=mine.rendering)


def test_a_dead_mans_switch_pages_nobody() -> None:
    """It is there to be missed."""
    (switch,) = [row for row in rows(USUAL) if row.condition == "vector(1)"]
    assert (Severity.INFO, 0, 0) == (switch.severity, switch.wait, switch.keep)
