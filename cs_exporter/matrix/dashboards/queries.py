"""PromQL of panels: replicas aggregated away, the chosen hosts only, and no more lines than a graph can bear.

`$host`, `$platform`, `$cloud_zone` and `$__rate_interval` are Grafana's to fill in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cs_exporter.matrix.dashboards.variables import HOSTS_CHOSEN, PLACES_CHOSEN
from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering

Side = Literal["max", "min"]
"""The end of the scale that is bad: of several replicas, and of more lines than are shown, the worst counts."""

WORST_LINES = 25
"""Lines of a graph; more are neither drawn quickly nor told apart."""

LINES_OF_ONE = 100
"""The same where one host is looked at: all of its paths and ports, but not those of a whole fleet by mistake."""

WORST_CELLS = 200
"""Pairs of hosts in one table."""

FIRING = 'alertstate="firing"'
OURS = 'cause!=""'
"""What tells alerts of this matrix from others."""

OF_A_HOST = 'host!=""'
OF_NO_HOST = 'host=""'
"""Such as that the exporter is gone: whichever hosts are chosen, it is about all of them."""


def found(metric: str, rendering: Rendering, *matchers: str, per_host: bool = True) -> str:
    """The series of a metric, of the chosen hosts if it has any."""
    hosts = (HOSTS_CHOSEN,) if per_host else ()
    return selector(metric, *hosts, *matchers, also=rendering.selector)


def of_chosen(expression: str) -> str:
    """Of an expression by host, what is in the chosen platforms and zones."""
    return f"{expression} and on (host) {PLACES_CHOSEN}"


def by(keys: Sequence[str], expression: str, side: Side = "max") -> str:
    """One series for each combination of `keys`, whatever replicas and targets there are."""
    return f"{side} by ({', '.join(keys)}) ({expression})"


def worst(expression: str, side: Side = "max", count: int = WORST_LINES) -> str:
    """The `count` series that are worst off at each moment."""
    return f"{'topk' if side == 'max' else 'bottomk'}({count}, {expression})"


def per_second(series: str) -> str:
    """How fast a counter rises."""
    return f"rate({series}[$__rate_interval])"


def alerts(*matchers: str) -> str:
    """Alerts of the matrix about the chosen hosts."""
    return of_chosen(f"ALERTS{{{','.join((OURS, OF_A_HOST, HOSTS_CHOSEN, *matchers))}}}")


def counted(expression: str) -> str:
    """How many series there are, 0 if none."""
    return f"count({expression}) or vector(0)"
