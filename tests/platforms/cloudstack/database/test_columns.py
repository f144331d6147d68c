"""What is visible: by information_schema's rows, as either server spells them."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack.database.columns import LackingError, columns, statement
from cs_exporter.platforms.cloudstack.database.tables import READ
from tests.lab.cloud_schema import TABLES as REAL

FOUND = columns("cloud", [{"named": "HOST", "seen": "ID,name"}, {"named": "mshost", "seen": None}])


def test_statement() -> None:
    """All tables of one schema, and none that the cloud does not have."""
    assert {*READ} <= {*REAL}
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


def test_whole() -> None:
    """Every column that is read must be visible; others are nobody's business."""
    every = columns("cloud", [{"named": "op_ha_work", "seen": "id,step"}])
    every.whole("op_ha_work")
    with pytest.raises(LackingError, match=r"table cloud\.mshost") as raised:
        every.whole("mshost")
    assert "mshost" == raised.value.table
    with pytest.raises(LackingError, match=r"cloud\.host: uuid, .*, removed"):
        FOUND.whole("host")
