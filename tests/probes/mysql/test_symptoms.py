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
    ("captured", "changes", "read_only", "expected"),
    [
        ("running", {}, "ON", []),
        ("stopped", {}, "ON", ["MysqlReplicaIoStopped", "MysqlReplicaSqlStopped"]),
        ("stopped", {}, "OFF", ["MysqlReplicaOutOfUse"]),  # promoted, and its channel left there
        ("stopped", {"Last_IO_Errno": "1236"}, "OFF", ["MysqlReplicaIoStopped", "MysqlReplicaSqlStopped"]),
        ("stopped", {"Replica_IO_Running": "Connecting"}, "OFF", ["MysqlReplicaIoStopped", "MysqlReplicaSqlStopped"]),
        ("running", {"Replica_SQL_Running": "No"}, "OFF", ["MysqlReplicaSqlStopped"]),
    ],
)
async def test_replication(captured: str, changes: dict[str, str], read_only: str, expected: list[str]) -> None:
    """Each thread has a row of its own; a server that takes changes itself is no replica that was stopped."""
    server = Server(mysql())
    [row] = rows(f"mysql9-replica-{captured}")
    server.sql.answers["replication"] = ({**row, **changes},)
    server.answers("variables", read_only=read_only)
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
    """A server that nobody gets into, or soon, and a node that refuses its clients; the rest are tickets."""
    critical = {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {
        *("CsMysqlDown", "CsMysqlMute", "CsMysqlUnreachable", "CsMysqlLost", "CsMysqlBlocked", "CsMysqlSaturated"),
        "CsMysqlUnavailable",
        *("CsMysqlConnectionsCritical", "CsGaleraNotPrimary", "CsGaleraNotReady"),
    } == critical
