"""Proofs that rows give: completed with what a target's series and an alert have besides."""

from __future__ import annotations

from dataclasses import replace

import yaml

from cs_exporter.matrix.proofs_given import given, scraped
from cs_exporter.matrix.rows import Proof
from tests.matrix.proving import RENDERING, USUAL

ROW = next(row for row in USUAL.rows if row.name == "CsProbeBlind")


def test_what_is_scraped_has_a_targets_labels() -> None:
    """Its own are its own, and a recorded series has none."""
    found = scraped('a{b="c\\"}",instance="mine"}', USUAL.rendering)
    assert found.startswith("a{")
    for part in ('b="c\\"}"', 'instance="mine"', 'pod="cs-a"'):
        assert part in found
    assert 'level:a:max{b="c"}' == scraped('level:a:max{b="c"}', USUAL.rendering)
    assert 'pod="cs-a"' in scraped("a", USUAL.rendering)


def test_the_alert_is_stated_whole() -> None:
    """With what the row adds to every alert, and its texts."""
    proof = Proof("it does", {"a": "1x9"}, ({"probe": "p"},), at="9m", value=0.5)
    (test,) = yaml.safe_load("\n".join(given(replace(ROW, proofs=(proof,)), USUAL.rendering)))
    (look,) = test["alert_rule_test"]
    assert ("CsProbeBlind: it does", "9m", ["1x9"]) == (
        test["name"], look["eval_time"], [series["values"] for series in test["input_series"]]
    )  # fmt: skip
    (alert,) = look["exp_alerts"]
    assert {"probe": "p", "severity": "critical", "cause": "reachability", "blind": "true"} == alert["exp_labels"]
    assert {"summary", "description", "runbook_url"} == {*alert["exp_annotations"]}
    assert "50%" in alert["exp_annotations"]["description"]


def test_nothing_need_be_scraped_and_nothing_fire() -> None:
    """Absence can be proved, and so can silence."""
    (test,) = yaml.safe_load("\n".join(given(replace(ROW, proofs=(Proof("it does not", {}, ()),)), USUAL.rendering)))
    assert ([], []) == (test["input_series"], test["alert_rule_test"][0]["exp_alerts"])


def test_what_waits_for_longer_than_the_proof_takes_is_not_stated() -> None:
    """As with an operator's slow probes; that it does not fire is true all the same."""
    slow = replace(ROW, wait=3600, proofs=(Proof("it does", {}, ({},)), Proof("it does not", {}, ())))
    (test,) = yaml.safe_load("\n".join(given(slow, RENDERING)))
    assert f"{ROW.name}: it does not" == test["name"]


def test_what_is_scraped_is_what_the_operator_selects() -> None:
    """Whatever the row says of the job."""
    assert 'job="mine"' in scraped('a{job="cs"}', replace(RENDERING, selector='job="mine"'))


def test_a_row_about_hosts_is_proved_with_place_and_maintenance() -> None:
    """As every symptom's row is."""
    row = next(row for row in USUAL.rows if row.name == "CsCollectorOutdated")
    tests = yaml.safe_load("\n".join(given(row, RENDERING)))
    placed, muted = (test["alert_rule_test"][0]["exp_alerts"] for test in tests[-2:])
    assert ("zone1", []) == (placed[0]["exp_labels"]["cloud_zone"], muted)
