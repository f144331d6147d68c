"""Rows of the matrix: every symptom has one, with the waits of its probe's interval and labels to be muted by."""

from __future__ import annotations

from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rows import named, placed, rows_of
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec

ROWS = {row.name: row for row in rows_of(PROBES, DERIVED, usual(PROBES, DERIVED))}


def test_every_symptom_is_a_row() -> None:
    """And knows its sheet."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
    declared = {symptom.name: sheet.name for sheet in sheets for symptom in sheet.symptoms}
    assert declared == {row.name: row.probe for row in ROWS.values()}


def test_waits_are_whole_runs() -> None:
    """Three runs in a row lie within 2.4 intervals; an alert outlives three intervals."""
    row = ROWS["CsNfsServerDown"]
    assert (72.0, 90.0) == (row.wait, row.keep)


def test_hosts_in_maintenance_are_left_out() -> None:
    """And a row without hosts joins with none."""
    assert placed("up == 0", ("host",)).endswith("unless on (host) (host:cs_host_maintenance:max == 1)")
    assert "up == 0" == placed("up == 0", ("instance",))


def test_causes_and_those_that_suffer_share_a_label() -> None:
    """A cause names itself, an agent its server, a heartbeat file the file server."""
    assert '"server", "$1", "host"' in named("a", "server", ("host",))
    assert "group_left (management_server)" in named("a", "", ("host", "agent"))
    assert "group_left (server)" in named("a", "", ("host", "mountpoint"))
    assert "a" == named("a", "", ("host", "mountpoint", "server"))
