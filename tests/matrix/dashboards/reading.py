"""The dashboards as Grafana reads them: panels and queries out of the JSON, with the variables filled in.

Nothing here looks at how the JSON was made.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cs_exporter.matrix.dashboards.files import FOLDER, files
from cs_exporter.matrix.whole import Matrix
from tests.lab.prometheus import Prometheus
from tests.lab.wait import WaitedInVain, wait_until

ALL = ".*"
FILLED_IN = {"$host": ALL, "$cloud_zone": ALL, "$__rate_interval": "15s"}
"""What Grafana puts in the place of its variables, all hosts being chosen; `$platform` aside."""


@dataclass(frozen=True)
class Asked:
    """One query of one panel. `now`: only its value at one moment is asked for."""

    dashboard: str
    panel: str
    expression: str
    now: bool

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.expression}"


def dashboards(matrix: Matrix) -> list[dict[str, Any]]:
    """Each dashboard's JSON."""
    return [json.loads(text) for path, text in files(matrix).items() if path.startswith(FOLDER)]


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels of one, headings left out and those that are folded in."""
    for one in dashboard["panels"]:
        if one["type"] == "row":
            yield from one["panels"]
        else:
            yield one


def filled_in(expression: str, platform: str = ALL) -> str:
    """An expression as Prometheus is asked it, when that platform is chosen."""
    for variable, value in {**FILLED_IN, "$platform": platform}.items():
        expression = expression.replace(variable, value)
    return expression


def every_query(matrix: Matrix, platform: str = ALL) -> list[Asked]:
    """All queries of all panels, when that platform is chosen; always in the same order."""
    return [
        Asked(dashboard["uid"], panel["title"], filled_in(target["expr"], platform), target["instant"])
        for dashboard in dashboards(matrix)
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]


def still_empty(prometheus: Prometheus, queries: Sequence[Asked], patience: float) -> list[str]:
    """The queries that find nothing, however often they are asked within so many seconds."""
    left = list(queries)

    def none_left() -> bool:
        left[:] = [asked for asked in left if not finds(prometheus, asked)]
        return not left

    with contextlib.suppress(WaitedInVain):
        wait_until(none_left, patience, "every query to find something", 1)
    return list(map(str, left))


def finds(prometheus: Prometheus, asked: Asked) -> bool:
    """Whether it finds something now, or within the last seconds if it is a graph's."""
    if asked.now:
        return bool(prometheus.query(asked.expression))
    now = time.time()
    return bool(prometheus.query_range(asked.expression, now - 3, now))
