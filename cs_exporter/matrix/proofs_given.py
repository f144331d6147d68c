"""Proofs that a row gives itself, of what no limit says: the exporter's own rows have no others.

What a row gives is completed here: labels of targets on what is scraped, and all that its alert tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cs_exporter.durations import parse_duration
from cs_exporter.matrix.proofs_series import selected, target
from cs_exporter.matrix.proofs_texts import Alert, expected
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Proof, Row
from cs_exporter.matrix.rules import duration, quoted

VALUES = 60.0
"""Seconds between two values of such a proof."""

OF_OWN_ROWS = 120.0
"""Seconds between two evaluations of rules that no probe's interval stands behind: long, to be quick."""

_SELECTOR = re.compile(r"(\w+)(?:\{(.*)\})?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def given(row: Row, proof: Proof, rendering: Rendering) -> Iterator[str]:
    """The lines of one such test; none where an operator's intervals make the alert wait for longer than it takes."""
    if proof.fires and row.wait > _seconds(proof.at) - 2 * OF_OWN_ROWS:
        return
    yield f"\n- name: {quoted(f'{row.name}: {proof.tells}')}"
    yield f"  interval: {duration(VALUES)}"
    if not proof.series:
        yield "  input_series: []"
    else:
        yield "  input_series:"
    for selector, values in proof.series.items():
        yield f"  - series: {quoted(scraped(selector, rendering))}"
        yield f"    values: {quoted(values)}"
    yield "  alert_rule_test:"
    yield f"  - eval_time: {proof.at}"
    yield f"    alertname: {row.name}"
    if not proof.fires:
        yield "    exp_alerts: []"
        return
    yield "    exp_alerts:"
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


def _seconds(duration_text: str) -> float:
    return float(str(parse_duration(duration_text)))
