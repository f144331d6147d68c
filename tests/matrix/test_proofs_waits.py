"""Proofs of waits: no figure of the exporter's own alerts can be left out, or be an evaluation longer or shorter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cs_exporter.durations import parse_duration
from cs_exporter.matrix import proofs, rules
from cs_exporter.matrix.proofs_waits import EVERY, PATH, expanded, files, shortened, text
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN
from cs_exporter.matrix.rules import duration
from cs_exporter.matrix.whole import Matrix
from tests.matrix.proving import USUAL, promtool

ROWS = {row.name: row for row in USUAL.by_probe()[OWN]}
ALWAYS = "CsDeadMansSwitch"
FIELDS = {"for": "wait", "keep_firing_for": "keep"}


def test_each_is_proved_but_one() -> None:
    """It always fires, so that it neither waits nor ends."""
    tests = yaml.safe_load(files(USUAL)[PATH])["tests"]
    assert [name for name in ROWS if name != ALWAYS] == [test["name"].split(":")[0] for test in tests]
    assert (0, 0) == (ROWS[ALWAYS].wait, ROWS[ALWAYS].keep)


def test_what_waits_for_longer_than_the_proof_takes_is_not_stated() -> None:
    """As with an operator's slow probes."""
    row = ROWS["CsHostUnreachable"]
    assert row.name in text([row], USUAL.rendering)
    assert row.name not in text([replace(row, wait=3600)], USUAL.rendering)


def longer(seconds: float) -> float:
    """By one evaluation."""
    return seconds + EVERY


def shorter(seconds: float) -> float:
    """By one evaluation, or as much as there is."""
    return max(0.0, seconds - EVERY)


@pytest.mark.debian
@pytest.mark.heavy
@pytest.mark.parametrize("change", [shorter, longer])
@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_figure_is_found(field: str, change: Callable[[float], float], tmp_path: Path) -> None:
    """In every alert that has one; all are changed at once, and each is found."""
    made = rules.files(USUAL)
    own = re.sub(
        rf"( {field}: )(\w+)",
        lambda found: found[1] + duration(change(float(str(parse_duration(found[2]))))),
        made[f"alerts/cs_{OWN}.yml"],
    )
    for path, said in {**made, f"alerts/cs_{OWN}.yml": own, **files(USUAL)}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(said, encoding="utf-8")
    failed, _ = promtool([tmp_path / PATH])
    changed = {
        name
        for name, row in ROWS.items()
        if name != ALWAYS and change(getattr(row, FIELDS[field])) != getattr(row, FIELDS[field])
    }
    assert changed == failed


INTERVALS = USUAL.rendering.intervals
OPERATORS = {
    "every 5 s": Rendering(dict.fromkeys(INTERVALS, 5.0), base=5.0),
    "four times as slow": Rendering({name: 4 * interval for name, interval in INTERVALS.items()}, base=60.0),
    "two jobs of many": Rendering(INTERVALS, selector='job=~"a|b",cluster="x"'),
}


@pytest.mark.debian
@pytest.mark.heavy
@pytest.mark.parametrize("rendering", OPERATORS.values(), ids=OPERATORS)
def test_an_operators_own_rules_do_what_is_proved(rendering: Rendering, tmp_path: Path) -> None:
    """Those about the exporter, whatever his intervals and his selector are: what they say, and when."""
    made = {**rules.files(Matrix(rendering)), **proofs.files(Matrix(rendering))}
    for path, said in made.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(said, encoding="utf-8")
    failed, said = promtool([tmp_path / PATH, tmp_path / f"alerts/tests/cs_{OWN}_test.yml"])
    assert frozenset() == failed, said


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("1x2 _ 0", "1x2 _ 0"),
        ("_x2 stale 1", "_x2 stale 1"),
        ("0+2x2", "0 2 4"),
        ("1-0.5x1 7 7", "1 0.5 7x1"),
    ],
)
def test_values_are_what_they_were(values: str, expected: str) -> None:
    """One by one, and with equal ones in one word."""
    assert expected == shortened(expanded(values))


def test_other_values_are_refused() -> None:
    """Not left out."""
    with pytest.raises(ValueError, match="'1y2' is no value"):
        expanded("1 1y2")
