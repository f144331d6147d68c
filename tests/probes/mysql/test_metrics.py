"""The metrics of a database server: each from what the server said, and none from what it did not say."""

from __future__ import annotations

import pytest

from cs_exporter.probes.mysql.mysql_connections import SPEC
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading, State
from tests.parsers.mysql_rows import named, rows
from tests.probes.mysql.mysql_stand import FakeSql, Server, galera, mariadb, mysql, value, values


@pytest.mark.parametrize("state", [state for state in State if state not in (State.OK, State.SATURATED)])
async def test_silence_has_no_values(state: State) -> None:
    """Of a server that said nothing now, nothing but its state is shown, whatever it said before."""
    last = (await Server(mysql()).poll()).answered
    reading = MysqlConnectionsReading(state, None, last, (), None)
    shown = {metric.name for metric in SPEC.metrics if [*metric.read(reading)]}
    limit = {"cs_mysql_max_connections"} if state in (State.BLOCKED, State.NOT_READY) else set()
    ready = {"cs_galera_ready"} if state is State.NOT_READY else set()
    assert {"cs_mysql_up", "cs_mysql_state", *limit, *ready} == shown


async def test_counters() -> None:
    """As the server counts them, since its start."""
    reading = await Server(mariadb()).poll()
    told = [value(reading, f"cs_mysql_{name}_total") for name in ("connection_refusals", "aborted_clients")]
    assert [0.0, 7.0] == told
    assert {"counter"} == {metric.kind for metric in SPEC.metrics if metric.name.endswith("_total")}
    assert (13.0, 161.0, 4.0, 1.0) == tuple(
        value(reading, f"cs_mysql_{name}")
        for name in ("aborted_connects_total", "uptime_seconds", "max_used_connections", "running_threads")
    )


async def test_more_than_the_limit_is_legal() -> None:
    """The administrator's slot comes on top."""
    server = Server(mysql())
    server.answers("status", threads_connected=11, max_used_connections=11)
    reading = await server.poll()
    assert (1.1, 11.0, 1.0) == (
        value(reading, "cs_mysql_connections_used_ratio"),
        value(reading, "cs_mysql_max_used_connections"),
        value(reading, "cs_mysql_saturated"),
    )


@pytest.mark.parametrize(
    ("sql", "changes", "expected"),
    [
        (mysql(), {}, 1.0),
        (mariadb(), {}, 0.0),
        (mariadb(), {"log_bin": "OFF"}, None),
        (galera(), {}, 1.0),  # it logs nothing to a file, and sends rows to its cluster
    ],
)
async def test_the_format_of_the_binary_log(sql: FakeSql, changes: dict[str, str], expected: float | None) -> None:
    """It matters where there is a log, or a cluster."""
    server = Server(sql)
    server.answers("variables", **changes)
    assert expected == value(await server.poll(), "cs_mysql_binlog_row")


async def test_a_server_that_no_longer_has_a_format() -> None:
    """Nothing is said of it."""
    server = Server(mysql())
    server.sql.answers["variables"] = named(max_connections=10, log_bin="ON")
    assert value(await server.poll(), "cs_mysql_binlog_row") is None


@pytest.mark.parametrize(
    ("captured", "running", "lag", "errors"),
    [
        ("running", (1.0, 1.0), {("default",): 0.0}, {}),
        ("stopped", (0.0, 0.0), {}, {}),
        ("io-connecting", (0.0, 1.0), {}, {("default", "io", "1045"): 1.0}),
        ("named-sql-error", (1.0, 0.0), {}, {("one", "sql", "1133"): 1.0}),
    ],
)
async def test_replication(
    captured: str,
    running: tuple[float, float],
    lag: dict[tuple[str, ...], float],
    errors: dict[tuple[str, ...], float],
) -> None:
    """A lag that is not known is absent, and never 0."""
    server = Server(mariadb())
    server.sql.answers["replication"] = rows(f"mariadb-replica-{captured}")
    reading = await server.poll()
    [io] = values(reading, "cs_mysql_replication_io_running").values()
    [sql] = values(reading, "cs_mysql_replication_sql_running").values()
    assert (running, lag, errors) == (
        (io, sql),
        values(reading, "cs_mysql_replication_lag_seconds"),
        values(reading, "cs_mysql_replication_error_info"),
    )
