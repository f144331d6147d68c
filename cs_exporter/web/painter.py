"""Paints the picture: from a snapshot and what has been seen on it to every host's state, cells and countdowns.

One pass over the board per look; a sheet is asked for evidence only, and only for metrics that its symptoms look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from types import MappingProxyType

from cs_exporter.board import FLEET, Entry, Snapshot
from cs_exporter.model import Host, Role
from cs_exporter.spec import AnyDerived, AnySpec, Cause, Metric, Severity
from cs_exporter.web.picture import (
    ALERT,
    CAUSES,
    REBOOT,
    Blind,
    Cell,
    HostView,
    Left,
    Picture,
    State,
    end,
    state_of,
    told,
)
from cs_exporter.web.watch import Seen

COUNTDOWNS = {ALERT: "cs_host_seconds_to_alert", REBOOT: "cs_host_seconds_to_reboot"}
"""What is counted down, and the metric that does."""

_OF_AGENTS = "cs_agent_seconds_to_alert"
"""The same by agent: a host of OpenStack has several, and the least is not always that of the one in trouble."""

_BITS = {cause: 1 << number for number, cause in enumerate(CAUSES)}

ONLY = {Cause.MANAGEMENT: Role.MANAGEMENT, Cause.DATABASE: Role.DATABASE}
"""Causes that lie on hosts of one role alone; on others nothing is missing where nothing is known of them."""


class Painter:
    """Makes pictures. Knows of the sheets what does not change while the exporter runs."""

    def __init__(self, probes: Sequence[AnySpec], derived: Sequence[AnyDerived]) -> None:
        sheets: tuple[AnySpec | AnyDerived, ...] = (*probes, *derived)
        self._evidence = {sheet.name: _by_cause(sheet) for sheet in sheets}
        self._blinded = {sheet.name: _causes(sheet, derived) for sheet in probes}
        self._countdowns = [
            (until, sheet.name, metric)
            for until, name in COUNTDOWNS.items() for sheet in sheets for metric in sheet.metrics if metric.name == name
        ]  # fmt: skip
        self._of_agents = [
            (sheet.name, metric) for sheet in sheets for metric in sheet.metrics if metric.name == _OF_AGENTS
        ]

    def paint(self, snapshot: Snapshot, seen: Iterable[Seen], wall: float) -> Picture:
        """The picture of a snapshot in which this has been seen; `wall`: the wall clock."""
        by_host: dict[str, list[Seen]] = {}
        for one in seen:
            by_host.setdefault(one.held.host, []).append(one)
        fleet = by_host.pop(FLEET, [])
        board = _Read(self, snapshot)
        names = [*snapshot.inventory.hosts, *(name for name in by_host if name not in snapshot.inventory.hosts)]
        views = [_view(snapshot.inventory.get(name), name, by_host.get(name, []), board, wall) for name in names]
        health = snapshot.health
        return Picture(
            wall, tuple(sorted(views, key=_worst_first)), tuple(fleet),
            health.first_sweep_done, health.config_reload_successful, board.countdowns,
        )  # fmt: skip

    def judged(self, entry: Entry, reading: object) -> Iterable[tuple[str, int]]:
        """The hosts and (the bits of) the causes of which the reading lets something be known."""
        for bit, metrics in self._evidence.get(entry.latest.probe, {}).items():
            for metric in metrics:
                samples = metric.read(reading)
                if entry.latest.host != FLEET:
                    found = next(iter(samples), None)
                    if found is not None:
                        yield found.host or entry.latest.host, bit
                        break
                else:
                    yield from ((sample.host, bit) for sample in samples if sample.host)

    def blinded(self, probe: str) -> Iterable[Cause]:
        """The causes of which less is known when this probe gets no answer."""
        return self._blinded.get(probe, ())

    def countdowns(self, readings: Mapping[str, list[tuple[str, object]]]) -> dict[str, dict[str, float]]:
        """What is counted down, by host; `readings`: by probe, hosts and their fresh readings."""
        return {
            until: {
                sample.host or host: sample.value
                for host, reading in readings.get(probe, ())
                for sample in metric.read(reading)
            }
            for until, probe, metric in self._countdowns
        }

    def agents(self, readings: Mapping[str, list[tuple[str, object]]]) -> dict[str, dict[str, float]]:
        """Seconds left of each agent, by host."""
        found: dict[str, dict[str, float]] = {}
        for probe, metric in self._of_agents:
            for host, reading in readings.get(probe, ()):
                for sample in metric.read(reading):
                    found.setdefault(sample.host or host, {})[sample.labels[0]] = sample.value
        return found


class _Read:
    """What a snapshot tells, by host: evidence, blindness, countdowns."""

    def __init__(self, painter: Painter, snapshot: Snapshot) -> None:
        self.judged: Counter[str] = Counter()
        self.blind: dict[str, list[Blind]] = {}
        self.asked: Counter[str] = Counter()
        readings: dict[str, list[tuple[str, object]]] = {}
        for entry in snapshot.entries:
            probe, host = entry.latest.probe, entry.latest.host
            reading = entry.fresh_reading(snapshot.monotonic)
            self.asked[host] += entry.supported
            if reading is not None:
                for name, bit in painter.judged(entry, reading):
                    self.judged[name] |= bit
                readings.setdefault(probe, []).append((host, reading))
            elif entry.failure is not None:
                self.blind.setdefault(host, []).append(Blind(probe, entry.failure))
        self.blinded = painter.blinded
        self.countdowns = painter.countdowns(readings)
        self._agents, self._readings = painter.agents, readings

    @cached_property
    def agents(self) -> Mapping[str, Mapping[str, float]]:
        """Seconds left of each agent, by host: read when somebody's is in trouble."""
        return self._agents(self._readings)


def _view(host: Host | None, name: str, seen: list[Seen], board: _Read, wall: float) -> HostView:
    states = sorted(((state_of(one, wall), one.since, one) for one in seen), key=lambda found: found[:2])
    blind = tuple(board.blind.get(name, ()))
    known = board.judged[name] > 0 or board.asked[name] > 0
    worst = min([state for state, _, _ in states] + [State.BLIND] * bool(blind), default=None)
    state = worst if worst is not None else State.OK if known else State.UNKNOWN
    if host is not None and host.maintenance:
        state = State.MAINTENANCE
    ordered = tuple(one for _, _, one in states)
    shown = [(state_of(one, wall), one) for one in told(ordered, wall)]
    cells = _cells(host, name, shown, board) if shown or blind else _quiet(board.judged[name])
    left = _left(name, ordered, board)
    named = left and Left(left.seconds, end(left.until, host))
    return HostView(name, host, state, ordered, cells, blind, board.asked[name], named)


def _cells(host: Host | None, name: str, shown: Iterable[tuple[State, Seen]], board: _Read) -> Mapping[Cause, Cell]:
    by_cause: dict[Cause, list[tuple[State, Seen]]] = {}
    for state, one in shown:
        by_cause.setdefault(one.held.symptom.cause, []).append((state, one))
    return {cause: _cell(host, name, by_cause.get(cause, []), cause, board) for cause in CAUSES}


@cache
def _quiet(judged: int) -> Mapping[Cause, Cell]:
    """Those of a host about which nothing is to be said; shared, since nearly all hosts are like that."""
    return MappingProxyType({cause: _OK if judged & bit else _UNKNOWN for cause, bit in _BITS.items()})


def _cell(host: Host | None, name: str, found: list[tuple[State, Seen]], cause: Cause, board: _Read) -> Cell:
    blind = next((one for one in board.blind.get(name, ()) if cause in board.blinded(one.probe)), None)
    if found:
        state, worst = found[0]
        return Cell(state, worst, len(found) - 1)
    if board.judged[name] & _BITS[cause]:
        return _OK
    wanted = ONLY.get(cause)
    if blind is not None and (wanted is None or (host is not None and wanted in host.roles)):
        return Cell(State.BLIND, blind=blind)
    return _UNKNOWN


_OK, _UNKNOWN = Cell(State.OK), Cell(State.UNKNOWN)


def _left(name: str, seen: Sequence[Seen], board: _Read) -> Left | None:
    """Only where something is wrong with what counts it down: a healthy agent's time is no news."""
    names = {one.held.symptom.name for one in seen}
    found = [Left(0.0, ALERT)] if _GONE in names else []
    found += [Left(seconds, ALERT) for seconds in _silences(name, seen, board)]
    if names & _HEARTBEAT and name in board.countdowns[REBOOT]:
        found.append(Left(board.countdowns[REBOOT][name], REBOOT))
    return min(found, key=lambda left: left.seconds, default=None)


def _silences(name: str, seen: Sequence[Seen], board: _Read) -> Iterable[float]:
    """The time left of the agents that something is wrong with; where none is named, it is all of them."""
    wrong = [one for one in seen if _is(one, Cause.AGENT)]
    agents = board.agents.get(name, {}) if wrong else {}
    named = {one.held.labels.get("agent", one.held.symptom.reporter) for one in wrong}
    return [left for agent, left in agents.items() if agent in named or "" in named]


_GONE = "CsAgentSessionGone"
"""A dropped session means Alert at once, whatever the countdown of silence says."""

_HEARTBEAT = frozenset({"CsHostRebootNear", "CsStorageHeartbeatLate"})


def _is(seen: Seen, cause: Cause) -> bool:
    symptom = seen.held.symptom
    return symptom.cause is cause and symptom.severity is not Severity.INFO


def _worst_first(view: HostView) -> tuple[object, ...]:
    """A cloud itself comes before its hosts: what is wrong with it is why many of them are in trouble."""
    part = view.host is None or view.host.cloud is None
    left = view.left.seconds if view.left else float("inf")
    critical = sum(one.held.symptom.severity is Severity.CRITICAL for one in view.seen)
    return view.state, part, left, -critical, -len(view.seen), -len(view.blind), view.name


def _by_cause(sheet: AnySpec | AnyDerived) -> Mapping[int, list[Metric[object]]]:
    """The metrics that a sheet's symptoms look at, by their cause's bit; where one has a value, there is evidence."""
    metrics = {metric.name: metric for metric in sheet.metrics}
    found: dict[int, list[Metric[object]]] = {}
    for symptom in sheet.symptoms:
        metric = metrics.get(symptom.metric)
        of_cause = found.setdefault(_BITS.get(symptom.cause, 0), [])
        if metric is not None and metric not in of_cause:
            of_cause.append(metric)
    return found


def _causes(sheet: AnySpec, derived: Sequence[AnyDerived]) -> frozenset[Cause]:
    sheets: tuple[AnySpec | AnyDerived, ...] = (sheet, *(one for one in derived if sheet.name in one.inputs))
    return frozenset(symptom.cause for one in sheets for symptom in one.symptoms)
