"""Which tables and columns of a schema our account sees, and how a statement names them or says what is missing.

A missing grant and a column that a version lacks look alike in information_schema, and are met alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cs_exporter.platforms.listing import quoted


class LackingError(Exception):
    """A part of an answer can't be asked; the text says what of `table` is not visible."""

    def __init__(self, text: str, table: str) -> None:
        super().__init__(text)
        self.table = table


@dataclass(frozen=True, slots=True)
class Columns:
    """Table -> names of its columns that are visible, of one schema."""

    schema: str
    visible: Mapping[str, frozenset[str]]

    def table(self, name: str, needed: str = "") -> str:
        """The table as a statement names it. Raises LackingError where it, or a column of `needed`, is not visible."""
        visible = self.visible.get(name, frozenset())
        missing = [column for column in needed.split() if column not in visible]
        if not visible:
            raise LackingError(f"table {self.schema}.{name}", name)
        if missing:
            raise LackingError(f"{self.schema}.{name}: {', '.join(missing)}", name)
        return f"{quoted(self.schema)}.{quoted(name)}"

    def has(self, table: str, *names: str) -> bool:
        """Whether all of these columns are visible."""
        return self.visible.get(table, frozenset()).issuperset(names)
