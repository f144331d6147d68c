"""The texts of alerts in the proofs: numbers as Prometheus' templates write them, and nothing left of a template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cs_exporter.matrix import records
from cs_exporter.matrix.proofs_texts import humanised, humanised_1024, humanised_duration, humanised_percentage, told
from cs_exporter.matrix.rules import description
from tests.matrix.proving import promtool, stub


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        *((0, "0s"), (0.06, "60ms"), (-0.00051, "-510us"), (1, "1s"), (59.99, "59.99s")),
        *((60, "1m 0s"), (-75.9, "-1m 15s"), (4501, "1h 15m 1s"), (-1206000, "-13d 23h 0m 0s")),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    """Whole seconds from a minute on; parts that are 0 stay below the largest."""
    assert expected == humanised_duration(seconds)


def test_other_numbers() -> None:
    """With four digits, and prefixes."""
    assert ("81%", "100.1%") == (humanised_percentage(0.81), humanised_percentage(1.0009))
    assert ("-1", "1023", "1.5ki", "2Mi") == tuple(map(humanised_1024, (-1, 1023, 1536, 2 * 1024**2)))
    assert ("0", "-5m", "999", "1.234k") == tuple(map(humanised, (0, -0.005, 999, 1234)))


TEMPLATE = (
    "{{ $labels.host }}{{ with $labels.zone }} in {{ . }}{{ end }}: {{ $value | humanizePercentage }}, {{ $value }}."
    '{{ range printf "left{host=%q}" $labels.host | query }} {{ if lt (. | value) 0.0 }}'
    'Over by {{ . | value | humanizeDuration | reReplaceAll "^-" "" }}.{{ else }}'
    "{{ . | value | humanizeDuration }} left.{{ end }}{{ end }}"
)


@pytest.mark.parametrize(
    ("left", "expected"), [(65, " 1m 5s left."), (0, " 0s left."), (-5, " Over by 5s."), (-0.25, " Over by 250ms.")]
)
def test_time_that_is_left_is_told(left: float, expected: str) -> None:
    """And once it is over, since when."""
    assert f"a in z: 50%, 0.5.{expected}" == told(TEMPLATE, {"host": "a", "zone": "z"}, 0.5, left)


def test_nothing_is_said_of_what_is_not_known() -> None:
    """Not even a blank."""
    assert "a: 50%, 0.5." == told(TEMPLATE, {"host": "a"}, 0.5, None)


@pytest.mark.debian
@pytest.mark.parametrize("left", [65.0, 0.0, -5.0, -0.25, -75.0, None])
def test_prometheus_writes_the_same(left: float | None, tmp_path: Path) -> None:
    """Of the time that is left on the template as it is."""
    template, labels = description(stub("CsHeld")), {"host": "h", "disk": "d"}
    told_by_us = told(template, labels, 1, left)
    assert told_by_us == told_by_us.rstrip()
    alert = {"alert": "CsHeld", "expr": "m", "annotations": {"description": template}}
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "a", "rules": [alert]}]}))
    series = [{"series": 'm{host="h",disk="d"}', "values": "1"}]
    series += [] if left is None else [{"series": f'{records.LEFT}{{host="h"}}', "values": str(left)}]
    expected = [{"exp_labels": labels, "exp_annotations": {"description": told_by_us}}]
    case = {"input_series": series, "alert_rule_test": [{"alertname": "CsHeld", "exp_alerts": expected}]}
    (tmp_path / "test.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [case]}))
    failed, said = promtool([tmp_path / "test.yml"])
    assert (frozenset(), True) == (failed, "SUCCESS" in said), said


def test_another_template_is_refused() -> None:
    """Else its proof would state the template itself."""
    with pytest.raises(ValueError, match="no proof can be written"):
        told("{{ $externalLabels.a }}", {}, 0, None)
