"""The symptoms about ports: each case is told once with its weight, and certificates in time."""

from __future__ import annotations

import re
from collections import Counter

from cs_exporter.probes.ports.symptoms import SYMPTOMS
from cs_exporter.probes.ports.verdicts import severity
from cs_exporter.spec import Severity


def test_a_severity_for_every_impact() -> None:
    """Whatever fails, exactly one symptom says how bad it is, and it says the same as the metric's label."""
    weights = Counter(
        (symptom.labels["severity"], symptom.severity.value) for symptom in SYMPTOMS if "severity" in symptom.labels
    )
    assert {(severity(impact).value, severity(impact).value) for impact in range(1, 11)} == set(weights)
    assert {1} == set(weights.values())


def test_only_what_stops_the_cloud_pages() -> None:
    """Ports of the highest impact, and a certificate that runs out."""
    paging = {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {"CsPortDown", "CsPortCertificateExpiresCritical"} == paging


def test_nobody_is_told_to_connect() -> None:
    """What fails may be a database or libvirt, which a connection by hand harms as much as one of ours."""
    commands = [command for one in SYMPTOMS if one.metric == "cs_port_failing" for command in one.look]
    assert [] == [one for one in commands if re.match(r"(nc|ncat|telnet|curl|openssl|nmap)\b", one)]
    assert {"ss"} <= {one.split()[0] for one in commands}
