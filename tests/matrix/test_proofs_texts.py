"""The texts of alerts in the proofs: numbers as Prometheus' templates write them, and nothing left of a template."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.proofs_texts import humanised, humanised_1024, humanised_duration, humanised_percentage, told


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
    '{{ range printf "left{host=%q}" $labels.host | query }} {{ . | value | humanizeDuration }} left.{{ end }}'
)


def test_what_is_known_is_told() -> None:
    """And nothing is said of what is not."""
    assert "a in z: 50%, 0.5. 1m 5s left." == told(TEMPLATE, {"host": "a", "zone": "z"}, 0.5, 65)
    assert "a: 50%, 0.5." == told(TEMPLATE, {"host": "a"}, 0.5, None)


def test_another_template_is_refused() -> None:
    """Else its proof would state the template itself."""
    with pytest.raises(ValueError, match="no proof can be written"):
        told("{{ $externalLabels.a }}", {}, 0, None)
