"""The symptoms about endpoints: each failure is told once with its weight."""

from __future__ import annotations

import pytest

from cs_exporter.probes.openstack.endpoint_rows import CORE, ERROR, EndpointRow
from cs_exporter.probes.openstack.endpoint_symptoms import SYMPTOMS
from cs_exporter.spec import Severity


def test_a_severity_for_every_failure() -> None:
    """Exactly one symptom says how bad it is, and it says the same as the metric's label."""
    told = [(one.labels["severity"], one.severity.value) for one in SYMPTOMS if "severity" in one.labels]
    assert [("critical", "critical"), ("warning", "warning")] == told


@pytest.mark.parametrize(
    ("api", "state", "answered", "expected"),
    [
        ("identity", "open", True, None),
        ("identity", "refused", True, Severity.CRITICAL),
        ("identity", "refused", False, Severity.WARNING),
        ("identity", "filtered", False, None),
        ("identity", "filtered", True, Severity.CRITICAL),
        ("identity", ERROR, False, Severity.CRITICAL),
        ("network", "mute", False, Severity.CRITICAL),
        ("orchestration", "mute", True, Severity.WARNING),
    ],
)
def test_how_bad_it_is(api: str, state: str, *, answered: bool, expected: Severity | None) -> None:
    """By the service, by what it did, and by whether the exporter ever had a way there."""
    assert expected is EndpointRow(api, "public", "192.0.2.1:80", state, answered).severity


def test_the_heart_of_a_cloud() -> None:
    """Without which no guest starts; by the types that catalogs of any age have."""
    assert {"identity", "compute", "network", "image", "placement"} <= CORE
