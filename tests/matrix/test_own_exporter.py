"""Rows about the exporter's own state: they come before all that has the same cause, and name the exporter."""

from __future__ import annotations

from cs_exporter.matrix.own_exporter import rows
from cs_exporter.matrix.own_hosts import rows as host_rows
from cs_exporter.matrix.rendering import usual
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Cause

USUAL = usual(PROBES, DERIVED)
ROWS = {row.name: row for row in rows(USUAL, PROBES)}


def test_an_isolated_exporter_is_told_of_before_its_hosts() -> None:
    """Else each of them has a ticket by the time that they are muted."""
    hosts = {row.name: row for row in host_rows(USUAL, PROBES)}
    assert ROWS["CsExporterIsolated"].wait < hosts["CsHostUnreachable"].wait


def test_the_cause_is_our_own_side() -> None:
    """And each but two names the exporter by its instance: one has no more labels, one is about a host."""
    assert {Cause.EXPORTER} == {row.cause for row in ROWS.values()}
    other = {name: row.keys for name, row in ROWS.items() if row.keys != ("instance",)}
    assert {"CsExporterAbsent": (), "CsExporterSeriesDropped": ("host",)} == other
