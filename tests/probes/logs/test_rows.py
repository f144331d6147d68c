"""Metrics of a followed log: its events once there is one, and times by the exporter's wall clock."""

from __future__ import annotations

from types import MappingProxyType

from cs_exporter.parsers.management_log import Cursor
from cs_exporter.probes.logs.reading import Event, LogReading
from cs_exporter.probes.logs.rows import log_metrics
from cs_exporter.spec import Metric, Sample

AT = Cursor(17, 0, 0)
METRICS: tuple[Metric[LogReading], ...] = log_metrics("cs_some_log", "some log", ("one", "two"))


def shown(reading: LogReading) -> dict[str, list[Sample]]:
    """The samples of each metric, by its name without what all have."""
    return {metric.name.removeprefix("cs_some_log_"): list(metric.read(reading)) for metric in METRICS}


def test_before_anything_happened() -> None:
    """There is no series of what was not yet: a host has many, and most of these would stay 0."""
    names = {metric.name.removeprefix("cs_some_log_") for metric in METRICS}
    assert {name: list[Sample]() for name in names} == shown(LogReading("/log", 100.0, 5000.0, AT))


def test_what_happened() -> None:
    """Counts, and when the newest line was first seen."""
    events = MappingProxyType({"two": Event(3, 90.0)})
    reading = LogReading("/log", 100.0, 5000.0, AT, events=events, read=70, lost=7, gaps=2, gap_at=80.0)
    assert {
        "events_total": [Sample(3.0, ("two",))],
        "last_event_timestamp_seconds": [Sample(5090.0, ("two",))],
        "read_bytes_total": [Sample(70.0)],
        "lost_bytes_total": [Sample(7.0)],
        "gaps_total": [Sample(2.0)],
        "last_gap_timestamp_seconds": [Sample(5080.0)],
    } == shown(reading)
