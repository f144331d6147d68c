"""Proofs of the rules: unit tests for promtool, made of the same rows as the rules and stating what must come of them.

They say it in other words than the rules do, values in and alerts out, so that a wrong rule differs from its proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cs_exporter.matrix import proofs_waits
from cs_exporter.matrix.proofs_cases import cases
from cs_exporter.matrix.proofs_given import OF_OWN_ROWS, given
from cs_exporter.matrix.proofs_series import World
from cs_exporter.matrix.proofs_shape import Case, Fires
from cs_exporter.matrix.proofs_texts import expected
from cs_exporter.matrix.proofs_timing import Pace, pace_of
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.rules import duration, quoted
from cs_exporter.matrix.whole import Matrix

HEAD = """\
# Made by cs-exporter matrix write from the probes' sheets: change those, or render your own; see README.md.
# What the alerts of this probe must do. To run it: promtool test rules alerts/tests/*.yml
"""


def files(matrix: Matrix) -> dict[str, str]:
    """A file of tests for each file of alerts, and one for how long the exporter's own wait and are kept."""
    found = {
        f"alerts/tests/cs_{probe}_test.yml": proof_file(probe, rows, matrix.rendering)
        for probe, rows in matrix.by_probe().items()
    }
    return found | proofs_waits.files(matrix)


def proof_file(probe: str, rows: Sequence[Row], rendering: Rendering) -> str:
    """The tests of one file of alerts, for these of its rows."""
    return "\n".join(_file(probe, rows, rendering)) + "\n"


def _file(probe: str, rows: Sequence[Row], rendering: Rendering) -> Iterator[str]:
    interval = rendering.intervals.get(probe, OF_OWN_ROWS)
    yield HEAD
    yield f"rule_files: [../cs_records.yml, ../cs_{probe}.yml]"
    yield f"evaluation_interval: {duration(interval)}"
    yield "# Prometheus promises no order: that which has the alerts see what was recorded before is the harder one."
    yield f"group_eval_order: [cs_exporter.{probe}, cs_exporter.records]"
    yield "tests:"
    of_symptoms = [row for row in rows if row.symptom]
    if of_symptoms:
        yield from _nothing(of_symptoms, interval)
    for row in rows:
        yield from _test(row, rendering)
        yield from given(row, rendering)


def _nothing(rows: Sequence[Row], interval: float) -> Iterator[str]:
    """Without any series no alert fires, however long one waits."""
    latest = max(pace_of(row.wait, 0, interval).wait for row in rows) * interval
    yield "- name: nothing is scraped"
    yield f"  interval: {duration(interval)}"
    yield "  input_series: []"
    yield "  alert_rule_test:"
    for row in rows:
        yield f"  - {{eval_time: {duration(latest)}, alertname: {row.name}, exp_alerts: []}}"


def _test(row: Row, rendering: Rendering) -> Iterator[str]:
    if row.symptom is None or row.limit is None:
        return
    pace = pace_of(row.wait, row.keep, rendering.intervals[row.probe])
    shown = cases(World(row, row.symptom, row.limit, rendering, pace))
    yield f"\n- name: {row.name}"
    yield f"  interval: {duration(pace.interval)}"
    yield "  input_series:"
    for case in shown:
        yield f"  # {case.name}: {case.tells}"
        for selector, values in case.series.items():
            yield f"  - series: {quoted(selector)}"
            yield f"    values: {quoted(values)}"
    yield "  alert_rule_test:"
    yield from _looks(row, pace, shown, rendering)


def _looks(row: Row, pace: Pace, shown: Iterable[Case], rendering: Rendering) -> Iterator[str]:
    """What is expected when: nothing until it has waited, nothing lost in the dips, and an end to what has healed."""
    firing = [case for case in shown if case.fires is not Fires.NEVER]
    yield from _look(row, (pace.fires - 1) * pace.interval, [], "its wait is not over" if pace.wait else "all is well")
    yield f"  # its wait is over\n  - eval_time: {duration(pace.fires * pace.interval)}\n    alertname: {row.name}"
    yield "    exp_alerts:"
    for case in firing:
        yield f"    - &{row.name}-{case.name}"
        yield from (f"      {line}" for line in expected(row, case.alert, rendering))
    for number, dip in enumerate(pace.dips, 1):
        yield from _look(row, dip * pace.interval, firing, f"run {number} that did not confirm it is over")
    yield from _look(row, (pace.resolved - 1) * pace.interval, firing, "what has healed is kept for the last time")
    healed = [case for case in firing if case.fires is Fires.ALWAYS]
    yield from _look(row, pace.resolved * pace.interval, healed, "what has healed is resolved")


def _look(row: Row, at: float, firing: Iterable[Case], tells: str) -> Iterator[str]:
    yield f"  # {tells}"
    alerts = ", ".join(f"*{row.name}-{case.name}" for case in firing)
    yield f"  - {{eval_time: {duration(at)}, alertname: {row.name}, exp_alerts: [{alerts}]}}"
