"""Pages: text or OpenMetrics, written by the Prometheus client library; the only file that imports it.

A page is a pure function of a snapshot, so it can be made in a thread and never runs a probe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client import Metric as ClientMetric
from prometheus_client import ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample as ClientSample

from cs_exporter.board import Board, Snapshot
from cs_exporter.build import Build
from cs_exporter.exposition.families import SERIES_LIMIT, Catalogue, Family, Tally, base_name, fresh_readings
from cs_exporter.exposition.frame import (
    HEADS,
    count_families,
    host_families,
    omission_families,
    outcome_families,
)
from cs_exporter.exposition.health import discovery_families, own_families
from cs_exporter.exposition.judgements import limit_family, suspect_family
from cs_exporter.limits import in_force
from cs_exporter.model import Host, Inventory, Outcome
from cs_exporter.reachability import silent_hosts
from cs_exporter.spec import AnyDerived, AnySpec
from cs_exporter.symptoms import Judge


class Page(NamedTuple):
    """An exposition and its media type."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be written, as a canonical Accept value that the client library understands."""

    accept: str

    def write(self, collect: Callable[[], Iterable[ClientMetric]]) -> Page:
        """Write the families that `collect` gives."""
        encode, content_type = choose_encoder(self.accept)
        return Page(encode(_Once(collect)), content_type)


TEXT = Format("")
TEXT_1 = Format("text/plain; version=1.0.0; escaping=underscores")
OPENMETRICS = Format("application/openmetrics-text; version=1.0.0; escaping=underscores")

_OFFERS = {
    ("application/openmetrics-text", "1.0.0"): OPENMETRICS,
    ("application/openmetrics-text", ""): OPENMETRICS,
    ("text/plain", "1.0.0"): TEXT_1,
    ("text/plain", "0.0.4"): TEXT,
    ("text/plain", ""): TEXT,
    ("text/*", ""): TEXT,
    ("*/*", ""): TEXT,
}


def negotiate(accept: str) -> Format:
    """The format a client likes best (RFC 9110, Accept); plain text where it likes none of ours.

    Every name here is in the legacy alphabet, so all escaping schemes that keep it (all but `dots`) write the same.
    """
    best, best_weight = TEXT, 0.0
    for item in accept.split(","):
        media, *parameters = (part.strip() for part in item.lower().split(";"))
        given = dict(part.split("=", 1) for part in parameters if "=" in part)
        offer = _OFFERS.get((media, given.get("version", "")))
        weight = _weight(given.get("q", "1"))
        if offer is not None and weight > best_weight:
            best, best_weight = offer, weight
    return best


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


class _Once(Collector):
    """What the client library's encoders ask for: something that collects."""

    def __init__(self, collect: Callable[[], Iterable[ClientMetric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[ClientMetric]:
        return self._collect()


class Exposition:
    """Makes pages of snapshots. Safe to use in any thread."""

    def __init__(self, probes: Sequence[AnySpec], derived: Sequence[AnyDerived], build: Build) -> None:
        """Raises ValueError for sheets whose metrics no page could carry."""
        self._catalogue = Catalogue(probes, derived, HEADS)
        self._probes = tuple(probes)
        self._judge = Judge((*probes, *derived))
        self._build = build
        self._process = ProcessCollector(registry=None)

    def render(self, snapshot: Snapshot, wanted: Format = TEXT, series_limit: int = SERIES_LIMIT) -> Page:
        """Everything on the board; per host at most `series_limit` series of readings and the frame's own together."""

        def collect() -> Iterator[ClientMetric]:
            yield from _client_metrics(self._families(snapshot, Tally(series_limit)))
            yield from self._process.collect()

        return wanted.write(collect)

    def render_outcome(self, outcome: Outcome, host: Host, wanted: Format = TEXT) -> Page:
        """One run of one probe: its values and what became of it, without the exporter's own health."""
        board = Board(Inventory({host.name: host}))
        entries = (board.land(outcome, interval=1.0),)
        readings = fresh_readings(entries, outcome.finished_monotonic)

        def collect() -> Iterator[ClientMetric]:
            tally = Tally()
            yield from _client_metrics(outcome_families(entries))
            yield from _client_metrics(self._catalogue.read(readings, tally))
            yield from _client_metrics(omission_families(tally))

        return wanted.write(collect)

    def _families(self, snapshot: Snapshot, tally: Tally) -> Iterator[Family]:
        entries = sorted(snapshot.entries, key=lambda entry: (entry.latest.host, entry.latest.probe))
        limits = in_force(snapshot.inventory, self._judge.symptoms)
        session = self._judge.session(limits, snapshot.wall)
        yield from own_families(snapshot.health, self._build)
        yield from discovery_families(snapshot.health.discovery)
        yield limit_family(self._judge.symptoms, limits)
        yield from map(tally.charge, host_families(snapshot))
        yield from map(tally.charge, outcome_families(entries))
        yield from map(tally.charge, count_families(entries))
        yield from self._catalogue.read(fresh_readings(entries, snapshot.monotonic), tally, session.hear)
        silent = silent_hosts(snapshot, self._probes)
        yield tally.charge(suspect_family(self._judge, session.verdicts(), silent))
        yield from omission_families(tally)


def _client_metrics(families: Iterable[Family]) -> Iterator[ClientMetric]:
    """The families that have rows; one without is not worth its HELP line."""
    return (_client_metric(family) for family in families if family.rows)


def _client_metric(family: Family) -> ClientMetric:
    """A family as the client library knows it; an empty label value means the same as no label, and is left out."""
    head = family.head
    metric = ClientMetric(base_name(head.name), head.help, head.kind)
    metric.samples = [
        ClientSample(
            head.name, {name: value for name, value in zip(head.labels, row.labels, strict=True) if value}, row.value
        )
        for row in family.rows
    ]
    return metric
