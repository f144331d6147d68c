"""The stand of the end to end tests: the small cloud, the exporter as a process, Prometheus, Alertmanager, a receiver.

All questions about what is red are asked here, of Prometheus; nothing looks into the exporter. The rules are those that
an operator of this cloud renders for himself, but that alerts are kept for three runs only.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from cs_exporter.config import load
from cs_exporter.inventory import build_inventory
from tests.demo.alerting import Place, alerting
from tests.demo.cloud import Cloud
from tests.demo.expressions import SYMPTOM_LABEL, everything_red
from tests.demo.fault import Row
from tests.demo.pace import Pace
from tests.demo.stand import free_port
from tests.e2e.judge import Failing, Moments, Span
from tests.lab.wait import WaitedInVain, wait_until
from tests.live.exporter import Exporter

SCRAPE = EVALUATION = 5.0
"""Seconds between two scrapes, and between two evaluations of the rules."""

GROUPING = 5.0
"""Seconds for which Alertmanager gathers what belongs together: what mutes an alert comes one evaluation after it."""

KEPT = 15.0
"""Seconds for which alerts outlive what was seen last: nobody restarts the exporter here, and the next fault waits."""

LOOK = 1.0
"""Seconds between two moments at which is asked what was red."""

DEADLINES = (
    'max by (host) (cs_agent_last_heartbeat_timestamp_seconds{source="server_socket"}'
    " + on (host, agent) group_left () cs_agent_heartbeat_limit_seconds)"
)

FIRST_GREEN = 90.0
"""Seconds within which a new exporter must call a healthy cloud healthy."""


class Stand:
    """`with Stand(pace) as stand:` all of it is up, and green."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.cloud = stack.enter_context(Cloud(self.pace))
            file = self.cloud.directory / "cs_exporter.yml"
            lab, text = self.cloud.lab, json.dumps(self.cloud.configuration())
            self.exporter = stack.enter_context(Exporter(lab, file, text, env=self.cloud.exporter_environment()))
            self._red = everything_red(build_inventory(load(file)))
            place = Place(urlsplit(self.exporter.url).netloc, *(f"127.0.0.1:{free_port()}" for _ in range(2)))
            way = alerting(self.cloud.directory, file, place, every=SCRAPE, grouping=GROUPING, kept=KEPT)
            told = stack.enter_context(way)
            self.prometheus, self.receiver = told.prometheus, told.receiver
            self.wait_for_green(FIRST_GREEN)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def green(self) -> bool:
        """Whether every probe has run on every host, none fails and no symptom holds."""
        return bool(self.prometheus.query("cs_first_sweep_done == 1")) and not (self.red_now() or self.failing_now())

    def wait_for_green(self, deadline: float) -> None:
        """Raises WaitedInVain with what is red then."""
        try:
            wait_until(self.green, deadline, "all of the cloud to be green", LOOK / 2)
        except WaitedInVain as error:
            error.add_note(f"failing: {sorted(self.failing_now())}; red: {sorted(map(str, self.red_now()))}")
            raise

    def red_now(self) -> frozenset[Row]:
        """The symptoms that hold at this moment."""
        return frozenset(Row(found.host, found.labels[SYMPTOM_LABEL]) for found in self.prometheus.query(self._red))

    def failing_now(self) -> frozenset[str]:
        """Probes whose latest run failed, with host and reason."""
        found = (series.labels for series in self.prometheus.query("cs_probe_failing"))
        return frozenset(f"{labels['probe']} on {labels['host']}: {labels['reason']}" for labels in found)

    def blind_now(self) -> frozenset[str]:
        """The hosts of which a probe's latest run failed."""
        return frozenset(found.host for found in self.prometheus.query("cs_probe_failing"))

    def finds(self, query: str) -> bool:
        """Whether a query finds something now."""
        return bool(self.prometheus.query(query))

    def red(self, span: Span) -> Mapping[Row, Moments]:
        """When each symptom held, of those that did, looked at once a second."""
        found: dict[Row, set[float]] = defaultdict(set)
        for series in self.prometheus.query_range(self._red, span.begin, span.end, LOOK):
            found[Row(series.host, series.labels[SYMPTOM_LABEL])].update(at for at, _ in series.points)
        return {row: frozenset(moments) for row, moments in found.items()}

    def failing(self, span: Span) -> Mapping[Failing, Moments]:
        """When runs failed, the same way."""
        found: dict[Failing, set[float]] = defaultdict(set)
        for series in self.prometheus.query_range("cs_probe_failing", span.begin, span.end, LOOK):
            key = Failing(series.host, series.labels["probe"], series.labels["reason"])
            found[key].update(at for at, _ in series.points)
        return {key: frozenset(moments) for key, moments in found.items()}

    def found(self, query: str, span: Span) -> Moments:
        """When a query found something."""
        series = self.prometheus.query_range(query, span.begin, span.end, LOOK)
        return frozenset(at for one in series for at, _ in one.points)

    def lag(self, span: Span) -> float:
        """How far behind its timetable the exporter was at worst, by its own account, seconds."""
        series = self.prometheus.query_range("cs_scheduler_lag_seconds", span.begin, span.end, LOOK)
        return max((value for one in series for _, value in one.points), default=0.0)

    def firing_now(self) -> frozenset[Row]:
        """The alerts that fire, those among them that outlive their symptom for a while."""
        found = self.prometheus.query('ALERTS{alertstate="firing"}')
        return frozenset(Row(series.host, series.labels["alertname"]) for series in found)

    def deadlines(self, span: Span) -> Mapping[str, tuple[tuple[float, float], ...]]:
        """By host: moments, and when the cloud could give the host up by what was known then."""
        found = self.prometheus.query_range(DEADLINES, span.begin, span.end, LOOK)
        return {series.host: series.points for series in found}

    def now(self) -> float:
        """The wall clock that Prometheus stamps its samples with."""
        return time.time()
