"""The rule files for Prometheus: one group per probe, with what every alert tells whoever is paged.

Summaries are constant, so that notifications of one kind look alike; the description has host, cause, value and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cs_exporter.matrix import lasting, records
from cs_exporter.matrix.promql import indented, number
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import Matrix
from cs_exporter.matrix.words import quantity
from cs_exporter.probes import PROBES
from cs_exporter.spec import AnySpec

HEAD = "# Made by cs-exporter matrix write from the probes' sheets: change those, or render your own; see README.md.\n"

FOLDER = "alerts"

VALUES = {
    "seconds": "{{ $value | humanizeDuration }}",
    "ratio": "{{ $value | humanizePercentage }}",
    "bytes": "{{ $value | humanize1024 }}B",
}
"""Unit -> how a value is written; other units follow the plain number."""

UNTOLD = frozenset({"host", "severity"})
"""Labels that the description names otherwise, or that say no more than the alert's name."""


def duration(seconds: float) -> str:
    """As Prometheus writes it: whole milliseconds, in the largest unit that divides them."""
    millis = round(seconds * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if millis and millis % size == 0:
            return f"{millis // size}{unit}"
    return f"{millis}ms" if millis else "0s"


def summary(row: Row) -> str:
    """One constant sentence."""
    return row.sees


def description(row: Row) -> str:
    """Host, place, what is seen, value and limit, the row's labels, the cause, and the time that is left."""
    where = "{{ $labels.host }}{{ with $labels.cloud_zone }} in zone {{ . }}{{ end }}" if row.per_host else ""
    seen = f"{where}: {row.sees}" if where else row.sees
    named = [f"{key} {{{{ $labels.{key} }}}}" for key in row.keys if key not in UNTOLD]
    at = f"At {', '.join(named)}." if named else ""
    parts = (seen, at, _value(row), f"Cause: {row.cause.value}.", row.more)
    return " ".join(part for part in parts if part) + _left(row)


def _value(row: Row) -> str:
    if row.unit == "boolean" or row.limit is None:
        return ""
    shown = VALUES.get(row.unit, f"{{{{ $value | humanize }}}} {row.unit}")
    limit = "" if row.threshold is None else f", limit {quantity(row.threshold, row.unit)}"
    return f"Value {shown}{limit}."


def _left(row: Row) -> str:
    """With its blank before it: where no time is known, nothing is left of all this."""
    if not row.per_host:
        return ""
    query = f'printf "{records.LEFT}{{host=%q}}" $labels.host | query'
    overdue = '{{ . | value | humanizeDuration | reReplaceAll "^-" "" }}: the cloud can give the host up at any moment.'
    left = "{{ . | value | humanizeDuration }} until the cloud can give the host up."
    either = f"{{{{ if lt (. | value) 0.0 }}}}Overdue by {overdue}{{{{ else }}}}{left}{{{{ end }}}}"
    return f"{{{{ range {query} }}}} {either}{{{{ end }}}}"


def rule_file(name: str, rows: Sequence[Row], rendering: Rendering) -> str:
    """The text of one file of alerts, with the limits that they are made with: CsRulesOutdated compares those."""
    lines = [HEAD, "groups:", f"- name: cs_exporter.{name}", "  rules:"]
    for row in rows:
        lines += _alert(row, rendering)
    limits = [line for row in rows for line in _limits(row, rendering)]
    if limits:
        lines += [f"- name: cs_exporter.{name}.limits", "  rules:", *limits]
    return "\n".join(lines) + "\n"


def _limits(row: Row, rendering: Rendering) -> Iterable[str]:
    """The limit of most hosts, and those of hosts with their own: without a label `host`, and with it."""
    if row.symptom is None:
        return
    if row.threshold is not None:
        yield from _limit(row.threshold, {"symptom": row.name, **rendering.cloud})
    for host, limit in sorted(rendering.own.get(row.name, {}).items()):
        yield from _limit(limit, {"symptom": row.name, "host": host, **rendering.cloud})


def _limit(limit: float, labels: Mapping[str, str]) -> Iterable[str]:
    yield f"  - record: {records.DEPLOYED}"
    yield f"    expr: vector({number(limit)})"
    yield "    labels:"
    yield from (f"      {key}: {quoted(value)}" for key, value in labels.items())


def record_file(rendering: Rendering, probes: Sequence[AnySpec] = PROBES) -> str:
    """The text of the file of recording rules."""
    lines = [HEAD, "groups:", "- name: cs_exporter.records", "  rules:"]
    for record in records.records(rendering, probes):
        lines += [f"  - record: {record.name}", "    expr: |-", *_block(record.expression)]
    return "\n".join(lines) + "\n"


def files(matrix: Matrix) -> dict[str, str]:
    """A file of alerts for each probe that has some, one for the exporter's own, and the records."""
    found = {name: rule_file(name, rows, matrix.rendering) for name, rows in matrix.by_probe().items()}
    found["records"] = record_file(matrix.rendering, matrix.probes)
    return {f"{FOLDER}/cs_{name}.yml": text for name, text in found.items()}


def _alert(row: Row, rendering: Rendering) -> Iterable[str]:
    labels = {"severity": row.severity.value, "cause": row.cause.value, **row.labels}
    if row.recorded:
        yield from (f"  - record: {records.SEEN}", "    expr: |-", *_block(row.expression))
        yield from ("    labels:", f"      symptom: {quoted(row.name)}")
    yield f"  - alert: {row.name}"
    yield "    expr: |-"
    yield from _block(lasting.of_seen(row.name) if row.recorded else row.expression)
    yield f"    for: {duration(row.wait)}"
    yield f"    keep_firing_for: {duration(row.keep)}"
    yield "    labels:"
    yield from (f"      {key}: {quoted(value)}" for key, value in labels.items())
    yield "    annotations:"
    yield f"      summary: {quoted(summary(row))}"
    yield f"      description: {quoted(description(row))}"
    yield f"      runbook_url: {quoted(f'{rendering.runbooks}/{row.name}')}"


def _block(text: str) -> list[str]:
    return indented(indented(indented(text))).splitlines()


def quoted(text: str) -> str:
    """A YAML scalar in single quotes."""
    return "'" + text.replace("'", "''") + "'"
