"""The sheet of the derived probe `clock_fleet`: whose clock is wrong, a host's or the exporter's own.

Every skew is measured against the exporter, so an exporter that is wrong makes all hosts look wrong by the same amount:
the median of all skews is then far from 0, and each host's distance from it still tells who differs from the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from cs_exporter.probes.clocks.time_drift import TimeDriftReading
from cs_exporter.spec import Cause, DerivedSpec, Latest, Limit, Metric, Op, Sample, Severity, Symptom, gauge, rows

QUORUM = 3
"""Hosts below which a median accuses nobody: of two clocks that differ, either may be the right one."""


@dataclass(frozen=True, slots=True)
class ClockFleetReading:
    """Clocks compared with each other. Seconds. Below the quorum there is neither a median nor a distance from it."""

    hosts: int  # with a known skew
    median: float | None  # of skews, host minus exporter
    from_median: Mapping[str, float]  # host -> its skew minus the median


def derive(latest: Latest, now: float) -> ClockFleetReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """Compare the skews of all hosts whose readings are fresh."""
    readings = latest.of("time_drift", TimeDriftReading)
    skews = {host: reading.skew for host, reading in readings.items() if reading.skew is not None}
    if len(skews) < QUORUM:
        return ClockFleetReading(len(skews), None, {})
    middle = median(skews.values())
    return ClockFleetReading(len(skews), middle, {host: skew - middle for host, skew in skews.items()})


def _distances(reading: ClockFleetReading) -> Iterable[Sample]:
    return tuple(Sample(distance, host=host) for host, distance in reading.from_median.items())


METRICS: tuple[Metric[ClockFleetReading], ...] = (
    rows(
        "cs_clock_skew_from_fleet_seconds",
        "The host's skew minus the median of all hosts' skews, from 3 hosts on: free of the exporter's own error.",
        (),
        _distances,
    ),
    gauge(
        "cs_clock_fleet_skew_seconds",
        "Median of all hosts' skews, from 3 hosts on; far from 0, the exporter's own clock is wrong the other way.",
        lambda reading: reading.median,
        per_host=False,
    ),
    gauge(
        "cs_clock_fleet_hosts",
        "Hosts of the median: those whose skew against the exporter is known.",
        lambda reading: reading.hosts,
        per_host=False,
    ),
)

_MEANS = (
    "KVM high availability compares heartbeat times that two hosts wrote by their own clocks: a few seconds make a "
    "living host look dead, or a dead one alive. The exporter's own clock plays no part in this value."
)
_LOOK = ("chronyc -n tracking (or timedatectl timesync-status, or ntpq -n -c rv)", "chronyc -n sources -v")
_FIX = "Start the host's NTP client, give it the servers that the other hosts use, and step it: chronyc makestep."

SYMPTOMS = (
    Symptom(
        name="CsClockSkewFromFleet",
        sees="The host's clock differs from those of the other hosts by more than 2 s.",
        metric="cs_clock_skew_from_fleet_seconds",
        limit=Limit(Op.ABOVE, 2.0, step=0.01, absolute=True),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means=_MEANS,
        look=_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsClockSkewFromFleetCritical",
        sees="The host's clock differs from those of the other hosts by more than 5 s.",
        metric="cs_clock_skew_from_fleet_seconds",
        limit=Limit(Op.ABOVE, 5.0, step=0.01, absolute=True),
        runs=2,
        cause=Cause.CLOCK,
        severity=Severity.CRITICAL,
        unit="seconds",
        means=_MEANS,
        look=_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsExporterClockWrong",
        sees="The exporter's own clock differs from those of most hosts by more than a second.",
        metric="cs_clock_fleet_skew_seconds",
        limit=Limit(Op.ABOVE, 1.0, step=0.01, absolute=True),
        runs=2,  # shorter than that of CsClockSkew, which all hosts show soon after
        cause=Cause.EXPORTER,
        severity=Severity.WARNING,
        unit="seconds",
        means="Most hosts can hardly be wrong by the same amount at once: the machine cs_exporter runs on is. Every "
        "host's cs_clock_skew_seconds is off by this, and CsClockSkew may hold for all of them without cause; "
        "cs_clock_skew_from_fleet_seconds is not touched.",
        look=("chronyc -n tracking, on the exporter", "chronyc -n sources -v, on the exporter"),
        fix="Start the NTP client of the machine cs_exporter runs on, and step its clock: chronyc makestep.",
    ),
)

SPEC: DerivedSpec[ClockFleetReading] = DerivedSpec(
    name="clock_fleet",
    question="Whose clock is wrong, a host's or the exporter's?",
    inputs=("time_drift",),
    reading=ClockFleetReading,
    derive=derive,
    metrics=METRICS,
    symptoms=SYMPTOMS,
)
