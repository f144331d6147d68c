"""Rows about exporters that are gone: whoever is missed has the time of a restart, and no crash is told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.matrix.own_gone import RESTART, UNSEEN, rows
from cs_exporter.matrix.rendering import Rendering, usual
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Cause, Severity
from tests.matrix.proving import USUAL as MATRIX
from tests.matrix.proving import unproved

USUAL = usual(PROBES, DERIVED)
ROWS = {row.name: row for row in rows(USUAL, PROBES)}


@pytest.mark.parametrize("name", ROWS)
def test_a_restart_is_no_page(name: str) -> None:
    """Nor is one lost scrape of a minute; and what is scraped now and then only stays one alert."""
    assert ROWS[name].wait >= RESTART >= 2 * 60
    assert ROWS[name].keep >= UNSEEN


def test_the_absence_of_all_is_told_before_that_of_each() -> None:
    """Which it mutes."""
    assert ROWS["CsExporterAbsent"].wait < ROWS["CsExporterGone"].wait


def test_one_of_several_is_a_page_only_where_its_hosts_are_watched_by_nobody() -> None:
    """All of it our own side's fault."""
    assert {Cause.EXPORTER} == {row.cause for row in ROWS.values()}
    assert {
        "CsExporterAbsent": Severity.CRITICAL,
        "CsExporterGone": Severity.CRITICAL,
        "CsExporterReplicaGone": Severity.WARNING,
    } == {name: row.severity for name, row in ROWS.items()}


def test_the_operators_selector() -> None:
    """Is in all that is scraped, and in what Prometheus says of its targets."""
    mine = {row.name: row.condition for row in rows(Rendering(USUAL.intervals, selector='job="mine"'), PROBES)}
    for name, metrics in {
        "CsExporterAbsent": ("cs_build_info",),
        "CsExporterGone": ("cs_host_info", "cs_build_info"),
        "CsExporterReplicaGone": ("up", "cs_build_info"),
    }.items():
        for metric in metrics:
            assert f'{metric}{{job="mine"}}' in mine[name]


DEFECTS = {
    "each crash a page": ("CsExporterAbsent", r"keep_firing_for: \w+", "keep_firing_for: 0s"),
    "gone while it is there": ("CsExporterGone", r"\n +unless on \(instance\) cs_build_info", ""),
    "gone while another one has its hosts": ("CsExporterGone", r" unless on \(host\) cs_host_info", ""),
    "forgotten with its last scrape": ("CsExporterGone", r"last_over_time\((\w+)\[6h:10m\]\)", r"\1"),
    "any target": ("CsExporterReplicaGone", r" and on \(job, instance\) last.*?\)\)", ")"),
    "what is no target any more": ("CsExporterReplicaGone", r"up == 0 and on \(job, instance\) ", ""),
}


@pytest.mark.debian
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found(defect: str, tmp_path: Path) -> None:
    """By the proofs that the rows give."""
    name, pattern, replacement = DEFECTS[defect]
    row = next(row for row in MATRIX.rows if row.name == name)
    assert {name} == unproved(tmp_path, row, pattern, replacement)
