"""The course of a proof: when a value is where, and how promtool is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.matrix.proofs_timing import BEYOND, GONE, INSIDE, Pace, Stretch, pace_of, written
from tests.matrix.proving import stub

PACE = pace_of(72, 90, 30)


def test_runs_are_counted() -> None:
    """An alert fires at the first run after its wait."""
    assert Pace(30, 3, 3) == PACE
    assert Pace(15, 21, 3) == pace_of(306, 45, 15)
    assert 2 == pace_of(30.0, 0, 15).wait


def test_the_course() -> None:
    """All is well, it fires, two runs do not confirm it, and what has healed is kept for three."""
    assert (4, (5, 8), 14, 15) == (PACE.fires, PACE.dips, PACE.resolved, PACE.runs)
    where = [place for place, runs in PACE.dipping(INSIDE) for _ in range(runs)]
    assert PACE.runs == len(where)
    assert [0, 5, 8, 11, 12, 13, 14] == [run for run, place in enumerate(where) if place == INSIDE]


@pytest.mark.parametrize(("runs", "hold", "expected"), [(3, 0, 2), (1, 30, 1), (1, 40, 2)])
def test_too_short(runs: int, hold: float, expected: int) -> None:
    """One run less than it takes, or not quite as long."""
    symptom = stub("CsFalse").symptom
    assert symptom
    _, first, second, *_ = PACE.never_long(replace(symptom, runs=runs, hold=hold))
    assert ((BEYOND, expected), (INSIDE, 1)) == (first, second)


@pytest.mark.parametrize(
    ("stretches", "growth", "expected"),
    [
        (((BEYOND, 3),), 0, "0.81x2"),
        (((BEYOND, 1), (INSIDE, 2)), 0, "0.81 0.79x1"),
        (((INSIDE, 1), (INSIDE, 2)), 0, "0.79x2"),
        (((BEYOND, 2), (GONE, 3), (INSIDE, 1)), 0, "0.81x1 stale _ _ 0.79"),
        (((BEYOND, 2), (GONE, 1), (INSIDE, 2)), 15, "0.81+15x1 stale 45.79+15x1"),
    ],
)
def test_values(stretches: tuple[Stretch, ...], growth: float, expected: str) -> None:
    """What is lost ends the series, as a scrape without it does."""
    assert expected == written(stretches, {BEYOND: 0.81, INSIDE: 0.79}, growth)
