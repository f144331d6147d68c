"""The rows of the matrix about database servers: limits on either side, and what pages."""

from __future__ import annotations

import pytest

from cs_exporter.probes.mysql.symptoms import SYMPTOMS
from cs_exporter.spec import Severity
from tests.parsers.mysql_rows import rows
from tests.probes.mysql.mysql_stand import Server, changed, mysql, symptoms

HIGH, CRITICAL = "MysqlConnectionsHigh", "MysqlConnectionsCritical"


@pytest.mark.parametrize(
    ("connections", "expected"),
    [(80, []), (81, [HIGH]), (90, [HIGH]), (91, [CRITICAL, HIGH]), (100, [CRITICAL, HIGH, "MysqlSaturated"])],
)
async def test_connections_in_use(connections: int, expected: list[str]) -> None:
    """Of a hundred."""
    server = Server(mysql())
    server.answers("variables", max_connections=100)
    server.answers("status", threads_connected=connections)
    assert expected == symptoms(await server.poll())


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        ("running", []),
        ("stopped", ["MysqlReplicaIoStopped", "MysqlReplicaSqlStopped"]),
    ],
)
async def test_replication(captured: str, expected: list[str]) -> None:
    """Each thread has a row of its own."""
    server = Server(mysql())
    server.sql.answers["replication"] = rows(f"mysql9-replica-{captured}")
    assert expected == symptoms(await server.poll())


@pytest.mark.parametrize(("lag", "expected"), [("30", []), ("31", ["MysqlReplicaLag"])])
async def test_lag(lag: str, expected: list[str]) -> None:
    """A replica that runs, and is late."""
    server = Server(mysql())
    [row] = rows("mysql9-replica-running")
    server.sql.answers["replication"] = ({**row, "Seconds_Behind_Source": lag},)
    assert expected == symptoms(await server.poll())


async def test_the_format_of_the_binary_log() -> None:
    """By row raises nothing."""
    server = Server(mysql())
    server.sql.answers["variables"] = changed(server.sql.answers["variables"], binlog_format="STATEMENT")
    assert ["MysqlBinlogNotRow"] == symptoms(await server.poll())


def test_what_pages() -> None:
    """A server that nobody gets into, a cluster that has stopped, a replica that has; the rest are tickets."""
    critical = {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {
        *("CsMysqlDown", "CsMysqlMute", "CsMysqlLost", "CsMysqlBlocked", "CsMysqlSaturated"),
        *("CsMysqlConnectionsCritical", "CsMysqlReplicaIoStopped", "CsMysqlReplicaSqlStopped"),
        *("CsGaleraNotPrimary", "CsGaleraNotReady"),
    } == critical
