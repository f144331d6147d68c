"""The recording rules: as Prometheus' style guide names them, and with the operator's selector in each."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.matrix.records import MAINTENANCE, STATE, records
from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rules import record_file
from cs_exporter.probes import DERIVED, PROBES


def test_names_are_level_metric_operation() -> None:
    """And no two are the same."""
    names = [record.name for record in records(usual(PROBES, DERIVED))]
    assert len(names) == len({*names})
    assert [] == [name for name in names if not re.fullmatch(r"[a-z_]+:cs_[a-z_]+:[a-z_]+", name)]


def test_the_selector_is_in_each() -> None:
    """Another exporter's series of that name are none of ours; what is recorded already needs none."""
    found = records(replace(usual(PROBES, DERIVED), selector='job="mine"'))
    scraped = re.compile(r"(?<![:\w])cs_\w+(?![:\w])({[^}]*})?")
    for record in found:
        assert [] == [one[0] for one in scraped.finditer(record.expression) if 'job="mine"' not in one[0]]


SCRAPED = {
    'cs_host_maintenance{host="kvm1", instance="a"}': "1x9 stale _x9",
    'cs_host_maintenance{host="kvm1", instance="b"}': "0x9 stale _x9",
    'cs_host_state{host="kvm1", state="Alert", instance="a"}': "1x9 stale _x9",
}
KEPT = {
    "maintenance that one replica does not know of": ("max by (host) (cs_host_m", "min by (host) (cs_host_m", "2m"),
    "planned work that is forgotten": ("or max by (host) (last", "and max by (host) (last", "4m"),
    "a state that is forgotten": ("or max by (host, state) (last", "and max by (host, state) (last", "4m"),
}


@pytest.mark.debian
@pytest.mark.parametrize("defect", KEPT)
def test_what_a_host_was_is_kept_while_nothing_is_scraped_of_it(defect: str, tmp_path: Path) -> None:
    """Rows that look back over some runs are judged in a gap, too; other records do otherwise."""
    right, wrong, at = KEPT[defect]
    rules = record_file(usual(PROBES, DERIVED))
    (tmp_path / "records.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "wrong.yml").write_text(rules.replace(right, wrong), encoding="utf-8")
    asked = [
        {"expr": f"count({name} == 1)", "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
        for name in (MAINTENANCE, STATE)
    ]
    inputs = [{"series": selector, "values": values} for selector, values in SCRAPED.items()]
    test = {"interval": "15s", "input_series": inputs, "promql_expr_test": asked}
    for rule_file, proved in (("records.yml", True), ("wrong.yml", False)):
        written = {"rule_files": [rule_file], "evaluation_interval": "15s", "tests": [test]}
        (tmp_path / "test.json").write_text(json.dumps(written), encoding="utf-8")
        done = subprocess.run(
            ["promtool", "test", "rules", "test.json"], cwd=tmp_path, capture_output=True, check=False
        )
        assert proved is (done.returncode == 0), done.stdout
