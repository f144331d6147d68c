"""The exporter's own rows: each can be proved, and none has a name that a symptom has."""

from __future__ import annotations

from cs_exporter.matrix.own import PROBE, own_rows
from cs_exporter.matrix.whole import usual_matrix


def test_each_has_a_proof() -> None:
    """No limit of a sheet stands behind them, so that what fires when is said by hand."""
    assert [] == [row.name for row in own_rows(usual_matrix().rendering) if not row.proofs or row.probe != PROBE]
