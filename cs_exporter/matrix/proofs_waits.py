"""Proofs of how long the exporter's own alerts wait, and how long they outlive their end: counted in evaluations.

Nothing but these figures is judged here, and often enough for that; what an alert says is proved with its row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from cs_exporter.matrix.proofs_given import VALUES, scraped, seconds
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row
from cs_exporter.matrix.rules import duration, quoted
from cs_exporter.matrix.whole import Matrix

PATH = f"alerts/tests/cs_{OWN}_waits_test.yml"

EVERY = 30.0
"""Seconds between two evaluations."""

HEAD = f"""\
# Made by cs-exporter matrix write from the probes' sheets: change those, or render your own; see README.md.
# How long the exporter's own alerts wait and are kept. To run it: promtool test rules {PATH}

rule_files: [../cs_records.yml, ../cs_{OWN}.yml]
evaluation_interval: {duration(EVERY)}
# What is recorded is there at once, so that each figure is exact.
group_eval_order: [cs_exporter.records, cs_exporter.{OWN}]
tests:
"""

_RUN = re.compile(r"(?P<first>_|stale|-?[\d.]+)(?P<step>[+-][\d.]+)?(?:x(?P<times>\d+))?")


def files(matrix: Matrix) -> dict[str, str]:
    """The one file of tests."""
    return {PATH: text(matrix.by_probe()[OWN], matrix.rendering)}


def text(rows: Sequence[Row], rendering: Rendering) -> str:
    """The tests of these rows. One that always fires neither waits nor ends."""
    lines = [line for row in rows if row.wait or row.keep for line in _test(row, rendering)]
    return HEAD + "\n".join(lines) + "\n"


def _test(row: Row, rendering: Rendering) -> Iterator[str]:
    """What an operator's intervals make wait for longer than the proof takes is left out."""
    proof = next(proof for proof in row.proofs if proof.fires)
    at = seconds(proof.at)
    if row.wait > at / 2:
        return
    ends, over = at + VALUES, at + VALUES + EVERY * (_evaluations(row.keep) + 2)
    yield f"\n- name: {quoted(f'{row.name}: {proof.tells}, and no longer')}"
    yield f"  interval: {duration(VALUES)}"
    yield "  input_series:"
    for selector, values in _healed(proof, over).items():
        yield f"  - series: {quoted(scraped(selector, rendering))}"
        yield f"    values: {quoted(values)}"
    yield "  promql_expr_test:"
    yield from _count(row, proof, "pending", at, at, row.wait)
    yield from _count(row, proof, "firing", over, over - ends + EVERY / 2, row.keep)


def _count(row: Row, proof: Proof, state: str, at: float, span: float, lasts: float) -> Iterator[str]:
    """How many evaluations within `span` seconds before `at` find the alerts in that state."""
    number = _evaluations(lasts) * len(proof.fires)
    alerts = f'ALERTS{{alertname="{row.name}",alertstate="{state}"}}'
    yield f"  # {state} for {duration(lasts)}{' after the end' if state == 'firing' else ''}"
    yield f"  - expr: {quoted(f'sum(count_over_time({alerts}[{duration(span)}]))')}"
    yield f"    eval_time: {duration(at)}"
    yield f"    exp_samples: [{f'{{value: {number}}}' if number else ''}]"


def _evaluations(lasts: float) -> int:
    return math.ceil(round(lasts / EVERY, 6))


def _healed(proof: Proof, over: float) -> Mapping[str, str]:
    """The proof's series, which end after it; those that it says how are, are well instead."""
    before = round(seconds(proof.at) / VALUES) + 1
    after = math.ceil(over / VALUES) + 1 - before
    found = {}
    for selector in {**proof.series, **proof.healed}:
        first = expanded(proof.series.get(selector, "_"))[:before]
        well = proof.healed.get(selector)
        rest = ["stale"] if well is None else [well] * after
        found[selector] = shortened([*first, *["_"] * (before - len(first)), *rest])
    return found


def expanded(values: str) -> list[str]:
    """Values as promtool writes them, one by one."""
    found: list[str] = []
    for word in values.split():
        run = _RUN.fullmatch(word)
        if not run:
            raise ValueError(f"{word!r} is no value of promtool's")
        first, times = run["first"], int(run["times"] or 0)
        if first == "_":
            found += ["_"] * max(times, 1)
        elif first == "stale":
            found.append(first)
        else:
            found += [f"{float(first) + at * float(run['step'] or 0):.10g}" for at in range(times + 1)]
    return found


def shortened(values: Sequence[str]) -> str:
    """The same values, with equal ones in one word."""
    words = []
    for value, same in groupby(values):
        times = len(list(same))
        words.append(value if times == 1 else f"_x{times}" if value == "_" else f"{value}x{times - 1}")
    return " ".join(words)
