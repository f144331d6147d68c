"""Rows about an exporter that reaches its hosts no longer: told before its hosts are, and told apart by its scope."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.matrix.own_hosts import rows as host_rows
from cs_exporter.matrix.own_reach import SCOPE, rows
from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rules import record_file
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Severity
from tests.matrix.proving import USUAL as MATRIX
from tests.matrix.proving import unproved

USUAL = usual(PROBES, DERIVED)
ROWS = {row.name: row for row in rows(USUAL, PROBES)}


def test_an_isolated_exporter_is_told_of_before_its_hosts() -> None:
    """Else each of them has a ticket by the time that they are muted."""
    hosts = {row.name: row for row in host_rows(USUAL, PROBES)}
    assert ROWS["CsExporterIsolated"].wait < hosts["CsHostUnreachable"].wait


def test_only_what_nobody_sees_is_a_page() -> None:
    """And only that one says for how many exporters it is so."""
    assert (Severity.CRITICAL, ("instance", SCOPE)) == (
        ROWS["CsExporterIsolated"].severity, ROWS["CsExporterIsolated"].keys
    )  # fmt: skip
    assert (Severity.WARNING, ("instance",)) == (ROWS["CsExporterCutOff"].severity, ROWS["CsExporterCutOff"].keys)


DEFECTS = {
    "one of two hosts is enough": ("CsExporterIsolated", r" or sum by[^\n]*>= 2\)", " or sum by (instance) (x) >= 1)"),
    "two of two are not": ("CsExporterIsolated", r" or sum by[^\n]*>= 2\)", ")"),
    "one that is well is not asked": ("CsExporterIsolated", r" unless on \(\) avg[^\n]*<= 0\.3", ""),
    "nobody else need reach them": ("CsExporterCutOff", r" \* on \(host\) group_left \(\) max[^/]* /", ") /"),
}


@pytest.mark.debian
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found(defect: str, tmp_path: Path) -> None:
    """By the proofs that the rows give."""
    name, pattern, replacement = DEFECTS[defect]
    replacement = replacement.replace("(x)", "(instance_host:cs_probe_success:lost)")
    row = next(row for row in MATRIX.rows if row.name == name)
    assert {name} == unproved(tmp_path, row, pattern, replacement)


@pytest.mark.debian
def test_a_host_that_another_one_reaches_is_not_lost(tmp_path: Path) -> None:
    """Else an exporter that is cut off would mute what another one proves."""
    right = " * on (host) group_left () (max by (host) (instance_host:cs_probe_success:max) == bool 0)"
    records = record_file(MATRIX.rendering)
    assert right in records
    row = next(row for row in MATRIX.rows if row.name == "CsExporterIsolated")
    assert {row.name} == unproved(tmp_path, row, records=records.replace(right, ""))
