"""Statements by flavour and version: what a server of that age understands, and reads without a lock."""

from __future__ import annotations

import pytest

from cs_exporter.ports import SqlServer
from cs_exporter.probes.mysql.statements import STATUS, VARIABLES, dialect


@pytest.mark.parametrize(
    ("version", "replication", "schema", "grant"),
    [
        ("5.5.5-10.11.19-MariaDB-0+deb12u1-log", "SHOW ALL SLAVES STATUS", "information_schema", "SLAVE MONITOR"),
        ("10.4.34-MariaDB", "SHOW ALL SLAVES STATUS", "information_schema", "REPLICATION CLIENT"),
        ("11.4.2-MariaDB-ubu2404", "SHOW ALL SLAVES STATUS", "information_schema", "SLAVE MONITOR"),
        ("9.7.4-2", "SHOW REPLICA STATUS", "performance_schema", "REPLICATION CLIENT"),
        ("8.0.22", "SHOW REPLICA STATUS", "performance_schema", "REPLICATION CLIENT"),
        ("8.0.21-12", "SHOW SLAVE STATUS", "information_schema", "REPLICATION CLIENT"),
        ("5.7.44-log", "SHOW SLAVE STATUS", "information_schema", "REPLICATION CLIENT"),
        ("what", "SHOW SLAVE STATUS", "information_schema", "REPLICATION CLIENT"),
    ],
)
def test_by_version(version: str, replication: str, schema: str, grant: str) -> None:
    """Also where the greeting hides MariaDB behind 5.5.5."""
    found = dialect(SqlServer(version, 1, 1))
    clients = found.clients(performance_schema=True)
    assert (replication, True, grant) == (found.replication, f"{schema}.processlist" in clients, found.monitor[0])
    assert f"info LIKE '{replication}%'" in found.waiting(performance_schema=True)


def test_a_server_without_its_performance_schema() -> None:
    """The list there is empty then: the other one is read."""
    found = dialect(SqlServer("9.7.4", 1, 1))
    assert "information_schema.processlist" in found.clients(performance_schema=False)


def test_one_statement_for_many_values() -> None:
    """Each of the two asks for exactly what is read, of Galera too."""
    for statement, names in ((STATUS, ("'Uptime'", "'wsrep_ready'")), (VARIABLES, ("'max_connections'", "'wsrep_on'"))):
        assert all(name in statement for name in names)
        assert statement.startswith("SHOW GLOBAL ")
