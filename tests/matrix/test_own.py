"""The exporter's own rows: each can be proved both ways, says what to do, and none has a name that a symptom has."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.own import PROBE, own_rows
from cs_exporter.matrix.rendering import KEPT_INTERVALS, Rendering
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.spec import Severity

ROWS = own_rows(usual_matrix().rendering)
ALWAYS = "CsDeadMansSwitch"
QUICK = Rendering(dict.fromkeys(usual_matrix().rendering.intervals, 5.0))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_is_proved_both_ways(row: Row) -> None:
    """No limit of a sheet stands behind them, so that what fires when, and what does not, is said by hand."""
    assert PROBE == row.probe
    assert any(proof.fires for proof in row.proofs)
    assert row.name == ALWAYS or not all(proof.fires for proof in row.proofs)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_proofs_name_the_labels_that_the_alert_has(row: Row) -> None:
    """Those that tell its series apart, and no others."""
    assert {row.keys} == {tuple(fires) for proof in row.proofs for fires in proof.fires}


def test_every_row_tells_what_to_do() -> None:
    """An alert that nobody knows what to do about is noise."""
    assert [] == [row.name for row in ROWS if not (row.sees and row.means and row.look and row.fix)]


def test_what_says_no_more_than_that_we_cannot_see_is_blind() -> None:
    """So that one cause that explains it can mute it, and evidence is muted by none."""
    blind = {row.name for row in ROWS if row.labels.get("blind") == "true"}
    assert {"CsHostUnreachable", "CsHostBlind", "CsProbeBlind", "CsProbeUnsupported"} == blind


def test_critical_ones_reach_the_pager_within_a_minute_where_intervals_are_short() -> None:
    """At 5 s; whoever is absent has the time of a restart."""
    waits = {row.name: row.wait for row in own_rows(QUICK) if row.severity is Severity.CRITICAL}
    gone = {"CsExporterAbsent": 120.0, "CsExporterGone": 132.0}
    assert {**gone, "CsExporterIsolated": 6.0, "CsProbeBlind": 6.0} == waits


def test_every_alert_outlives_a_lost_run() -> None:
    """Else it resolves a page, and the next run brings another one. What always fires loses nothing."""
    assert [ALWAYS] == [row.name for row in ROWS if row.keep < KEPT_INTERVALS * 15]
