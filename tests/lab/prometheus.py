"""A real Prometheus that scrapes one exporter: what the end to end tests judge by, and what the demo shows.

Configured as the README tells users to, but for the intervals; rules and Alertmanagers are had for the asking. It keeps
its data in a folder of its own, which goes with it, and needs nothing from outside this machine.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.wait import wait_until

READY_DEADLINE, END_DEADLINE, ANSWER_DEADLINE = 30.0, 15.0, 20.0
JOB = "cs_exporter"
LIMITS = {"GOMEMLIMIT": "200MiB"}
"""Beyond this the collector of garbage works harder; a hundred hosts at one scrape per second need a third of it."""


class PrometheusError(Exception):
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


class Prometheus:
    """`with Prometheus(directory, target) as prometheus:` it is ready, and gone at the end.

    `directory`: where its folder `prometheus` is made, with configuration, data and log. `target`, `listen`: address
    and port of the exporter, and its own. `every`: seconds between scrapes (to the millisecond). `enter`: what makes a
    command line run somewhere else, such as a lab's `enter`.

    `rules`: files of rules, evaluated every `evaluate` seconds (default: as often as it scrapes) and read at the start
    and by `reload`. `alertmanagers`: addresses and ports of those that are told of alerts.
    """

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
    ) -> None:
        self.url = f"http://{listen}"
        self.every = every
        self._evaluate = evaluate or every
        self._rules = tuple(rules)
        self._alertmanagers = tuple(alertmanagers)
        self._listen = listen
        self._folder = directory / "prometheus"
        self._target = target
        self._argv = enter(["setpriv", "--pdeathsig", "KILL", *self._program(listen)])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises WaitedInVain with its last words if it does not."""
        self._folder.mkdir(parents=True)
        (self._folder / "prometheus.yml").write_text(json.dumps(self._configuration(), indent=2), encoding="utf-8")
        with (self._folder / "log").open("wb") as output:
            # A session of its own: Ctrl-C in a terminal is for whoever started it, and that one ends it in order.
            self._process = subprocess.Popen(
                self._argv,
                env={**os.environ, **LIMITS},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_until(self._ready, READY_DEADLINE, "Prometheus to be ready")
        except BaseException as error:
            error.add_note(self.log()[-2000:])
            self.stop()
            raise

    def stop(self) -> None:
        """End it, by force if it takes too long, and remove its folder. Harmless when it does not run."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(END_DEADLINE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

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
        status, body = self._http("POST", "/-/reload")
        if status != HTTPStatus.OK:
            raise PrometheusError(body.decode(errors="replace").strip())

    def scraped(self) -> bool:
        """Whether the exporter was there at the last scrape."""
        return [1.0] == [series.value for series in self.query("up")]

    def log(self) -> str:
        """All that it has said so far."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def _configuration(self) -> dict[str, Any]:
        interval, evaluation = (f"{math.ceil(seconds * 1000)}ms" for seconds in (self.every, self._evaluate))
        job = {"job_name": JOB, "static_configs": [{"targets": [self._target]}]}
        told = [{"static_configs": [{"targets": list(self._alertmanagers)}]}] if self._alertmanagers else []
        return {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": evaluation},
            "scrape_configs": [job],
            "rule_files": [str(file) for file in self._rules],
            "alerting": {"alertmanagers": told},
        }

    def _program(self, listen: str) -> list[str]:
        return [
            "prometheus",
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            "--storage.tsdb.retention.time=6h",
            "--storage.tsdb.retention.size=200MB",
            "--storage.tsdb.wal-segment-size=10MB",
            f"--web.listen-address={listen}",
            "--web.enable-lifecycle",
        ]

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise PrometheusError(f"Prometheus ended with status {self._process.returncode}")
        try:
            status, _ = self._http("GET", "/-/ready")
        except OSError:
            return False
        return status == HTTPStatus.OK

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        status, body = self._http("POST", f"/api/v1/{what}", urllib.parse.urlencode(parameters))
        answer: dict[str, Any] = json.loads(body)
        if status != HTTPStatus.OK:
            raise PrometheusError(f"{parameters['query']}: {answer.get('error')}")
        data: dict[str, Any] = answer["data"]
        return data

    def _http(self, method: str, path: str, form: str | None = None) -> tuple[int, bytes]:
        with closing(HTTPConnection(self._listen, timeout=ANSWER_DEADLINE)) as connection:
            headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, form, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()


def _points(values: Sequence[Sequence[Any]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(at), float(value)) for at, value in values)
