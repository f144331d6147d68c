"""The stage of a replay: real probes, derived probes and limits, a clock that a test moves second by second.

What an operator hears is worked out as Prometheus and Alertmanager would: a symptom that held at every second of its
alert's wait, that the cloud's own verdict has not overtaken, and that no other alert mutes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cs_exporter.board import FLEET, Board
from cs_exporter.derive import latest_of
from cs_exporter.matrix.inhibitions import INHIBITIONS
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason
from cs_exporter.ports import Io, Last, Previous
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.runner import run_derived, run_once
from cs_exporter.spec import AnyDerived, AnySpec, Severity
from cs_exporter.symptoms import Holding, holding

R = TypeVar("R")

EPOCH = 1_795_250_000.0
ROWS: Mapping[str, Row] = {row.name: row for row in usual_matrix().rows}
UP = frozenset({"Up", "up"})
RUN = 25.0
"""Seconds of real time after which a run is ended; nothing here takes as long."""

_ASIDE = frozenset({"severity", "source", "state", "management_server", "cause"})
"""Labels that do not say what an alert is about."""


@dataclass
class StageClock:
    """ports.Clock; `now`: seconds since the beginning."""

    now: float = 0.0

    def time(self) -> float:
        """Wall clock."""
        return EPOCH + self.now

    def monotonic(self) -> float:
        """Monotonic clock."""
        return 1000.0 + self.now


@dataclass(frozen=True, order=True, slots=True)
class Alert:
    """An alert by what tells it from others: `about` has the values of its labels that say what it is about."""

    name: str
    host: str
    about: tuple[str, ...] = ()


@dataclass
class Course:
    """What was red, and what was heard: alert -> the seconds at which it was. `muted`: it would have been."""

    red: dict[Alert, list[int]] = field(default_factory=lambda: defaultdict(list))
    heard: dict[Alert, list[int]] = field(default_factory=lambda: defaultdict(list))
    muted: dict[Alert, list[int]] = field(default_factory=lambda: defaultdict(list))

    def first(self, name: str, host: str = "") -> int:
        """When an alert of that name (about that host) was heard first. Raises AssertionError where it never was."""
        seconds = [found[0] for one, found in self.heard.items() if one.name == name and host in {"", one.host}]
        assert seconds, f"nobody heard {name} of {host or 'anybody'}; heard was {self.told()}"
        return min(seconds)

    def told(self, *severities: Severity) -> dict[str, set[str]]:
        """Name -> hosts, of all that was heard; without severities, of pages and tickets."""
        wanted = severities or (Severity.CRITICAL, Severity.WARNING)
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.heard:
            if ROWS[one.name].severity in wanted:
                found[one.name].add(one.host)
        return dict(found)

    def ended(self, second: int) -> bool:
        """Whether nothing was heard any more from then on."""
        return not [one for one, found in self.heard.items() if found[-1] >= second]


class Stage:
    """A cloud that is polled. `io_of` gives what a run is given; `asked`: which hosts each probe asks, by names.

    `phase`: at which second of its interval each probe runs.
    """

    def __init__(
        self,
        clock: StageClock,
        hosts: Iterable[Host],
        asked: Mapping[str, Sequence[str]],
        io_of: Callable[[Host, Previous], Io],
        phase: int = 0,
    ) -> None:
        self.clock = clock
        self.board = Board(Inventory({host.name: host for host in hosts}))
        self.course = Course()
        self._io_of = io_of
        self._phase = phase
        self._runs = [(_spec(name), self.board.inventory.hosts[host]) for name in asked for host in asked[name]]
        self._since: dict[Alert, int] = {}
        self._fired: dict[Alert, tuple[int, Mapping[str, str]]] = {}

    async def second(self) -> None:
        """All that is due at the clock's second, and a look at what is red then."""
        landed = set[str]()
        for spec, host in self._runs:
            interval = host.settings[spec.name].interval
            if (self.clock.now - self._phase) % interval == 0:
                outcome = await run_once(spec, host, self._io_of(host, self._previous(spec.name, host.name)), RUN)
                self._land(outcome, interval)
                landed.add(spec.name)
        self._derive(landed)
        self._judge()

    def value(self, metric: str, host: str, *labels: str) -> float | None:
        """What a metric shows now; `labels`: the values of all its labels, in order. None: it has no such series."""
        return self.samples(metric).get((host, *labels))

    def samples(self, metric: str) -> Mapping[tuple[str, ...], float]:
        """All series of a metric now: host and label values -> value."""
        sheets: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
        specs = {spec.name: spec for spec in sheets}
        now = self.clock.monotonic()
        return {
            (sample.host or entry.latest.host, *sample.labels): sample.value
            for entry in self.board.snapshot(now).entries
            if (reading := entry.fresh_reading(now)) is not None
            for one in specs[entry.latest.probe].metrics
            if one.name == metric
            for sample in one.read(reading)
        }

    def failures(self) -> dict[str, Reason]:
        """Probe and host -> why its latest run failed."""
        entries = self.board.snapshot(self.clock.monotonic()).entries
        return {f"{one.latest.probe} {one.latest.host}": one.failure.reason for one in entries if one.failure}

    def _land(self, outcome: Outcome, interval: float) -> None:
        bug = isinstance(outcome.result, Failure) and outcome.result.reason is Reason.BUG
        assert not bug, f"{outcome.probe} of {outcome.host}: {outcome.result}"
        self.board.land(outcome, interval)

    def _derive(self, landed: set[str]) -> None:
        """In the register's order, and again for those that stand on another derived one."""
        for spec in DERIVED:
            if landed & {*spec.inputs}:
                latest = latest_of(self.board, spec, self.clock.monotonic(), self.clock.time())
                self._land(run_derived(spec, latest, FLEET, self.clock), 15.0)
                landed.add(spec.name)

    def _judge(self) -> None:
        now = int(self.clock.now)
        snapshot = self.board.snapshot(self.clock.monotonic(), self.clock.time())
        held = holding(snapshot, (*PROBES, *DERIVED), self.clock.time())
        red = {_alert(one): one for one in held}
        self._since = {one: self._since.get(one, now) for one in red}
        given_up = self._given_up()
        for one, found in red.items():
            overtaken = found.symptom.countdown and found.host in given_up
            if now - self._since[one] >= ROWS[one.name].wait and not overtaken:
                self._fired[one] = now, _labels(found) | self._reported(found)
        firing = {one: labels for one, (last, labels) in self._fired.items() if now - last <= ROWS[one.name].keep}
        muted = set(_muted(firing))
        for one in red:
            self.course.red[one].append(now)
        for one in firing:
            (self.course.muted if one in muted else self.course.heard)[one].append(now)

    def _reported(self, found: Holding) -> dict[str, str]:
        """What the alert is joined with: the agent's cell, and whether its verdict is doubtful."""
        reporter = found.symptom.reporter
        agent = found.labels["agent"] if reporter == "agent" else reporter
        about = self.samples("cs_openstack_agent_info") if reporter else ()
        return next(
            (
                {"cell": cell, "verdict": verdict}
                for host, name, cell, verdict in about
                if (host, name) == (found.host, agent)
            ),
            {},
        )

    def _given_up(self) -> frozenset[str]:
        """Hosts of which the cloud says something else than that they are up."""
        reading = next(
            (one.reading for one in self.board.snapshot(0).entries if one.latest.probe == "cloud_hosts"), None
        )
        states = next(metric for spec in DERIVED for metric in spec.metrics if metric.name == "cs_host_state")
        found = states.read(reading) if reading is not None else ()
        return frozenset(one.host for one in found if one.host and one.labels[0] not in UP)

    def _previous(self, probe: str, host: str) -> Previous:
        def previous(kind: type[R], /) -> Last[R] | None:
            entry = self.board.entry(probe, host)
            if entry is None or not isinstance(entry.reading, kind):
                return None
            return Last(entry.reading, entry.reading_monotonic)

        return previous


def settings() -> dict[str, object]:
    """Every probe's, by default."""
    return {spec.name: spec.settings() for spec in PROBES}


def _spec(name: str) -> AnySpec:
    return next(spec for spec in PROBES if spec.name == name)


def _alert(found: Holding) -> Alert:
    about = tuple(value for name, value in found.labels.items() if name not in _ASIDE)
    return Alert(found.symptom.name, found.host, about)


def _labels(found: Holding) -> dict[str, str]:
    """As the alert has them; all hosts of a replay are of one platform."""
    row = ROWS[found.symptom.name]
    own = {"alertname": row.name, "severity": row.severity.value, "cause": row.cause.value, "host": found.host}
    return {**found.symptom.labels, **found.labels, **row.labels, **own, "platform": "os1"}


def _muted(firing: Mapping[Alert, Mapping[str, str]]) -> Iterator[Alert]:
    """Those that reach nobody, for another one fires. What may be source and target of a rule it does not mute."""
    for inhibition in INHIBITIONS:
        sources = [labels for labels in firing.values() if inhibition.may_mute(labels)]
        targets = [(one, labels) for one, labels in firing.items() if inhibition.may_be_muted(labels)]
        for target, theirs in targets:
            if not inhibition.may_mute(theirs) and any(inhibition.may_equal(ours, theirs) for ours in sources):
                yield target
