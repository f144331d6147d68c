"""Rows about the rules: limits in force are compared with those that the rules were made with, in both directions."""

from __future__ import annotations

from cs_exporter.matrix import records
from cs_exporter.matrix.own_rules import rows
from cs_exporter.matrix.rendering import Rendering, usual
from cs_exporter.matrix.rules import rule_file
from cs_exporter.matrix.whole import Matrix
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Severity

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


def test_a_dead_mans_switch_pages_nobody() -> None:
    """It is there to be missed."""
    (switch,) = [row for row in rows(USUAL) if row.condition == "vector(1)"]
    assert (Severity.INFO, 0, 0) == (switch.severity, switch.wait, switch.keep)
