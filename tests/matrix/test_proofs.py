"""Proofs of the rules: promtool finds the committed rules right, and each kind of defect that is planted in one.

A proof that passes whatever the rule says would be worth nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cs_exporter.matrix.proofs import files
from cs_exporter.matrix.rules import record_file, rule_file
from tests.matrix.proving import USUAL, promtool, proved

FILES = files(USUAL)


@pytest.mark.debian
def test_every_rule_does_what_is_proved(tmp_path: Path) -> None:
    """All files at once, each loaded with the recording rules."""
    (tmp_path / "alerts/tests").mkdir(parents=True)
    for probe, rows in USUAL.by_probe().items():
        (tmp_path / f"alerts/cs_{probe}.yml").write_text(rule_file(probe, rows, USUAL.rendering), encoding="utf-8")
    (tmp_path / "alerts/cs_records.yml").write_text(record_file(USUAL.rendering), encoding="utf-8")
    for path, text in FILES.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    found = promtool(tmp_path / path for path in FILES)
    assert frozenset() == found.failed, found.said
    assert len(FILES) == found.said.count("SUCCESS")


def looks() -> dict[str, list[int]]:
    """Alert -> how many of it fire, each time that promtool looks."""
    found: dict[str, list[int]] = {}
    for text in FILES.values():
        for test in yaml.safe_load(text)["tests"]:
            for look in test["alert_rule_test"]:
                found.setdefault(look["alertname"], []).append(len(look["exp_alerts"]))
    return found


def test_every_alert_is_proved_to_fire_and_not_to_fire() -> None:
    """Nobody can add a symptom without."""
    counted = looks()
    rows = {row.name: row for row in USUAL.rows if row.symptom}
    assert sorted(rows) == sorted(counted)
    assert [] == [name for name, numbers in counted.items() if not any(numbers) or all(numbers)]
    # Nothing scraped, the wait over, two dips, healed but kept, healed; one more where there is a wait.
    assert {name: 7 if row.wait else 6 for name, row in rows.items()} == {
        name: len(numbers) for name, numbers in counted.items()
    }


DEFECTS = {
    "a limit too high": ("CsNfsServerSlow", r"> 0\.5\b", "> 0.515"),
    "a limit too low": ("CsNfsServerSlow", r"> 0\.5\b", "> 0.485"),
    "the limit itself counts": ("CsNfsServerSlow", r"> 0\.5\b", ">= 0.5"),
    "the wrong side": ("CsVxlanHeadroomNegative", " < 0", " > 0"),
    "a boolean turned round": ("CsNfsServerDown", "== 0", "== 1"),
    "one sign only": ("CsClockSkewFromFleet", r"abs\((\w+)\)", r"\1"),
    "no age": ("CsClockLastSyncOld", r"\(time\(\) - (\w+)\)", r"\1"),
    "another series' limit": ("CsGaleraTooSmall", r"min by \(host\) \(cs_galera_expected_size\)", "3"),
    "of any label": ("CsPathSlow", r'\{traffic="storage"\}', ""),
    "in maintenance as well": ("CsNfsServerDown", r"\n +unless on \(host\) \(host:cs_host_maintenance:max == 1\)", ""),
    "one alert for each replica": ("CsNfsServerDown", r"max by \(host, program, version\) ", ""),
    "the best replica": ("CsNfsServerSlow", "max by", "min by"),
    "not without a place": ("CsNfsServerDown", r"(group_left [^\n]*)\n +or on .*?\n  +\)\n", r"\1\n"),
    "without its place": ("CsNfsServerDown", r"\* on \(host\) group_left [^\n]*", ""),
    "without its file server": ("CsStorageHeartbeatLate", r"\* on \(host, mountpoint\) group_left [^\n]*", ""),
    "without its management server": ("CsAgentSessionGone", r"\* on \(host, agent\) group_left [^\n]*", ""),
    "at once": ("CsNfsServerDown", "for: 72s", "for: 0s"),
    "a run too early": ("CsNfsServerDown", "for: 72s", "for: 60s"),
    "a run too late": ("CsNfsServerDown", "for: 72s", "for: 91s"),
    "resolved by a dip": ("CsNfsServerDown", r"\n +keep_firing_for: \w+", ""),
    "resolved too early": ("CsNfsServerDown", "keep_firing_for: 90s", "keep_firing_for: 60s"),
    "resolved too late": ("CsNfsServerDown", "keep_firing_for: 90s", "keep_firing_for: 105s"),
    "another severity": ("CsNfsServerDown", "severity: 'critical'", "severity: 'warning'"),
    "another cause": ("CsNfsServerDown", "cause: 'storage'", "cause: 'path'"),
    "another page to read": ("CsNfsServerDown", "runbook_url: '.*?'", "runbook_url: 'x'"),
    "a label that is not there": ("CsNfsServerDown", r"\$labels\.program", "$labels.programm"),
    "a value in other words": ("CsNfsServerSlow", "humanizeDuration", "humanize"),
}  # fmt: skip


@pytest.mark.debian
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(defect: str, tmp_path: Path) -> None:
    """The proof of the same rule without the defect holds, as all do."""
    name, pattern, replacement = DEFECTS[defect]
    assert {name} == proved(tmp_path, name, defects={pattern: replacement}).failed
