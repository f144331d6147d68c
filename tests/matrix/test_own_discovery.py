"""Rows about discovery: told by platform, and not for an answer that the next one puts right."""

from __future__ import annotations

from cs_exporter.matrix.own_discovery import CENSUSES, STALE, rows
from cs_exporter.matrix.rendering import usual
from cs_exporter.probes import DERIVED, PROBES

RENDERING = usual(PROBES, DERIVED)
ROWS = {row.name: row for row in rows(RENDERING)}


def test_they_are_told_by_platform() -> None:
    """No host has to do with it: what is missing is the cloud's word."""
    assert {("platform",)} == {row.keys for row in ROWS.values()}


def test_one_bad_answer_is_no_alert() -> None:
    """Two in a row are; and a restart of the database is over before its silence is one."""
    interval = max(RENDERING.intervals[census] for census in CENSUSES)
    assert interval <= ROWS["CsDiscoveryHeld"].wait < 2 * interval
    assert STALE >= 10 * interval
