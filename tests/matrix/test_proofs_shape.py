"""A case of a proof: what its alert tells besides its labels."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.proofs_shape import SUSPECTED, UNSUSPECTED, Fires, case_of
from tests.matrix.proving import stub
from tests.matrix.test_proofs_series import world


@pytest.mark.parametrize(
    ("name", "left", "expected"),
    [
        ("CsFalse", "100x9", ""),
        ("CsCountdown", "100x9", SUSPECTED),
        ("CsCountdown", "", UNSUSPECTED),
        ("CsPortInAnyState", "", "State now: state."),
    ],
)
def test_what_it_tells_besides(name: str, left: str, expected: str) -> None:
    """Of what is suspected only where something is, and of labels that change what they are now."""
    series = {'cs_host_seconds_to_alert{host="x"}': left} if left else {}
    case = case_of(world(stub(name)), "x", "as it is", Fires.ALWAYS, series)
    assert (expected, series) == (case.alert.more, case.series)
