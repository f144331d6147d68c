"""Metrics that every followed log has: its events, what was read, and what was lost.

Under names of their own for each log, since a series belongs to one probe. Counters are made when first needed, since
on most hosts most of them would say nothing for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from cs_exporter.probes.logs.reading import Event, LogReading
from cs_exporter.spec import Metric, Sample, gauge, rows

L = TypeVar("L", bound=LogReading)

_NEVER = Event()

_USUAL = (
    "Not so where a file was rolled and compressed before its last lines were read, if that happens once a day: log4j "
    "rolls so, and it is only counted."
)


def log_metrics(prefix: str, log: str, events: tuple[str, ...]) -> tuple[Metric[L], ...]:
    """The metrics of a log whose names begin so; `events`: the closed list of what is counted there."""

    def counts(reading: L) -> Iterable[Sample]:
        known = ((event, reading.events.get(event, _NEVER).count) for event in events)
        return [Sample(float(number), (event,)) for event, number in known if number]

    def times(reading: L) -> Iterable[Sample]:
        known = ((event, reading.events.get(event, _NEVER).at) for event in events)
        return [Sample(reading.epoch + at, (event,)) for event, at in known if at is not None]

    def count(name: str, help_text: str, value: Callable[[L], int]) -> Metric[L]:
        def read(reading: L) -> Iterable[Sample]:
            number = value(reading)
            return (Sample(float(number)),) if number else ()

        return rows(f"{prefix}_{name}", help_text, (), read, kind="counter")

    return (
        rows(
            f"{prefix}_events_total",
            f"Lines of each event in the {log} since the exporter began, from a closed list; made with the first.",
            ("event",),
            counts,
            kind="counter",
        ),
        rows(
            f"{prefix}_last_event_timestamp_seconds",
            f"When the newest line of an event was first seen in the {log}, by the exporter's clock; the line's own "
            "time is not read. Absent until there is one.",
            ("event",),
            times,
        ),
        count("read_bytes_total", f"Bytes of the {log} that were looked through.", lambda reading: reading.read),
        count(
            "lost_bytes_total",
            f"Bytes of the {log} that were passed over, since it grew by more than is read in one look (most_bytes).",
            lambda reading: reading.lost,
        ),
        count(
            "gaps_total",
            f"Times that lines of the {log} were lost: too many at once, or rolled away before they were read.",
            lambda reading: reading.gaps,
        ),
        gauge(
            f"{prefix}_last_gap_timestamp_seconds",
            f"When lines of the {log} were lost for the last time, by the exporter's clock. {_USUAL}",
            lambda reading: None if reading.gap_at is None else reading.epoch + reading.gap_at,
        ),
    )
