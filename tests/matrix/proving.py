"""promtool on rules and their proofs in a folder of their own, with or without a defect planted in the rules.

Shared by the tests of all modules that write proofs.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cs_exporter.matrix.proofs import proof_file
from cs_exporter.matrix.rules import record_file, rule_file
from cs_exporter.matrix.whole import Matrix, usual_matrix

USUAL = usual_matrix()


@dataclass(frozen=True)
class Proved:
    """What came of a run: the alerts that did otherwise than proved, and all that promtool said."""

    failed: frozenset[str]
    said: str


def promtool(tests: Iterable[Path]) -> Proved:
    """`promtool test rules`; its collector of garbage may rest, as its runs are short."""
    done = subprocess.run(
        ["promtool", "test", "rules", *map(str, tests)],
        capture_output=True, text=True, check=False, env={**os.environ, "GOGC": "400"},
    )  # fmt: skip
    said = done.stdout + done.stderr
    failed = frozenset(re.findall(r"^ +alertname: ?(\w+)", said, re.MULTILINE))
    assert (done.returncode != 0) is bool(failed), said
    return Proved(failed, said)


def proved(
    folder: Path, name: str, *, matrix: Matrix = USUAL, defects: Mapping[str, str] | None = None, records: str = ""
) -> Proved:
    """Prove that one alert, its rules with defects: pattern -> replacement. AssertionError: a pattern is not there."""
    row = next(row for row in matrix.rows if row.name == name)
    rule = rule_file(row.probe, [row], matrix.rendering)
    for pattern, replacement in (defects or {}).items():
        rule, found = re.subn(pattern, replacement, rule, flags=re.DOTALL)
        assert found, f"{pattern} is not in {rule}"
    tests = folder / "tests"
    tests.mkdir(exist_ok=True)
    (folder / f"cs_{row.probe}.yml").write_text(rule, encoding="utf-8")
    (folder / "cs_records.yml").write_text(records or record_file(matrix.rendering), encoding="utf-8")
    test = tests / f"cs_{row.probe}_test.yml"
    test.write_text(proof_file(row.probe, [row], matrix), encoding="utf-8")
    return promtool([test])
