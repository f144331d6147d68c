"""The matrix as a whole: the sheets, how they are rendered, and all rows; what every writer of a file is given.

A writer is `files(matrix) -> path -> text`; paths are relative to the project's folder, and texts end in a newline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cs_exporter.matrix.inhibitions import outlasting
from cs_exporter.matrix.own import own_rows
from cs_exporter.matrix.rendering import Rendering, usual
from cs_exporter.matrix.rows import Row, rows_of
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec


@dataclass(frozen=True)
class Matrix:
    """`rows`: of the sheets in their order, then the exporter's own."""

    rendering: Rendering
    probes: Sequence[AnySpec] = PROBES
    derived: Sequence[AnyDerived] = DERIVED
    rows: tuple[Row, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the rows once."""
        rows = (*rows_of(self.probes, self.derived, self.rendering), *own_rows(self.rendering, self.probes))
        object.__setattr__(self, "rows", outlasting(rows))

    def by_probe(self) -> dict[str, list[Row]]:
        """The rows of each sheet that has some, in order; the exporter's own under its name."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.probe, []).append(row)
        return found


def usual_matrix() -> Matrix:
    """The matrix whose files are committed."""
    return Matrix(usual(PROBES, DERIVED))
