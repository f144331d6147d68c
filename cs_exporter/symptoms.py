"""Which symptoms hold on the board: a pure function, for `probe`, the pages, the tests and the status page.

One judge for all of them, so that a terminal, a page and a panel never disagree about a host.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cs_exporter.board import FLEET, Snapshot
from cs_exporter.limits import Limits, in_force
from cs_exporter.spec import AnyDerived, AnySpec, Metric, Symptom

Series = tuple[tuple[str, ...], float]
"""A sample: its label values, of a metric per host the host first, and its value."""

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A symptom beyond its limit now; how long it has been so is Prometheus's business."""

    symptom: Symptom
    host: str
    labels: Mapping[str, str]
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A series that is beyond its symptom's limit. `value`: what was compared, such as an age in seconds."""

    symptom: Symptom
    labels: Labels
    value: float
    limit: float


class Judge:
    """What the sheets' symptoms compare; prepared once, since pages are judged often."""

    def __init__(self, sheets: Iterable[AnySpec | AnyDerived]) -> None:
        """A symptom whose metric or limit is of another sheet never holds."""
        sheets = tuple(sheets)
        self.symptoms = tuple(symptom for sheet in sheets for symptom in sheet.symptoms)
        self.names = {metric.name: names_of(metric) for sheet in sheets for metric in sheet.metrics}
        self.by_metric: Mapping[str, Sequence[Symptom]] = _by_metric(self.symptoms)
        self.limiting = {found for symptom in self.symptoms if isinstance(found := symptom.limit.value, str)}

    def session(self, limits: Limits, now: float) -> Session:
        """Judges the series of one moment; `now` is the wall clock, for symptoms about an age."""
        return Session(self, limits, now)


def _by_metric(symptoms: Iterable[Symptom]) -> Mapping[str, Sequence[Symptom]]:
    found: dict[str, list[Symptom]] = defaultdict(list)
    for symptom in symptoms:
        found[symptom.metric].append(symptom)
    return dict(found)


def names_of(metric: Metric[object]) -> Labels:
    """The names of a metric's labels, the host's included."""
    return ("host", *metric.labels) if metric.per_host else metric.labels


@dataclass
class Session:
    """One moment's series, judged as they come, so that a page need not hold all of them at once.

    Only those that are compared with other series are kept until all are there.
    """

    judge: Judge
    limits: Limits
    now: float
    _found: list[Verdict] = field(default_factory=list)
    _waiting: list[tuple[Symptom, Sequence[Series]]] = field(default_factory=list)
    _limiting: dict[str, list[Series]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, metric: str, series: Sequence[Series]) -> None:
        """Take in series of a metric; all of it, in one call or in several."""
        if metric in self.judge.limiting:
            self._limiting[metric].extend(series)
        for symptom in self.judge.by_metric.get(metric, ()):
            sought = self._with_labels(symptom, series)
            if isinstance(self.limits.of_most(symptom), str):
                self._waiting.append((symptom, sought))
            else:
                self._found.extend(self._beyond(symptom, sought, {}))

    def verdicts(self) -> Sequence[Verdict]:
        """All that is beyond its limit, once everything was heard."""
        for symptom, series in self._waiting:
            self._found.extend(self._beyond(symptom, series, self._limits_of(symptom)))
        self._waiting.clear()
        return self._found

    def _with_labels(self, symptom: Symptom, series: Sequence[Series]) -> Sequence[Series]:
        names = self.judge.names[symptom.metric]
        for name, wanted in symptom.labels.items():
            place = names.index(name)
            series = [one for one in series if one[0][place] == wanted]
        return series

    def _beyond(self, symptom: Symptom, series: Iterable[Series], limits: Mapping[Labels, float]) -> Iterator[Verdict]:
        most, own = self.limits.of_most(symptom), self._own(symptom)
        holds, age = symptom.limit.holds, symptom.limit.age
        usual = None if isinstance(most, str) else most
        for labels, value in series:
            limit = limits.get(labels) if usual is None else usual
            if own and labels[0] in own:
                limit = own[labels[0]]
            compared = self.now - value if age else value
            if limit is not None and holds(compared, limit):
                yield Verdict(symptom, labels, compared, limit)

    def _own(self, symptom: Symptom) -> Mapping[str, float]:
        """The hosts' own limits; of the fleet and of the exporter itself there is one only."""
        per_host = self.judge.names[symptom.metric][:1] == ("host",)
        return self.limits.own.get(symptom.name, {}) if per_host else {}

    def _limits_of(self, symptom: Symptom) -> Mapping[Labels, float]:
        """The values of the metric that is the limit, by the labels of the series that are compared with them."""
        metric = str(symptom.limit.value)
        theirs, ours = self.judge.names.get(metric, ()), self.judge.names[symptom.metric]
        if sorted(theirs) != sorted(ours):
            return {}
        order = tuple(theirs.index(name) for name in ours)
        return {tuple(labels[place] for place in order): value for labels, value in self._limiting.get(metric, ())}


def holding(snapshot: Snapshot, specs: tuple[AnySpec | AnyDerived, ...], now: float) -> tuple[Holding, ...]:
    """All symptoms beyond their limits, in the sheets' order; `now` is the wall clock, for those about an age."""
    judge = Judge(specs)
    session = judge.session(in_force(snapshot.inventory, judge.symptoms), now)
    for metric, series in _samples(snapshot, specs).items():
        session.hear(metric, series)
    order = {symptom.name: place for place, symptom in enumerate(judge.symptoms)}
    verdicts = sorted(session.verdicts(), key=lambda verdict: order[verdict.symptom.name])
    return tuple(_holding(verdict, judge.names[verdict.symptom.metric]) for verdict in verdicts)


def _holding(verdict: Verdict, names: Labels) -> Holding:
    labels = dict(zip(names, verdict.labels, strict=True))
    return Holding(verdict.symptom, labels.pop("host", FLEET), labels, verdict.value, verdict.limit)


def _samples(snapshot: Snapshot, specs: tuple[AnySpec | AnyDerived, ...]) -> Mapping[str, list[Series]]:
    """Metric -> its series."""
    by_name = {spec.name: spec for spec in specs}
    samples: dict[str, list[Series]] = {}
    for entry in snapshot.entries:
        spec = by_name.get(entry.latest.probe)
        reading = entry.fresh_reading(snapshot.monotonic)
        if spec is None or reading is None:
            continue
        for metric in spec.metrics:
            series = samples.setdefault(metric.name, [])
            for sample in metric.read(reading):
                host = (sample.host or entry.latest.host,) if metric.per_host else ()
                series.append(((*host, *sample.labels), sample.value))
    return samples
