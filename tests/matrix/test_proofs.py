"""Proofs of the rules: promtool finds all rules right, and each kind of defect that is planted in one.

A proof that passes whatever the rule says would be worth nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cs_exporter.matrix import rules
from cs_exporter.matrix.proofs import files
from cs_exporter.matrix.rules import duration, record_file
from tests.matrix.proving import KINDS, RENDERING, USUAL, promtool, stub, unproved

FILES = files(USUAL)


@pytest.mark.debian
def test_every_rule_does_what_is_proved(tmp_path: Path) -> None:
    """All files at once, each loaded with the recording rules."""
    (tmp_path / "alerts/tests").mkdir(parents=True)
    for path, text in {**rules.files(USUAL), **FILES}.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    failed, said = promtool(tmp_path / path for path in FILES)
    assert frozenset() == failed, said
    assert len(FILES) == said.count("SUCCESS")


def looks() -> dict[str, list[int]]:
    """Alert -> how many of it fire, each time that promtool looks."""
    found: dict[str, list[int]] = {}
    for text in FILES.values():
        for test in yaml.safe_load(text)["tests"]:
            for look in test.get("alert_rule_test", ()):
                found.setdefault(look["alertname"], []).append(len(look["exp_alerts"]))
    return found


def test_every_alert_is_proved_to_fire_and_not_to_fire() -> None:
    """Nobody can add one without; and only the dead man's switch is never silent."""
    counted = looks()
    rows = {row.name: row for row in USUAL.rows}
    assert sorted(rows) == sorted(counted)
    silent = [name for name, numbers in counted.items() if not any(numbers)]
    restless = [name for name, numbers in counted.items() if all(numbers)]
    assert ([], ["CsDeadMansSwitch"]) == (silent, restless)
    # Nothing scraped, the wait not over, the wait over, two dips, healed but kept, healed; place and maintenance.
    assert {name: len(row.proofs) + (7 if row.symptom else 2 * row.per_host) for name, row in rows.items()} == {
        name: len(numbers) for name, numbers in counted.items()
    }


@pytest.mark.debian
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_symptom_can_be_proved(name: str, tmp_path: Path) -> None:
    """Its rule, as it is written, does what its proof says."""
    assert frozenset() == unproved(tmp_path, stub(name))


DEFECTS = {
    "a limit too high": ("CsAbove", r"> 0\.5\b", "> 0.515"),
    "a limit too low": ("CsAbove", r"> 0\.5\b", "> 0.485"),
    "the limit itself counts": ("CsAbove", r"> 0\.5\b", ">= 0.5"),
    "the wrong side": ("CsBelow", "< 0", "> 0"),
    "a boolean turned round": ("CsFalse", "== 0", "== 1"),
    "one sign only": ("CsAbsolute", r"abs\((\w+)\)", r"\1"),
    "no age": ("CsAge", r"\(time\(\) - (\w+)\)", r"\1"),
    "a number for another series' limit": ("CsBelowSeries", r"m\w+ by \([^)]*\) \(cs_wanted\)", "3"),
    "of any label": ("CsState", r'\{state="hung"\}', ""),
    "in maintenance as well": ("CsFalse", r"\n +unless on \(host\) \(host:cs_host_maint[^\n]*", ""),
    "in maintenance, before that is recorded": ("CsAtOnce", r"max == 1 or cs_host_maintenance == 1", "max == 1"),
    "given up, before that is recorded": ("CsCountdown", r"(cs_host_state:max\{.*? == 1) or .*? == 1", r"\1"),
    "given up already": ("CsCountdown", r"\n +unless on \(host\) \(host:cs_host_state[^\n]*", ""),
    "only with a state": (
        "CsCountdown",
        r"unless (on \(host\) \(host:cs_host_state:max\{state)!~.*? == 1\)",
        r'and \1=~"Up|up"})',
    ),
    "up in one cloud's words only": ("CsCountdown", r"Up\|up", "Up"),
    "one alert for each replica": ("CsFalse", r"max by \(host, disk\) ", ""),
    "the best replica": ("CsAbove", "max by", "min by"),
    "not without a place": ("CsFalse", r"(group_left [^\n]*)\n +or on .*?\n  +\)\n", r"\1\n"),
    "without its place": ("CsFalse", r"\* on \(host\) group_left [^\n]*", ""),
    "without its file server": ("CsMount", r"\* on \(host, mountpoint\) group_left [^\n]*", ""),
    "without its management server": ("CsCountdown", r"\* on \(host, agent\) group_left [^\n]*", ""),
    "without those that use the database": ("CsDatabase", r"\* on \(host\) group_right [^\n]*", ""),
    "a server that does not name itself": ("CsServer", '"server", "[$]1"', '"server", ""'),
    "a port that names any host": ("CsPort", r"management-\.\+", ".+"),
    "a wait for each state": (
        "CsPortInAnyState",
        r"max by \(host, port_name\) \(\n",
        "max by (host, port_name, state) (\n",
    ),
    "a state that it has not always": ("CsPortInAnyState", r'state!="filtered"', 'state="none"'),
    "a state that is not told": ("CsPortInAnyState", r"count by \(state\)", "count by (host)"),
    "better in between": ("CsHung", r"stale\|gone", "none"),
    "worse, and never seen": ("CsHung", r'(over_time\(cs_stub\{state)="hung"', r'\1=~".+"'),
    "over once nobody can look": ("CsHung", r"time\(\) - host_probe[^\n]*", "vector(1) > 1)"),
    "there though the host answers": ("CsHung", r"\n +unless on \(host\) \(cs_probe_success[^\n]*", ""),
    "after a single look": ("CsHung", r"\n +and on \(host, state\) ALERTS[^\n]*", ""),
    "without its hold": ("CsHeld", " for: 30s", " for: 0s"),
    "resolved by a dip": ("CsFalse", r"\n +keep_firing_for: \w+", ""),
    "another severity": ("CsFalse", "severity: 'critical'", "severity: 'warning'"),
    "another cause": ("CsFalse", "cause: 'storage'", "cause: 'path'"),
    "another page to read": ("CsFalse", "runbook_url: '.*?'", "runbook_url: 'x'"),
    "a label that is not there": ("CsFalse", r"\$labels\.disk", "$labels.disc"),
    "a value in other words": ("CsAbove", "humanizePercentage", "humanize"),
    "nothing said of the cause": ("CsCountdown", r"\{\{ if \$found \}\}.*?\{\{ else \}\}(.*?)\{\{ end \}\}", r"\1"),
    "nothing said of the time left": ("CsFalse", r"\{\{ range printf .*?\{\{ end \}\}\{\{ end \}\}", ""),
}


@pytest.mark.debian
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(defect: str, tmp_path: Path) -> None:
    """The proof of the same rule without the defect holds."""
    name, pattern, replacement = DEFECTS[defect]
    assert {name} == unproved(tmp_path, stub(name), pattern, replacement)


@pytest.mark.debian
@pytest.mark.parametrize("runs", [-1, 1])
@pytest.mark.parametrize("field", ["for", "keep_firing_for"])
def test_a_run_too_short_or_too_long_is_found(field: str, runs: int, tmp_path: Path) -> None:
    """Waits are proved to the run: a page comes neither early nor late, and neither does its end."""
    row = stub("CsFalse")
    seconds = (row.wait if field == "for" else row.keep) + 30 * runs
    assert {row.name} == unproved(tmp_path, row, rf"( {field}): \w+", rf"\1: {duration(seconds)}")


RECORDS = {
    "a place for each replica": ("CsFalse", "topk by (host) (1, ", "("),
    "a place without its zone": ("CsFalse", "cloud_zone, ", ""),
    "a place that is forgotten": ("CsAtOnce", "or group by (host, address", "and group by (host, address"),
    "a file server that is forgotten": ("CsMount", "or group by (host, mountpoint", "and group by (host, mountpoint"),
    "clients that are forgotten": (
        "CsDatabase",
        "host_management_server:cs_mysql_client_connections:group and",
        "x and",
    ),
}


@pytest.mark.debian
@pytest.mark.parametrize("defect", RECORDS)
def test_a_defect_of_the_recording_rules_is_found(defect: str, tmp_path: Path) -> None:
    """They are loaded with the alerts, and proved by them."""
    name, right, wrong = RECORDS[defect]
    records = record_file(RENDERING)
    assert right in records
    assert {name} == unproved(tmp_path, stub(name), records=records.replace(right, wrong))


OWN = {
    "as many hosts as are allowed": ("CsProbeBlind", r"> 0\.\d+", "> 0.5"),
    "in maintenance": ("CsHostUnreachable", r"\n +unless on \(host\) \(host:cs_host_maint[^\n]*", ""),
    "before the first sweep": ("CsHostsNotPolled", r"\n +and on \(instance\)[^\n]*", ""),
}


@pytest.mark.debian
@pytest.mark.parametrize("defect", OWN)
def test_a_defect_of_an_own_row_is_found(defect: str, tmp_path: Path) -> None:
    """By the proofs that the row gives."""
    name, pattern, replacement = OWN[defect]
    row = next(row for row in USUAL.rows if row.name == name)
    assert {name} == unproved(tmp_path, row, pattern, replacement)
