"""A real Prometheus that scrapes one exporter: what the end to end tests judge by, and what the demo shows.

Configured as the README tells users to, but for the intervals; rules and Alertmanagers are had for the asking. It keeps
its data in a folder of its own, which goes with it, and needs nothing from outside this machine.
"""

from __future__ import annotations

import json
import math
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.lab.program import Program, ProgramError

JOB = "cs_exporter"


class PrometheusError(ProgramError):
    """Prometheus refused a question; says what it said."""


@dataclass(frozen=True)
class Series:
    """One series of an answer: its labels (the metric's name among them) and its points (epoch seconds, value)."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """The last point's value."""
        return self.points[-1][1]

    @property
    def host(self) -> str:
        """Its host label; empty where it has none."""
        return self.labels.get("host", "")


class Prometheus(Program):
    """`with Prometheus(directory, target) as prometheus:` it is ready, and gone at the end.

    `target`: address and port of the exporter. `every`: seconds between scrapes (to the millisecond). For `directory`,
    `listen` and `enter` see Program.

    `rules`: files of rules, evaluated every `evaluate` seconds (default: as often as it scrapes) and read at the start
    and by `reload`. `alertmanagers`: addresses and ports of those that are told of alerts. `also`: more exporters.
    `sd`: the address of a list of hosts (http_sd), each of which is scraped at port 9100 under the job `found`.
    """

    name = "Prometheus"
    error = PrometheusError

    def __init__(
        self,
        directory: Path,
        target: str,
        *,
        listen: str = "127.0.0.1:9090",
        every: float = 1.0,
        enter: Callable[[Sequence[str]], list[str]] = list,
        rules: Sequence[Path] = (),
        evaluate: float | None = None,
        alertmanagers: Sequence[str] = (),
        also: Sequence[str] = (),
        sd: str = "",
    ) -> None:
        super().__init__(directory, listen, enter)
        self.every = every
        self._evaluate = evaluate or every
        self._rules = tuple(rules)
        self._alertmanagers = tuple(alertmanagers)
        self._targets = (target, *also)
        self._sd = sd

    def argv(self) -> list[str]:
        """It keeps six hours at most."""
        return [
            "prometheus",
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            "--storage.tsdb.retention.time=6h",
            "--storage.tsdb.retention.size=200MB",
            "--storage.tsdb.wal-segment-size=10MB",
            f"--web.listen-address={self.listen}",
            "--web.enable-lifecycle",
        ]

    def files(self) -> Mapping[str, str]:
        """Its configuration."""
        return {"prometheus.yml": json.dumps(self._configuration(), indent=2)}

    def query(self, expression: str, at: float | None = None) -> list[Series]:
        """What an expression finds at a moment (epoch seconds; default: now). Raises PrometheusError."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        data = self._ask("query", query=expression, **moment)
        if data["resultType"] == "scalar":
            return [Series({}, _points([data["result"]]))]
        found = data["result"]
        return [Series(one["metric"], _points(one["values"] if "values" in one else [one["value"]])) for one in found]

    def query_range(self, expression: str, start: float, end: float, step: float | None = None) -> list[Series]:
        """The same at every `step` seconds (default: the scrape interval) from `start` to `end`, both included."""
        width = f"{step or self.every:.3f}"
        data = self._ask("query_range", query=expression, start=f"{start:.3f}", end=f"{end:.3f}", step=width)
        return [Series(one["metric"], _points(one["values"])) for one in data["result"]]

    def reload(self) -> None:
        """Read the files of rules again, and wait until they are in force. Raises PrometheusError if it refuses."""
        status, body = self.http("POST", "/-/reload")
        if status != HTTPStatus.OK:
            raise PrometheusError(body.decode(errors="replace").strip())

    def scraped(self) -> bool:
        """Whether every exporter was there at the last scrape."""
        return [1.0] * len(self._targets) == [series.value for series in self.query("up")]

    def _configuration(self) -> dict[str, Any]:
        interval, evaluation = (f"{math.ceil(seconds * 1000)}ms" for seconds in (self.every, self._evaluate))
        job = {"job_name": JOB, "static_configs": [{"targets": list(self._targets)}]}
        told = [{"static_configs": [{"targets": list(self._alertmanagers)}]}] if self._alertmanagers else []
        return {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": evaluation},
            "scrape_configs": [job, *([_found(self._sd)] if self._sd else [])],
            "rule_files": [str(file) for file in self._rules],
            "alerting": {"alertmanagers": told},
        }

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        form = urllib.parse.urlencode(parameters)
        status, body = self.http("POST", f"/api/v1/{what}", form, "application/x-www-form-urlencoded")
        answer: dict[str, Any] = json.loads(body)
        if status != HTTPStatus.OK:
            raise PrometheusError(f"{parameters['query']}: {answer.get('error')}")
        data: dict[str, Any] = answer["data"]
        return data


def _found(url: str) -> dict[str, Any]:
    """The job of hosts that are found, with what is known of them as labels."""
    labels = {"__meta_cs_host": "host", "__meta_cs_platform": "platform", "__meta_cs_cloud_zone": "cloud_zone"}
    relabelling: list[dict[str, Any]] = [{"source_labels": [one], "target_label": as_} for one, as_ in labels.items()]
    address = {"source_labels": ["__address__"], "target_label": "__address__", "replacement": "$1:9100"}
    found = [{"url": url, "refresh_interval": "1s"}]
    return {"job_name": "found", "http_sd_configs": found, "relabel_configs": [*relabelling, address]}


def _points(values: Sequence[Sequence[Any]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(at), float(value)) for at, value in values)
