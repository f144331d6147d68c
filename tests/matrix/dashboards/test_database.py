"""The databases' dashboard: connections first."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.database import dashboard
from tests.matrix.dashboards.stubs import FLEET, titled

FOUND = dashboard(FLEET)


def test_connections_first() -> None:
    """Galera is folded: not everybody has one."""
    assert [("Connections", False), ("Replication", False), ("Galera", True)] == [
        (section.title, section.folded) for section in FOUND.sections
    ]


def test_connections_beside_what_is_allowed() -> None:
    """In one graph."""
    assert ["in use {{host}}", "allowed {{host}}", "most ever {{host}}"] == [
        query.legend for query in titled(FOUND, "Connections").queries
    ]
