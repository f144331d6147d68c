"""What is visible: by information_schema's rows, for several schemas at once."""

from __future__ import annotations

from cs_exporter.model import Schema
from cs_exporter.platforms.openstack.database.visible import columns, statement
from cs_exporter.ports import SqlRow
from tests.lab.openstack_schema import TABLES as REAL

SCHEMAS = (Schema("nova", "a'b"), Schema("neutron", "neutron"))


def test_statement() -> None:
    """Every table by its full name, and none that its service does not have; a name can't end what it stands in."""
    parts = statement(SCHEMAS).split(" UNION ALL ")
    assert 3 == len(parts)
    assert "table_schema = _utf8mb4 0x612762 AND table_name = 'services'" in parts[0]
    assert {"services", "compute_nodes"} == {*REAL["nova"]}
    assert "table_name = 'compute_nodes'" in parts[1]
    assert "SELECT 1 AS number, 'agents' AS named" in parts[2]


def test_columns() -> None:
    """By schema, in lower case; NULL is a table that is not seen, and a row of another schema nobody's."""
    rows: list[SqlRow] = [
        {"number": "0", "named": "services", "seen": "ID,host"},
        {"number": "0", "named": "compute_nodes", "seen": None},
        {"number": "7", "named": "agents", "seen": "id"},
        {"number": None, "named": None, "seen": None},
    ]
    nova, neutron = (columns(SCHEMAS, rows)[schema] for schema in SCHEMAS)
    assert ({("services", frozenset({"id", "host"}))}, set()) == ({*nova.visible.items()}, {*neutron.visible.items()})
    assert "`a'b`.`services`" == nova.table("services")
