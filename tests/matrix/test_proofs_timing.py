"""The course of a proof: when a value is where, and how promtool is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.matrix.proofs_timing import BEYOND, GONE, INSIDE, Pace, Stretch, pace_of, written
from tests.matrix.proving import USUAL

PACE = pace_of(72, 90, 30)


def test_a_run_has_two_steps() -> None:
    """An alert fires at the first look after its wait, and is kept for whole runs."""
    assert Pace(15, 5, 6) == PACE
    assert Pace(7.5, 41, 6) == pace_of(306, 45, 15)
    assert 4 == pace_of(30.0, 0, 15).wait


def test_the_course() -> None:
    """It fires, two runs do not confirm it, and what has healed is kept for three."""
    assert ((7, 13), 17, 24) == (PACE.dips, PACE.last, PACE.resolved)
    stretches = PACE.dipping(INSIDE)
    where = [place for place, steps in stretches for _ in range(steps)]
    assert PACE.steps == len(where)
    assert [INSIDE] * 2 + [BEYOND] * 4 == where[6:12]
    assert (INSIDE, BEYOND, BEYOND, INSIDE) == (where[13], where[14], where[PACE.last], where[PACE.last + 1])


@pytest.mark.parametrize(("runs", "hold", "expected"), [(3, 0, 4), (1, 30, 2), (1, 40, 3)])
def test_too_short(runs: int, hold: float, expected: int) -> None:
    """One run less than it takes, or not quite as long."""
    symptom = next(row.symptom for row in USUAL.rows if row.symptom)
    first, second, *_ = PACE.never_long(replace(symptom, runs=runs, hold=hold))
    assert ((BEYOND, expected), (INSIDE, 2)) == (first, second)


@pytest.mark.parametrize(
    ("stretches", "growth", "expected"),
    [
        (((BEYOND, 3),), 0, "0.81x2"),
        (((BEYOND, 1), (INSIDE, 2)), 0, "0.81 0.79x1"),
        (((BEYOND, 2), (GONE, 3), (INSIDE, 1)), 0, "0.81x1 stale _ _ 0.79"),
        (((BEYOND, 2), (GONE, 1), (INSIDE, 2)), 15, "0.81+15x1 stale 45.79+15x1"),
    ],
)
def test_values(stretches: tuple[Stretch, ...], growth: float, expected: str) -> None:
    """What is lost ends the series, as a scrape without it does."""
    assert expected == written(stretches, {BEYOND: 0.81, INSIDE: 0.79}, growth)
