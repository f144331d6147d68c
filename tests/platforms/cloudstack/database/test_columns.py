"""What is visible: by information_schema's rows, as either server spells them."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack.database.columns import TABLES, LackingError, columns, statement
from tests.lab.cloud_schema import TABLES as REAL

FOUND = columns("cloud", [{"named": "HOST", "seen": "ID,name"}, {"named": "mshost", "seen": None}])


def test_statement() -> None:
    """All tables of one schema, and none that the cloud does not have."""
    assert {*TABLES} <= {*REAL}
    assert "table_schema = _utf8mb4 0x636c6f7564 AND table_name IN ('host', " in statement("cloud")


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
