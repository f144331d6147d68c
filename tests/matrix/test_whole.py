"""The whole matrix: rows of all sheets and the exporter's own, under names that are theirs alone."""

from __future__ import annotations

from cs_exporter.matrix.own import PROBE
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec


def test_every_name_is_used_once() -> None:
    """An alert's name leads to its runbook."""
    names = [row.name for row in usual_matrix().rows]
    assert len(names) == len({*names})


def test_rows_stand_by_probe() -> None:
    """In the sheets' order, the exporter's own at the end."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
    assert [*(sheet.name for sheet in sheets if sheet.symptoms), PROBE] == list(usual_matrix().by_probe())
