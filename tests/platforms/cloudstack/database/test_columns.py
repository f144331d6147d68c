"""What is visible: by information_schema's rows, as either server spells them."""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.database.columns import columns, statement
from cs_exporter.platforms.cloudstack.database.tables import READ
from tests.lab.cloud_schema import TABLES as REAL

FOUND = columns("cloud", [{"named": "HOST", "seen": "ID,name"}, {"named": "mshost", "seen": None}])


def test_statement() -> None:
    """All tables of one schema, and none that the cloud does not have."""
    assert {*READ} <= {*REAL}
    assert "table_schema = _utf8mb4 0x636c6f7564 AND table_name IN ('host', " in statement("cloud")


def test_visible() -> None:
    """Names as they are in statements, however the server spells them."""
    assert {"host": {"id", "name"}, "mshost": {""}} == FOUND.visible
