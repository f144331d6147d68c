"""The stand of the end to end tests: the small cloud, the exporter as a process, and the Prometheus that scrapes it.

All questions about what is red are asked here, of Prometheus; nothing looks into the exporter.
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
from tests.demo.cloud import Cloud
from tests.demo.expressions import SYMPTOM_LABEL, everything_red
from tests.demo.fault import Row
from tests.demo.pace import Pace
from tests.e2e.judge import Failing, Moments, Span
from tests.lab.prometheus import Prometheus
from tests.lab.wait import WaitedInVain, wait_until
from tests.live.exporter import Exporter

SCRAPE = 1.0
"""Seconds between two scrapes."""

PATH_PROBES = ("path_mtu", "path_directions")

FIRST_GREEN = 60.0
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
            self.prometheus = stack.enter_context(
                Prometheus(
                    self.cloud.directory,
                    urlsplit(self.exporter.url).netloc,
                    listen=f"{lab.mgmt_address}:9090",
                    every=SCRAPE,
                    enter=lab.enter,
                )
            )
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
            wait_until(self.green, deadline, "all of the cloud to be green", SCRAPE / 2)
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
        """When each symptom held, of those that did, looked at once per scrape."""
        found: dict[Row, set[float]] = defaultdict(set)
        for series in self.prometheus.query_range(self._red, span.begin, span.end, SCRAPE):
            found[Row(series.host, series.labels[SYMPTOM_LABEL])].update(at for at, _ in series.points)
        return {row: frozenset(moments) for row, moments in found.items()}

    def failing(self, span: Span) -> Mapping[Failing, Moments]:
        """When runs failed, the same way."""
        found: dict[Failing, set[float]] = defaultdict(set)
        for series in self.prometheus.query_range("cs_probe_failing", span.begin, span.end, SCRAPE):
            key = Failing(series.host, series.labels["probe"], series.labels["reason"])
            found[key].update(at for at, _ in series.points)
        return {key: frozenset(moments) for key, moments in found.items()}

    def found(self, query: str, span: Span) -> Moments:
        """When a query found something."""
        series = self.prometheus.query_range(query, span.begin, span.end, SCRAPE)
        return frozenset(at for one in series for at, _ in one.points)

    def lag(self, span: Span) -> float:
        """How far behind its timetable the exporter was at worst, by its own account, seconds."""
        series = self.prometheus.query_range("cs_scheduler_lag_seconds", span.begin, span.end, SCRAPE)
        return max((value for one in series for _, value in one.points), default=0.0)

    def interval(self, probe: str) -> float:
        """Seconds between two runs of a probe, or of the one that it is derived from."""
        return self.pace.path_interval if probe in PATH_PROBES else self.pace.interval

    def now(self) -> float:
        """The wall clock that Prometheus stamps its samples with."""
        return time.time()
