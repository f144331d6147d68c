"""The list of labels has those that there are, and no others."""

from __future__ import annotations

from cs_exporter.matrix.labels import LABELS
from cs_exporter.matrix.reference import parts
from cs_exporter.matrix.whole import usual_matrix


def test_no_label_is_told_in_vain() -> None:
    """One that no metric has any more would mislead."""
    used = {label for part in parts(usual_matrix()) for entry in part.entries for label in entry.labels}
    assert used == set(LABELS)
