"""Cases about what lasts: rows have those that their sheet and their probe ask for."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.proofs_lasting import blind, changing
from cs_exporter.matrix.proofs_shape import Fires
from tests.matrix.proving import stub
from tests.matrix.test_proofs_series import world


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsFalse", set()),
        ("CsPortInAnyState", {("filtered", Fires.ALWAYS), ("changing", Fires.ALWAYS)}),
        ("CsHung", {("worsening", Fires.ALWAYS), ("worse", Fires.NEVER)}),
    ],
)
def test_labels_that_change(name: str, expected: set[tuple[str, Fires]]) -> None:
    """One alert, whatever it looks like."""
    assert expected == {(case.name, case.fires) for case in changing(world(stub(name)))}


def test_the_label_that_an_alert_keeps() -> None:
    """Others are muted by it; one that changes has none."""
    labels = {case.name: case.alert.labels.get("state") for case in changing(world(stub("CsPortInAnyState")))}
    assert {"filtered": "filtered", "changing": None} == labels


def test_what_was_seen_before_nobody_could_look() -> None:
    """It goes on until an answer says otherwise, or work begins; what was never told is not told then either."""
    found = {case.name: case.fires for case in blind(world(stub("CsHung")))}
    ended = dict.fromkeys(("healed", "no-more", "begun"), Fires.UNTIL_HEALED)
    assert {"blind": Fires.ALWAYS, **ended, "once": Fires.NEVER} == found
