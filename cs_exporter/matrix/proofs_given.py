"""Proofs that a row gives itself, of what no limit says: the exporter's own rows have no others.

What a row gives is completed here: labels of targets on what is scraped, and all that its alert tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cs_exporter.durations import parse_duration
from cs_exporter.matrix.proofs_series import INFO, PLACE, selected, target, written_series
from cs_exporter.matrix.proofs_texts import Alert, expected
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Proof, Row
from cs_exporter.matrix.rules import duration, quoted

VALUES = 60.0
"""Seconds between two values of such a proof."""

OF_OWN_ROWS = 240.0
"""Seconds between two evaluations of rules that no probe's interval stands behind: long, to be quick."""

_SELECTOR = re.compile(r"(\w+)(?:\{(.*)\})?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def given(row: Row, rendering: Rendering) -> Iterator[str]:
    """The lines of the tests that a row gives, and what is true of each row about hosts.

    What an operator's intervals make wait for longer than the proof takes is left out.
    """
    for proof in (*row.proofs, *_of_hosts(row)):
        if not proof.fires or row.wait <= seconds(proof.at) - 2 * OF_OWN_ROWS:
            yield from _test(row, proof, rendering)


def _of_hosts(row: Row) -> Iterator[Proof]:
    """The first proof that it fires, on hosts with a place, and on hosts in maintenance."""
    firing = next((proof for proof in row.proofs if proof.fires), None)
    if firing is None or not row.per_host or row.symptom:
        return
    hosts = [labels["host"] for labels in firing.fires]
    info = {written_series("cs_host_info", {"host": host}, PLACE, INFO): "1x120" for host in hosts}
    fires = tuple({**labels, **PLACE} for labels in firing.fires)
    yield replace(firing, tells=f"{firing.tells}, at a known place", series={**firing.series, **info}, fires=fires)
    work = {written_series("cs_host_maintenance", {"host": host}): "1x120" for host in hosts}
    yield replace(firing, tells=f"{firing.tells}, in maintenance", series={**firing.series, **work}, fires=())


def _test(row: Row, proof: Proof, rendering: Rendering) -> Iterator[str]:
    yield f"\n- name: {quoted(f'{row.name}: {proof.tells}')}"
    yield f"  interval: {duration(VALUES)}"
    yield "  input_series:" if proof.series else "  input_series: []"
    for selector, values in proof.series.items():
        yield f"  - series: {quoted(scraped(selector, rendering))}"
        yield f"    values: {quoted(values)}"
    yield "  alert_rule_test:"
    yield f"  - eval_time: {proof.at}"
    yield f"    alertname: {row.name}"
    yield "    exp_alerts:" if proof.fires else "    exp_alerts: []"
    for labels in proof.fires:
        full = {**labels, "severity": row.severity.value, "cause": row.cause.value, **row.labels}
        first, *others = expected(row, Alert(full, proof.value, more=proof.more), rendering)
        yield f"    - {first}"
        yield from (f"      {line}" for line in others)


def scraped(selector: str, rendering: Rendering) -> str:
    """The series with the labels of a target besides its own; a recorded one has none."""
    found = _SELECTOR.fullmatch(selector)
    if not found:
        return selector
    labels = target(rendering) | dict(_LABEL.findall(found[2] or "")) | selected(rendering)
    return found[1] + "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def seconds(duration_text: str) -> float:
    """A duration as proofs write it."""
    return float(str(parse_duration(duration_text)))
