"""What is visible of a schema, as statements name it."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.columns import Columns, LackingError

FOUND = Columns("cloud", {"host": frozenset({"id", "name"}), "mshost": frozenset()})


def test_visible() -> None:
    """A table as a statement names it, where all that is needed is there."""
    assert "`cloud`.`host`" == FOUND.table("host", "id name")
    assert FOUND.has("host", "name")
    assert not FOUND.has("host", "name", "arch")


@pytest.mark.parametrize(
    ("table", "needed", "message"),
    [("host", "id arch uuid", "cloud.host: arch, uuid"), ("alert", "", "table cloud.alert")],
)
def test_lacking(table: str, needed: str, message: str) -> None:
    """Named, as the operator knows it."""
    with pytest.raises(LackingError, match=message):
        FOUND.table(table, needed)
