"""What the demo prints while it runs: each symptom as it comes and as it goes, by the real Prometheus.

Faults that are brought about are lines too, so that the terminal is a record of what led to what.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from cs_exporter.model import Inventory
from tests.demo import expressions
from tests.demo.expressions import SYMPTOM_LABEL, everything_red
from tests.lab.prometheus import Prometheus, PrometheusError

Seen = tuple[str, str, str]
"""Host, symptom, and the other labels as text."""

SYMPTOMS = {symptom.name: symptom for symptom in expressions.SYMPTOMS}
UNTOLD = frozenset({"__name__", "host", "instance", "job", "state", "severity", SYMPTOM_LABEL})


class Watching:
    """`look` asks Prometheus and says what has changed."""

    def __init__(self, prometheus: Prometheus, inventory: Inventory, say: Callable[[str], None]) -> None:
        self._prometheus = prometheus
        self._red = everything_red(inventory)
        self._say = say
        self._since: dict[Seen, float] = {}
        self._well: bool | None = None

    @property
    def holding(self) -> list[str]:
        """What holds now, a line each, the worst first."""
        return [line(seen) for seen in sorted(self._since, key=_rank)]

    def look(self) -> None:
        """Say what came and went since the last look. Nothing is said of a Prometheus that can't answer right now."""
        try:
            swept = self._prometheus.query("cs_first_sweep_done == 1")
            found = {_seen(series.labels) for series in self._prometheus.query(self._red)}
        except (OSError, PrometheusError):
            return
        now = time.monotonic()
        for gone in sorted(self._since.keys() - found, key=_rank):
            host, symptom, _ = gone
            self._say(f"gone      {host:<6} {symptom} (held for {now - self._since.pop(gone):.0f} s)")
        for come in sorted(found - self._since.keys(), key=_rank):
            self._since[come] = now
            self._say(line(come))
        well = bool(swept) and not found
        if well and not self._well:
            self._say("all is well: every probe has run on every host, and no symptom holds")
        self._well = well


def line(seen: Seen) -> str:
    """How bad it is, where, what it is called, and what an operator sees."""
    host, name, labels = seen
    symptom = SYMPTOMS[name]
    return f"{symptom.severity.value:<9} {host:<6} {name}: {symptom.sees}{labels and f' ({labels})'}"


def _seen(labels: Mapping[str, str]) -> Seen:
    symptom = SYMPTOMS[labels[SYMPTOM_LABEL]]
    return labels.get("host", ""), symptom.name, ", ".join(_told(labels, symptom.labels))


def _told(labels: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    for name, value in sorted(labels.items()):
        if name not in UNTOLD and name not in known:
            yield f"{name} {value}"


def _rank(seen: Seen) -> tuple[int, Seen]:
    return ("critical", "warning", "info").index(SYMPTOMS[seen[1]].severity.value), seen
