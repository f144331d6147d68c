"""The rows of the matrix about paths: limits, severities, and commands that an operator can type."""

from __future__ import annotations

import pytest

from cs_exporter.probes.paths.metrics import METRICS
from cs_exporter.probes.paths.path_mtu import PathMtuSettings
from cs_exporter.probes.paths.symptoms import SYMPTOMS
from cs_exporter.spec import Severity

BY_NAME = {symptom.name: symptom for symptom in SYMPTOMS}


@pytest.mark.parametrize(
    ("name", "inside", "beyond", "severity"),
    [
        ("CsPathMtuBlackhole", 0.0, 1.0, Severity.CRITICAL),
        ("CsPathMtuReduced", 0.0, 1.0, Severity.WARNING),
        ("CsPathMtuCached", 0.0, 1.0, Severity.INFO),
        ("CsPathUnreachable", 0.0, 1.0, Severity.WARNING),
        ("CsPathLoss", 0.2, 0.3, Severity.WARNING),
        ("CsPathSlow", 0.01, 0.011, Severity.WARNING),
        ("CsPathSlowManagement", 0.1, 0.101, Severity.WARNING),
        ("CsVxlanHeadroomNegative", 0.0, -1.0, Severity.CRITICAL),
        ("CsPathNotMeasured", 0.0, 1.0, Severity.INFO),
    ],
)
def test_where_each_begins(name: str, inside: float, beyond: float, severity: Severity) -> None:
    """Just inside is well, just beyond is not."""
    symptom = BY_NAME[name]
    assert isinstance(symptom.limit.value, int | float)
    assert not symptom.limit.holds(inside, symptom.limit.value)
    assert symptom.limit.holds(beyond, symptom.limit.value)
    assert severity is symptom.severity


def test_nothing_is_left_out() -> None:
    """Every row is tried above, and compares a metric of the sheet."""
    assert 9 == len(BY_NAME)
    assert {symptom.metric for symptom in SYMPTOMS} <= {metric.name for metric in METRICS}


def test_a_black_hole_pages_after_two_rounds() -> None:
    """The second one sends the expected size afresh; the row itself turns at once."""
    assert BY_NAME["CsPathMtuBlackhole"].wait(PathMtuSettings().interval) > PathMtuSettings().interval


def test_a_network_is_slow_by_what_it_carries() -> None:
    """Ten milliseconds for storage, ten times as long for management, which may stand far away; overlays have none."""
    slow = [symptom for symptom in SYMPTOMS if symptom.metric == "cs_path_rtt_seconds"]
    assert {("storage", 0.01), ("management", 0.1)} == {(one.labels["traffic"], one.limit.value) for one in slow}
