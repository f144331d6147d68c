"""Cases of a proof: each row has those that its limit, its wait and its labels ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.matrix.proofs_cases import cases
from cs_exporter.matrix.proofs_shape import Fires
from tests.matrix.proving import RENDERING, USUAL, stub, unproved
from tests.matrix.test_proofs_series import world

OF_HOSTS = {"silent", "in-maintenance", "new", "replicas", "unplaced"}
ALWAYS = {"beyond", "inside", "dips", "lost"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsFalse", {"short", *OF_HOSTS}),
        ("CsAbove", {"short", "at-limit", *OF_HOSTS}),
        ("CsAtOnce", OF_HOSTS),
        ("CsExporter", {"short", "at-limit", "behind", "inside-behind"}),
        ("CsBelowSeries", {"short", "at-limit", "without-limit", *OF_HOSTS}),
        ("CsCountdown", {"at-limit", "given-up", "new-given-up", "openstack", *OF_HOSTS}),
        ("CsDatabase", {"short", "mute", *OF_HOSTS}),
        ("CsPort", {"short", "other-port", *OF_HOSTS}),
        ("CsServer", {"short", *OF_HOSTS}),
        ("CsState", {"short", "other-state", *OF_HOSTS}),
    ],
)
def test_which_there_are(name: str, expected: set[str]) -> None:
    """Besides those that every row has."""
    assert ALWAYS | expected == {case.name for case in cases(world(stub(name)))}


def test_every_row_has_some_that_fire_and_some_that_do_not() -> None:
    """And no two cases share a series: they would be one."""
    for row in USUAL.rows:
        if row.symptom:
            found = cases(world(row))
            assert {*Fires} == {case.fires for case in found}
            series = [selector for case in found for selector in case.series]
            assert len(series) == len({*series})


@pytest.mark.debian
@pytest.mark.parametrize("own", [0.3, 0.7])
def test_limits_of_their_own_are_proved(own: float, tmp_path: Path) -> None:
    """Stricter or laxer ones; a rule that does not know them is found."""
    rendering = replace(RENDERING, own={"CsAbove": {"nfs7": own}}, selector='job=~"mine|x"')
    row = stub("CsAbove", rendering)
    assert frozenset() == unproved(tmp_path, row, rendering=rendering)
    assert {"CsAbove"} == unproved(tmp_path, row, f"> {own}", "> 0.5", rendering=rendering)


@pytest.mark.debian
def test_other_intervals_limits_and_selectors_can_be_proved(tmp_path: Path) -> None:
    """As an operator renders them: each kind of symptom, polled every four minutes, with a limit below its step."""
    rendering = replace(
        RENDERING,
        selector='job="mine"',
        intervals={**RENDERING.intervals, "stub": 240.0},
        limits={"CsAbsolute": 0.004},
    )
    for name in ("CsAbsolute", "CsAge", "CsCountdown", "CsDatabase", "CsHeld"):
        assert frozenset() == unproved(tmp_path, stub(name, rendering), rendering=rendering)
