"""Limits of certificates: fifteen days before the end CloudStack renews, so fourteen tell that it did not."""

from __future__ import annotations

from cs_exporter.probes.certificates.symptoms import SYMPTOMS

DAY = 86400.0


def test_when_a_certificate_is_told_of() -> None:
    """`age` is negative before the end: above minus fourteen days is within them."""
    warning, critical = (symptom.limit for symptom in SYMPTOMS[:2])
    assert isinstance(warning.value, float)
    assert isinstance(critical.value, float)
    assert (False, True) == (warning.holds(-14.5 * DAY, warning.value), warning.holds(-13.5 * DAY, warning.value))
    assert (False, True) == (critical.holds(-3 * DAY, critical.value), critical.holds(DAY, critical.value))
