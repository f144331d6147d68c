"""Rule files: promtool takes them, durations are as Prometheus writes them, and every alert tells host and cause."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rows import rows_of
from cs_exporter.matrix.rules import description, duration, quoted, record_file, rule_file, summary
from cs_exporter.probes import DERIVED, PROBES

USUAL = usual(PROBES, DERIVED)
ROWS = rows_of(PROBES, DERIVED, USUAL)


@pytest.mark.debian
def test_promtool_takes_them(tmp_path: Path) -> None:
    """All of them at once."""
    (tmp_path / "records.yml").write_text(record_file(USUAL), encoding="utf-8")
    (tmp_path / "alerts.yml").write_text(rule_file("all", ROWS, USUAL), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "check", "rules", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    limits = [row for row in ROWS if row.threshold is not None]
    recorded = [row for row in ROWS if row.recorded]
    assert f"{len(ROWS) + len(limits) + len(recorded)} rules found" in done.stdout


@pytest.mark.parametrize(("seconds", "expected"), [(0, "0s"), (30, "30s"), (72, "72s"), (7200, "2h"), (1.5, "1500ms")])
def test_durations(seconds: float, expected: str) -> None:
    """In the largest unit that divides them."""
    assert expected == duration(seconds)


def test_what_an_alert_tells() -> None:
    """The summary is constant; host, cause and value are in the description."""
    row = next(row for row in ROWS if row.name == "CsMysqlConnectionsHigh")
    assert "{" not in summary(row)
    for part in ("$labels.host", "$value | humanizePercentage", "limit 80 %", "Cause: database."):
        assert part in description(row)


def test_quotes() -> None:
    """Doubled, as YAML wants it."""
    assert "'it''s'" == quoted("it's")


def test_what_is_about_an_exporter_names_it() -> None:
    """There may be several, and one of them is to be looked at."""
    row = next(row for row in ROWS if row.name == "CsExporterClockWrong")
    assert "At instance {{ $labels.instance }}." in description(row)
