"""What the demo prints while it runs: each symptom as it comes and as it goes, by the real Prometheus.

Faults that are brought about are lines too, so that the terminal is a record of what led to what.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from cs_exporter.model import Inventory
from cs_exporter.spec import Severity
from tests.demo import expressions, failing
from tests.demo.expressions import SYMPTOM_LABEL, everything_red
from tests.demo.failing import Failing
from tests.lab.prometheus import PrometheusError, Series

Labels = tuple[tuple[str, str], ...]
Seen = tuple[str, str, Labels]
"""Host, symptom, and the labels that tell its rows apart."""

SYMPTOMS = {symptom.name: symptom for symptom in expressions.SYMPTOMS}
SWEPT = "cs_first_sweep_done == 1"
UNTOLD = frozenset({"__name__", "host", "instance", "job", "state", "severity", SYMPTOM_LABEL})


class Watching:
    """`look` asks Prometheus and says what has changed.

    `query`: answers PromQL; may raise OSError and PrometheusError. `patience`: seconds, longer than between two runs,
    that what is no more than worth knowing must hold to be said.
    """

    def __init__(
        self,
        query: Callable[[str], Sequence[Series]],
        inventory: Inventory,
        patience: float,
        say: Callable[[str], None],
    ) -> None:
        self._query = query
        self._red = everything_red(inventory)
        self._patience = patience
        self._say = say
        self._failing = Failing(patience, say)
        self._since: dict[Seen, float] = {}
        self._told: set[Seen] = set()
        self._well = False

    @property
    def holding(self) -> list[str]:
        """What holds now, a line each, the worst first."""
        return [*_lines(self._since), *self._failing.holding]

    def look(self) -> None:
        """Say what came and went since the last look. Nothing is said of a Prometheus that can't answer right now."""
        try:
            swept = self._query(SWEPT)
            found = {_seen(series.labels) for series in self._query(self._red)}
            failed = [series.labels for series in self._query(failing.QUERY)]
        except (OSError, PrometheusError):
            return
        now = time.monotonic()
        if any([self._gone(found, now), self._come(found, now), self._failing.look(failed, now)]):
            self._well = False
        if swept and not found and not failed and not self._well:
            self._say("all is well: every probe has run on every host, and no symptom holds")
            self._well = True

    def _gone(self, found: set[Seen], now: float) -> bool:
        gone = {seen: self._since.pop(seen) for seen in self._since.keys() - found}
        told = self._told & gone.keys()
        self._told -= told
        for (host, name), labels in _grouped(told):
            held = now - min(gone[host, name, each] for each in labels)
            self._say(f"gone      {host:<6} {name}{_bracketed(labels)}, held for {held:.0f} s")
        return bool(told)

    def _come(self, found: set[Seen], now: float) -> bool:
        for seen in found:
            self._since.setdefault(seen, now)
        come = {seen for seen in found - self._told if now - self._since[seen] >= self._patience * _is_info(seen)}
        self._told |= come
        for line in _lines(come):
            self._say(line)
        return bool(come)


def _is_info(seen: Seen) -> bool:
    return SYMPTOMS[seen[1]].severity is Severity.INFO


def _lines(rows: Collection[Seen]) -> Iterator[str]:
    """How bad it is, where, what it is called, and what an operator sees; rows that differ in labels only are one."""
    for (host, name), labels in _grouped(rows):
        symptom = SYMPTOMS[name]
        yield f"{symptom.severity.value:<9} {host:<6} {name}: {symptom.sees}{_bracketed(labels)}"


def _grouped(rows: Collection[Seen]) -> Iterator[tuple[tuple[str, str], list[Labels]]]:
    groups: dict[tuple[str, str], list[Labels]] = defaultdict(list)
    for host, name, labels in sorted(rows, key=_rank):
        groups[host, name].append(labels)
    yield from groups.items()


def _bracketed(rows: Collection[Labels]) -> str:
    """The labels of several rows: how many they are, and each label once, with all of its values."""
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        for name, value in row:
            values[name][value] = None
    labels = ", ".join(f"{name} {' '.join(each)}" for name, each in values.items())
    if len(rows) > 1:
        return f" ({len(rows)} times: {labels})"
    return labels and f" ({labels})"


def _seen(labels: Mapping[str, str]) -> Seen:
    symptom = SYMPTOMS[labels[SYMPTOM_LABEL]]
    return labels.get("host", ""), symptom.name, tuple(_told(labels, symptom.labels))


def _told(labels: Mapping[str, str], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(labels.items()):
        if name not in UNTOLD and name not in known:
            yield name, value


def _rank(seen: Seen) -> tuple[int, Seen]:
    return ("critical", "warning", "info").index(SYMPTOMS[seen[1]].severity.value), seen
