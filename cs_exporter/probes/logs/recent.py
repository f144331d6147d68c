"""Rows about events in logs: such a row holds while the newest line of its event is recent.

A single line counts, and one that is repeated is one alert; a rate would need two looks, and lose what the first saw.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

RECENT = 300
"""Seconds for which an event is told after its newest line."""


def recent(
    metric: str,
    event: str,
    *,
    name: str,
    sees: str,
    cause: Cause,
    severity: Severity,
    means: str,
    look: tuple[str, ...],
    fix: str,
) -> Symptom:
    """The row of one event; `metric` has the times of the newest lines, by event."""
    return Symptom(
        name=name,
        sees=sees,
        metric=metric,
        labels={"event": event},
        limit=Limit(Op.BELOW, RECENT, step=1, age=True),
        runs=1,
        cause=cause,
        severity=severity,
        unit="seconds",
        means=means,
        look=look,
        fix=fix,
    )
