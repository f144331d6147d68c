"""The sheet of the derived probe `clock_fleet`: whose clock is wrong, a host's or the exporter's own.

Every skew is measured against the exporter, so an exporter that is wrong makes all hosts look wrong by the same amount:
the median of all skews is then far from 0, and each host's distance from it still tells who differs from the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from cs_exporter.probes.clocks.fleet_symptoms import SYMPTOMS
from cs_exporter.probes.clocks.pools import Measured, apart
from cs_exporter.probes.clocks.time_drift import TimeDriftReading
from cs_exporter.spec import DerivedSpec, Latest, Metric, Sample, gauge, rows

QUORUM = 3
"""Hosts below which a median accuses nobody: of two clocks that differ, either may be the right one."""


@dataclass(frozen=True, slots=True)
class ClockFleetReading:
    """Clocks compared with each other. Seconds. Below the quorum there is neither a median nor a distance from it."""

    hosts: int  # with a known skew
    median: float | None  # of skews, host minus exporter
    from_median: Mapping[str, float]  # host -> its skew minus the median
    in_pool: Mapping[str, float]  # host -> how far it is from a host of its pool that is nearer to the median


def derive(latest: Latest, now: float) -> ClockFleetReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """Compare the skews of all hosts whose readings are fresh; below the quorum the exporter is whom one believes."""
    readings = latest.of("time_drift", TimeDriftReading)
    skews = {host: reading.skew for host, reading in readings.items() if reading.skew is not None}
    clocks = {host: Measured(host, skew, readings[host].skew_uncertainty) for host, skew in skews.items()}
    middle = median(skews.values()) if len(skews) >= QUORUM else None
    in_pool = apart(latest.inventory, clocks, right=middle or 0.0)
    distances = {} if middle is None else {host: skew - middle for host, skew in skews.items()}
    return ClockFleetReading(len(skews), middle, distances, in_pool)


def _by_host(
    values: Callable[[ClockFleetReading], Mapping[str, float]],
) -> Callable[[ClockFleetReading], Iterable[Sample]]:
    return lambda reading: tuple(Sample(value, host=host) for host, value in values(reading).items())


METRICS: tuple[Metric[ClockFleetReading], ...] = (
    rows(
        "cs_clock_skew_from_fleet_seconds",
        "The host's skew minus the median of all hosts' skews, from 3 hosts on: free of the exporter's own error.",
        (),
        _by_host(lambda reading: reading.from_median),
    ),
    rows(
        "cs_clock_skew_from_pool_seconds",
        "By how much the host's clock differs at least from that of a hypervisor that shares an NFS pool with it (same "
        "server and export of their mounts) and is nearer to the fleet's median, or below 3 hosts to the exporter.",
        (),
        _by_host(lambda reading: reading.in_pool),
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

SPEC: DerivedSpec[ClockFleetReading] = DerivedSpec(
    name="clock_fleet",
    question="Whose clock is wrong, a host's or the exporter's?",
    inputs=("time_drift",),
    reading=ClockFleetReading,
    derive=derive,
    metrics=METRICS,
    symptoms=SYMPTOMS,
)
