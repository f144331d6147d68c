"""promtool on rules and their proofs, with or without a defect planted in the rules; and symptoms of every kind.

The symptoms are nobody's, so that whoever tunes a real one breaks no test of how rules are proved.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from cs_exporter.matrix.promql import Series
from cs_exporter.matrix.proofs import proof_file
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Row, row_of
from cs_exporter.matrix.rules import record_file, rule_file
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

USUAL = usual_matrix()
RENDERING = replace(USUAL.rendering, intervals={**USUAL.rendering.intervals, "stub": 30.0})


class Kind(NamedTuple):
    """What differs between symptoms."""

    limit: Limit
    keys: tuple[str, ...] = ("host", "disk")
    runs: int = 3
    hold: float = 0.0
    unit: str = "seconds"
    victims: Literal["", "server", "management_server", "clients"] = ""
    countdown: bool = False
    labels: Mapping[str, str] = MappingProxyType({})
    told: Mapping[str, str] = MappingProxyType({})
    worse: Mapping[str, str] = MappingProxyType({})
    needs_its_word: bool = False


TRUE = Limit(Op.EQUALS, 1, 1)
KINDS = {
    "CsAbove": Kind(Limit(Op.ABOVE, 0.5, 0.01), unit="ratio"),
    "CsAboveNothing": Kind(Limit(Op.ABOVE, 0, 1), runs=1),
    "CsAbsolute": Kind(Limit(Op.ABOVE, 2, 0.01, absolute=True), keys=("host",)),
    "CsAge": Kind(Limit(Op.ABOVE, 4500, 1, age=True)),
    "CsAtOnce": Kind(TRUE, runs=1, unit="boolean"),
    "CsBelow": Kind(Limit(Op.BELOW, 0, 1), runs=2, unit="bytes"),
    "CsBelowSeries": Kind(Limit(Op.BELOW, "cs_wanted", 1), unit="nodes"),
    "CsCountdown": Kind(Limit(Op.BELOW, 50, 1), keys=("host", "agent"), runs=1, countdown=True),
    "CsDatabase": Kind(TRUE, keys=("host",), unit="boolean", victims="clients"),
    "CsExporter": Kind(Limit(Op.ABOVE, 1, 0.01, absolute=True), keys=("instance",)),
    "CsFalse": Kind(Limit(Op.EQUALS, 0, 1), unit="boolean"),
    "CsHeld": Kind(TRUE, runs=1, hold=30, unit="boolean"),
    "CsHung": Kind(
        TRUE,
        keys=("host", "state"),
        unit="boolean",
        labels={"state": "hung"},
        worse={"state": "stale|gone"},
        needs_its_word=True,
    ),
    "CsMount": Kind(TRUE, keys=("host", "mountpoint"), runs=1, unit="boolean"),
    "CsPort": Kind(TRUE, keys=("host", "port_name"), unit="boolean", victims="management_server"),
    "CsPortInAnyState": Kind(TRUE, keys=("host", "port_name", "state"), unit="boolean", told={"state": "filtered"}),
    "CsServer": Kind(TRUE, keys=("host",), unit="boolean", victims="server"),
    "CsState": Kind(TRUE, keys=("host", "state"), unit="boolean", labels={"state": "hung"}),
}


def stub(name: str, rendering: Rendering = RENDERING) -> Row:
    """The row of a symptom of that kind."""
    kind = KINDS[name]
    symptom = Symptom(
        name, "It is.", "cs_stub", kind.limit, kind.runs, Severity.CRITICAL, Cause.STORAGE, kind.unit, "Much.",
        ("look",), "Mend.", kind.hold, kind.victims, kind.countdown, kind.labels,
        kind.told, kind.worse,
    )  # fmt: skip
    series = Series("cs_stub", kind.keys)
    return row_of(symptom, "stub", series, rendering, needs_its_word=kind.needs_its_word)


def promtool(tests: Iterable[Path]) -> tuple[frozenset[str], str]:
    """`promtool test rules`: the alerts that do otherwise than proved, and all that it says."""
    done = subprocess.run(
        ["promtool", "test", "rules", *map(str, tests)],
        capture_output=True, text=True, check=False, env={**os.environ, "GOGC": "400"},
    )  # fmt: skip
    said = done.stdout + done.stderr
    failed = frozenset(re.findall(r'(?:^ +(?:alertname|rule): ?|alertname=\\")(\w+)', said, re.MULTILINE))
    assert (done.returncode != 0) is bool(failed), said
    return failed, said


def unproved(
    folder: Path, row: Row, *defect: str, rendering: Rendering = RENDERING, records: str = ""
) -> frozenset[str]:
    """The alerts that do otherwise than proved; `defect`: a pattern and what replaces it in the row's rule."""
    rule = rule_file(row.probe, [row], rendering)
    if defect:
        pattern, replacement = defect
        rule, found = re.subn(pattern, replacement, rule, flags=re.DOTALL)
        assert found, f"{pattern} is not in {rule}"
    tests = folder / "tests"
    tests.mkdir(exist_ok=True)
    (folder / f"cs_{row.probe}.yml").write_text(rule, encoding="utf-8")
    (folder / "cs_records.yml").write_text(records or record_file(rendering), encoding="utf-8")
    test = tests / f"cs_{row.probe}_test.yml"
    test.write_text(proof_file(row.probe, [row], rendering), encoding="utf-8")
    return promtool([test])[0]
