"""How the matrix speaks to people: durations, values with their units, limits and severities as words.

One place, so that a runbook, the matrix page and the command line say the same of a row.
"""

from __future__ import annotations

from cs_exporter.matrix.rows import Row
from cs_exporter.spec import Limit, Op, Severity

SEVERITIES = {
    Severity.CRITICAL: "critical: it pages somebody now",
    Severity.WARNING: "warning: a ticket, for working hours",
    Severity.INFO: "info: context, nobody is told",
}

_STEPS = (("d", 86400), ("h", 3600), ("min", 60))
_SIDES = {Op.ABOVE: "above", Op.BELOW: "below", Op.EQUALS: "equal to"}
_AGES = {Op.ABOVE: "more than", Op.BELOW: "less than", Op.EQUALS: "exactly"}
_PERCENT = 100


def spoken(seconds: float) -> str:
    """A duration as one says it: `1 min 48 s`, `2 h`, `0.05 s`, `at once` for none."""
    if seconds == 0:
        return "at once"
    if round(seconds) < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.3g} s"
    left, parts = round(seconds), []
    for unit, size in _STEPS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join([*parts, *([f"{left} s"] if left else [])][:2])


def quantity(value: float, unit: str) -> str:
    """A value with its unit; seconds of more than a minute as one says them, ratios in per cent."""
    if unit == "boolean":
        return f"{value:g}"
    if unit == "ratio":
        return f"{value * _PERCENT:g} %"
    if unit == "seconds":
        sign = "-" if value < 0 else ""
        return f"{sign}{spoken(abs(value))}" if value else "0 s"
    return f"{value:g} {unit}"


def limited(row: Row) -> str:
    """When a row's value is beyond its limit, such as `above 80 %`; empty where the row has none."""
    limit = row.limit
    if limit is None:
        return ""
    if row.threshold is None:
        return f"{_SIDES[limit.op]} {limit.value}"
    if limit.age:
        return _aged(limit, row.threshold)
    either = " either way" if limit.absolute else ""
    return f"{_SIDES[limit.op]} {quantity(row.threshold, row.unit)}{either}"


def _aged(limit: Limit, threshold: float) -> str:
    if threshold >= 0:
        return f"{_AGES[limit.op]} {spoken(threshold)} ago"
    side = {Op.ABOVE: "less than", Op.BELOW: "more than", Op.EQUALS: "exactly"}[limit.op]
    return f"{side} {spoken(-threshold)} ahead"
