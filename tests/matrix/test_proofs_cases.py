"""Cases of a proof: each row has those that its limit, its wait and its labels ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.matrix.proofs_cases import Fires, cases
from cs_exporter.matrix.whole import Matrix
from tests.matrix.proving import USUAL, proved
from tests.matrix.test_proofs_series import world

OF_HOSTS = {"silent", "in-maintenance", "replicas", "unplaced"}
ALWAYS = {"beyond", "inside", "dips", "lost"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsNfsServerDown", {"short", *OF_HOSTS}),
        ("CsNfsServerSlow", {"short", "at-limit", *OF_HOSTS}),
        ("CsStorageHeartbeatLate", {"at-limit", *OF_HOSTS}),
        ("CsExporterClockWrong", {"short", "at-limit", "behind", "inside-behind"}),
        ("CsGaleraTooSmall", {"short", "at-limit", "without-limit", *OF_HOSTS}),
        ("CsNfsMountHung", {"short", "other-state", *OF_HOSTS}),
    ],
)
def test_which_there_are(name: str, expected: set[str]) -> None:
    """Besides those that every row has."""
    assert ALWAYS | expected == {case.name for case in cases(world(name))}


def test_every_row_has_some_that_fire_and_some_that_do_not() -> None:
    """And no two cases share a series: they would be one."""
    for row in USUAL.rows:
        if row.symptom:
            found = cases(world(row.name))
            assert {*Fires} == {case.fires for case in found}
            series = [selector for case in found for selector in case.series]
            assert len(series) == len({*series})


@pytest.mark.debian
@pytest.mark.parametrize("own", [0.3, 0.7])
def test_limits_of_their_own_are_proved(own: float, tmp_path: Path) -> None:
    """Stricter or laxer ones; a rule that does not know them is found."""
    matrix = Matrix(replace(USUAL.rendering, own={"CsNfsServerSlow": {"nfs7": own}}, selector='job=~"mine|x"'))
    assert frozenset() == proved(tmp_path, "CsNfsServerSlow", matrix=matrix).failed
    defects = {f"> {own}": "> 0.5"}
    assert {"CsNfsServerSlow"} == proved(tmp_path, "CsNfsServerSlow", matrix=matrix, defects=defects).failed
