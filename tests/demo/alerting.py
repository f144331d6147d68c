"""The way of an alert in the small cloud: its own rules, a Prometheus, an Alertmanager, and whoever is told.

As an operator takes them into use: rules with the limits and intervals of his configuration, Alertmanager as in the
example; only what it waits for has shrunk with the cloud's pace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cs_exporter.config import load
from cs_exporter.inventory import build_inventory
from cs_exporter.matrix import rules
from cs_exporter.matrix.alertmanager import NAMES, AlertmanagerTimings, Pace
from cs_exporter.matrix.alertmanager import configuration as configuration_of
from cs_exporter.matrix.rendering import KEPT_BASES, of_inventory
from cs_exporter.matrix.whole import Matrix
from cs_exporter.probes import DERIVED, PROBES
from tests.lab.alertmanager import Alertmanager
from tests.lab.prometheus import Prometheus
from tests.lab.receiver import Receiver, receiving

REPEAT = 4 * 3600
"""Seconds after which somebody is told again; no test lasts that long."""


@dataclass(frozen=True)
class Place:
    """Addresses and ports: of the exporter that is scraped, and where Prometheus and Alertmanager listen."""

    exporter: str
    prometheus: str
    alertmanager: str


@dataclass(frozen=True)
class Alerting:
    """All of it, up. `receiver` has what anyone was told."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    receiver: Receiver


@contextmanager
def alerting(
    directory: Path, configuration: Path, place: Place, *, every: float, grouping: float, kept: float | None = None
) -> Iterator[Alerting]:
    """Up for the block. Seconds: scrapes and evaluations come `every` so many, and groups are gathered for `grouping`.

    `directory` is where all of them have their folders, `configuration` the exporter's. `kept`: for how long alerts
    outlive what was seen last (at least three intervals); else so long that the exporter may be restarted meanwhile.
    """
    with (
        receiving() as receiver,
        Alertmanager(directory, _routes(receiver.url, grouping), listen=place.alertmanager) as alertmanager,
        Prometheus(
            directory,
            place.exporter,
            listen=place.prometheus,
            every=every,
            rules=_rules(directory / "rules", matrix_of(configuration, kept)),
            alertmanagers=[place.alertmanager],
        ) as prometheus,
    ):
        yield Alerting(prometheus, alertmanager, receiver)


def matrix_of(configuration: Path, kept: float | None = None) -> Matrix:
    """The matrix of that exporter; `kept` as in `alerting`."""
    config = load(configuration)
    rendering = of_inventory(build_inventory(config), PROBES, DERIVED, config.global_.interval)
    return Matrix(rendering if kept is None else replace(rendering, base=kept / KEPT_BASES))


def _rules(folder: Path, matrix: Matrix) -> list[Path]:
    files = {folder / Path(name).name: text for name, text in rules.files(matrix).items()}
    folder.mkdir()
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    return list(files)


def _routes(url: str, grouping: float) -> str:
    """All receivers of the example are the same one."""
    soon = Pace(wait=grouping, interval=grouping, repeat=REPEAT)
    return configuration_of(
        AlertmanagerTimings(page=soon, ticket=soon, dead_man=Pace(0, grouping, REPEAT)), dict.fromkeys(NAMES, url)
    )
