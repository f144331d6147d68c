"""Rows about the exporter's own state: one cause, each named by its instance, and none told anew by a lost scrape."""

from __future__ import annotations

from cs_exporter.matrix.own_exporter import rows
from cs_exporter.matrix.own_gone import UNSEEN
from cs_exporter.matrix.rendering import usual
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Cause

ROWS = {row.name: row for row in rows(usual(PROBES, DERIVED), PROBES)}


def test_the_cause_is_our_own_side() -> None:
    """And each but one names the exporter by its instance: that one is about a host."""
    assert {Cause.EXPORTER} == {row.cause for row in ROWS.values()}
    other = {name: row.keys for name, row in ROWS.items() if row.keys != ("instance",)}
    assert {"CsExporterSeriesDropped": ("host",)} == other


def test_one_that_crashes_is_told_of_once() -> None:
    """It is scraped in between, for some minutes not at all."""
    assert ROWS["CsExporterRestarting"].keep >= UNSEEN
