"""docs/metrics.md: every metric and label, with type, source and stability, and the alerts that come of it.

Made of what the sheets and the frame declare; a test compares it, both ways, with a page that is really scraped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cs_exporter.exposition.families import Head
from cs_exporter.exposition.frame import HEADS
from cs_exporter.matrix import records
from cs_exporter.matrix.labels import LABELS
from cs_exporter.matrix.markdown import HEAD, code, link, table
from cs_exporter.matrix.stability import EXPERIMENTAL, POLICY, stability
from cs_exporter.matrix.usage import metrics_in
from cs_exporter.matrix.whole import Matrix
from cs_exporter.spec import AnyDerived, AnySpec

PATH = "docs/metrics.md"

PROCESS = (
    Head("process_cpu_seconds_total", "CPU time of the exporter's process, from /proc/self/stat.", "counter"),
    Head("process_max_fds", "Files it may have open, from /proc/self/limits."),
    Head("process_open_fds", "Files it has open, from /proc/self/fd."),
    Head("process_resident_memory_bytes", "Its memory that is resident, from /proc/self/stat."),
    Head("process_start_time_seconds", "When it started, from /proc/self/stat."),
    Head("process_virtual_memory_bytes", "Its address space, from /proc/self/stat."),
)
"""What every Prometheus client says of its process, under names that are everywhere the same."""

_INTRODUCTION = """\
Every metric that cs_exporter exposes, and every label. Units are in the names: seconds, bytes, ratios from 0 to 1. What
is 0 or 1 is a gauge. Labels with an empty value are left out, as Prometheus does. A value is there for as long as its
latest answer is fresh (three intervals of its probe); whether the latest run found an answer is in `cs_probe_success`.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A metric as users see it. `labels`: with `host`, if it has one; `stability`: what may be built on it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    stability: str


@dataclass(frozen=True, slots=True)
class Part:
    """The metrics of one probe, or of the frame. `tells`: a sentence."""

    title: str
    tells: str
    entries: tuple[Entry, ...]


def parts(matrix: Matrix) -> tuple[Part, ...]:
    """All there is, in the order of the sheets."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*matrix.probes, *matrix.derived)
    frame = tuple(map(_of_head, HEADS))
    process = tuple(Entry(head.name, head.kind, head.labels, head.help, EXPERIMENTAL) for head in PROCESS)
    return (
        *(Part(sheet.name, sheet.question, tuple(_of_sheet(sheet))) for sheet in sheets),
        Part("frame", "What became of every run, which hosts there are, and how the exporter is.", frame),
        Part("process", "What a Prometheus client says of its own process.", process),
    )


def _of_sheet(sheet: AnySpec | AnyDerived) -> Iterator[Entry]:
    for metric in sheet.metrics:
        labels = ("host", *metric.labels) if metric.per_host else metric.labels
        yield Entry(metric.name, metric.kind, labels, metric.help, stability(metric.name))


def _of_head(head: Head) -> Entry:
    return Entry(head.name, head.kind, head.labels, head.help, stability(head.name))


def unexplained(entries: Iterable[Entry], told: Mapping[str, str] = LABELS) -> set[str]:
    """The labels that no list explains."""
    return {label for entry in entries for label in entry.labels} - set(told)


def files(matrix: Matrix) -> dict[str, str]:
    """The reference."""
    sections = parts(matrix)
    alerts = _alerts(matrix)
    found = [f"{HEAD}\n# Metrics\n", _INTRODUCTION, "## What may be built on\n", POLICY]
    for part in sections:
        rows = (_row(entry, alerts.get(entry.name, ())) for entry in part.entries)
        found += [f"## {part.title}\n", f"{part.tells}\n", table(("metric", "type", "labels", "what", "alerts"), rows)]
    found += ["## Recorded series\n", _RECORDED, table(("series", "what"), _recorded(matrix))]
    labels = sorted({label for part in sections for entry in part.entries for label in entry.labels})
    rows = ((code(label), LABELS.get(label, "")) for label in labels)
    return {PATH: "\n".join([*found, "## Labels\n", table(("label", "what"), rows)])}


_RECORDED = "Made by the rules in `alerts/`, for the alerts and the dashboards to join with; experimental.\n"


def _recorded(matrix: Matrix) -> Iterator[tuple[str, str]]:
    for record in records.records(matrix.rendering):
        yield code(record.name), record.tells
    yield (
        code(records.SEEN),
        "What is wrong by the latest answers, by symptom: of a host that has answered since, or fired.",
    )
    yield code(records.DEPLOYED), "The limits that the deployed rules have, by symptom; each file of rules has its own."


def _alerts(matrix: Matrix) -> Mapping[str, list[str]]:
    """Metric -> the alerts whose condition asks for it."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in matrix.rows:
        for name in metrics_in(row.condition):
            found[name].append(row.name)
    return found


def _row(entry: Entry, alerts: Iterable[str]) -> tuple[str, ...]:
    labels = ", ".join(map(code, entry.labels))
    kind = f"{entry.kind}, {entry.stability}"
    links = ", ".join(link(name, f"../alerts/runbooks/{name}.md") for name in alerts)
    return code(entry.name), kind, labels, entry.help, links
