"""The sheet of the derived probe `cloud_discovery`: how many machines each cloud names, and how much it does not tell.

Each platform's own census asks; these series have one owner, so that alerts and panels are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cs_exporter.model import Census
from cs_exporter.spec import Cause, DerivedSpec, Latest, Limit, Metric, Op, Sample, Severity, Symptom, rows

CENSUSES = ("cloudstack_census", "openstack_census")


@dataclass(frozen=True)
class CloudDiscoveryReading:
    """By pseudo-host: machines in its latest answer, and what it does not tell."""

    machines: Mapping[str, int] = field(default_factory=dict)
    lacking: Mapping[str, int] = field(default_factory=dict)


def derive(latest: Latest, now: float) -> CloudDiscoveryReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """Count what the answers hold that are fresh."""
    found = {host: census for probe in CENSUSES for host, census in latest.of(probe, Census).items()}
    return CloudDiscoveryReading(
        {host: len(census.hosts) for host, census in found.items()},
        {host: len(census.lacking) for host, census in found.items()},
    )


METRICS: tuple[Metric[CloudDiscoveryReading], ...] = (
    rows(
        "cs_discovery_hosts",
        "Machines in the cloud's answer (from its database or API), those included that are kept out of the inventory.",
        (),
        lambda reading: [Sample(float(number), (), host) for host, number in reading.machines.items()],
    ),
    rows(
        "cs_discovery_lacking",
        "Things that the cloud, by its database or API, did not tell although they are wanted; the log names them.",
        (),
        lambda reading: [Sample(float(number), (), host) for host, number in reading.lacking.items()],
    ),
)

SYMPTOMS = (
    Symptom(
        name="CsDiscoveryLacking",
        sees="The cloud does not tell all that is wanted of its hosts.",
        metric="cs_discovery_lacking",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=3,
        severity=Severity.INFO,
        cause=Cause.MANAGEMENT,
        unit="parts",
        means="Some of it may not be read by the account, or is not there in this version; or the API is asked because "
        "the database can't be. What depends on it (expected mounts, limits from settings) stays as it was told last, "
        "or falls back to defaults.",
        look=(
            "journalctl -u cs-exporter -g 'tell everything' -n 20, on the exporter's machine",
            "cs-exporter probe cloudstack_census HOST, on the exporter's machine",
            "cs-exporter probe openstack_census HOST, on the exporter's machine",
        ),
        fix="Each missing part stands in the log, and in the reading that cs-exporter probe prints. Grant the database "
        "account what it lacks (README.md has the GRANT), or allow the API's account the list that it may not ask.",
    ),
)

SPEC: DerivedSpec[CloudDiscoveryReading] = DerivedSpec(
    name="cloud_discovery",
    question="How many machines do the clouds name, and what do they not tell?",
    inputs=CENSUSES,
    reading=CloudDiscoveryReading,
    derive=derive,
    metrics=METRICS,
    symptoms=SYMPTOMS,
)
