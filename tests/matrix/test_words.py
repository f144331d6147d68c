"""Durations, values and limits as people say them."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.matrix.words import limited, quantity, spoken

ROWS = {row.name: row for row in usual_matrix().rows}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "at once"),
        (0.05, "0.05 s"),
        (53.99999999999999, "54 s"),
        (59.9999, "1 min"),
        (108, "1 min 48 s"),
        (7200, "2 h"),
        (1_209_600, "14 d"),
        (90_061, "1 d 1 h"),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    """At most two units, and no decimals that nobody meant."""
    assert expected == spoken(seconds)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1, "boolean", "1"),
        (0.8, "ratio", "80 %"),
        (0, "seconds", "0 s"),
        (-90, "seconds", "-1 min 30 s"),
        (3, "views", "3 views"),
    ],
)
def test_values(value: float, unit: str, expected: str) -> None:
    """With their unit."""
    assert expected == quantity(value, unit)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsMysqlConnectionsHigh", "above 80 %"),
        ("CsClockSkew", "above 2 s either way"),
        ("CsClockLastSyncOld", "more than 1 h 15 min ago"),
        ("CsPortCertificateExpires", "less than 14 d ahead"),
        ("CsGaleraTooSmall", "below cs_galera_expected_size"),
        ("CsNfsServerDown", "equal to 0"),
        ("CsDeadMansSwitch", ""),
    ],
)
def test_limits(name: str, expected: str) -> None:
    """A number, an age, another series, or none."""
    assert expected == limited(ROWS[name])
