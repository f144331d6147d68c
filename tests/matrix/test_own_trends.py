"""Rows that look ahead: a trend is a ticket, and counts only together with a value that is high already."""

from __future__ import annotations

from cs_exporter.matrix.own_trends import rows
from cs_exporter.matrix.rendering import usual
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Cause, Severity


def test_it_is_no_page_and_never_a_trend_alone() -> None:
    """A quarter of an hour at least is looked at, and as much must have been seen."""
    (row,) = rows(usual(PROBES, DERIVED))
    assert (Severity.WARNING, Cause.DATABASE) == (row.severity, row.cause)
    for part in ("> 0.7", "[15m], 3600)", "offset 15m"):
        assert part in row.condition
