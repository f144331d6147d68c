"""The sheet mysql_connections: what a server says, or fails to say, becomes a reading, metrics and symptoms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from cs_exporter.model import Host, MysqlTarget, ProbeFailed, Reason, Role
from cs_exporter.ports import SqlError
from cs_exporter.probes.mysql.mysql_connections import SPEC, MysqlConnectionsSettings
from cs_exporter.probes.mysql.reading import State
from tests.parsers.mysql_rows import table
from tests.probes.mysql.mysql_stand import (
    FULL,
    LOST,
    MUTE,
    NO_CLUSTER,
    REFUSED,
    UNREACHABLE,
    FakeSql,
    Server,
    galera,
    mariadb,
    mysql,
    symptoms,
    value,
    values,
)

BLOCKED = SqlError(Reason.REFUSED, "Host is blocked (1129)", 1129)
GOING_DOWN = SqlError(Reason.NOT_READY, "Server shutdown in progress (1053)", 1053)


@pytest.mark.parametrize(("make", "flavour"), [(mariadb, "mariadb"), (mysql, "mysql")])
async def test_a_server_that_is_well(make: Callable[[], FakeSql], flavour: str) -> None:
    """Everything is known after four statements and the grants, and nothing is red but MariaDB's default format."""
    server = Server(make())
    reading = await server.poll()
    told = [value(reading, f"cs_mysql_{name}") for name in ("up", "saturated", "connections", "max_connections")]
    assert [1.0, 0.0, 4.0, 10.0] == told
    assert 0.4 == value(reading, "cs_mysql_connections_used_ratio")
    assert {("ok",): 1.0} == values(reading, "cs_mysql_state")
    assert {flavour} == {found for _, found in values(reading, "cs_mysql_info")}
    assert {("default",): 0.0} == values(reading, "cs_mysql_replication_lag_seconds")
    assert ["status", "variables", "grants", "clients", "replication"] == server.sql.asked
    assert (["MysqlBinlogNotRow"] if flavour == "mariadb" else []) == symptoms(reading)


async def test_statements_of_a_minute() -> None:
    """Thirteen, every 15 s: three in each run and the list of clients once; one login in all."""
    server = Server(mysql())
    await server.poll()
    server.sql.asked.clear()
    for _ in range(4):
        await server.poll()
    assert (13, 1, 1) == (len(server.sql.asked), server.sql.asked.count("clients"), server.sql.logins)


async def test_full_while_a_connection_is_kept() -> None:
    """It keeps yielding: all values are there, and the refusals of others are seen."""
    server = Server(mysql())
    await server.poll()
    server.answers("status", threads_connected=10, connection_errors_max_connections=3, max_used_connections=11)
    reading = await server.poll()
    assert (1.0, 1.0, 10.0, 3.0) == (
        value(reading, "cs_mysql_up"),
        value(reading, "cs_mysql_saturated"),
        value(reading, "cs_mysql_connections"),
        value(reading, "cs_mysql_recent_refusals"),
    )
    expected = ["MysqlConnectionsCritical", "MysqlConnectionsHigh", "MysqlRefusals", "MysqlSaturated"]
    assert expected == symptoms(reading)


async def test_the_captured_course_of_a_full_server() -> None:
    """The limit set to what is in use and three more, ten clients at once, and back: 33 of 32 were connected."""
    server = Server(galera())
    usual = server.sql.answers["variables"]
    refused: set[str] = {"MysqlRefusals"}
    high = {"MysqlConnectionsHigh", "MysqlConnectionsCritical"}
    server.sql.answers["clients"] = ()
    assert set() == {*symptoms(await server.poll())}
    server.answers("variables", max_connections=32)
    server.answers("status", threads_connected=29)
    assert high == {*symptoms(await server.poll())}
    server.sql.answers["status"] = table("galera-full.status")
    full = await server.poll()
    assert high | refused | {"MysqlSaturated"} == {*symptoms(full)}
    assert (33 / 32, 33.0, 3.0) == (
        value(full, "cs_mysql_connections_used_ratio"),
        value(full, "cs_mysql_max_used_connections"),
        value(full, "cs_mysql_recent_refusals"),
    )
    server.sql.kept, server.sql.failing_logins = False, [FULL]
    assert ["MysqlSaturated"] == symptoms(await server.poll())
    server.sql.answers["variables"] = usual
    server.answers("status", threads_connected=29)
    assert refused == {*symptoms(await server.poll())}
    assert [] == symptoms(await server.poll(after=300))


async def test_full_before_our_login() -> None:
    """It is up and saturated; its limit is known from before, and nothing is invented for what is not."""
    server = Server(mysql())
    server.sql.failing_logins = [FULL]
    reading = await server.poll()
    assert (1.0, 1.0, None, None) == (
        value(reading, "cs_mysql_up"),
        value(reading, "cs_mysql_saturated"),
        value(reading, "cs_mysql_max_connections"),
        value(reading, "cs_mysql_connections"),
    )
    await server.poll()
    server.sql.failing_logins = [FULL]
    again = await server.poll()
    assert (10.0, None) == (value(again, "cs_mysql_max_connections"), value(again, "cs_mysql_connections"))
    assert {} == values(again, "cs_mysql_client_connections")
    assert ["MysqlSaturated"] == symptoms(again)


@pytest.mark.parametrize(
    ("failures", "state", "up", "symptom"),
    [
        ([REFUSED], State.REFUSED, 0.0, "MysqlDown"),
        ([MUTE], State.MUTE, 0.0, "MysqlMute"),
        ([UNREACHABLE], State.UNREACHABLE, 0.0, "MysqlUnreachable"),
        ([LOST, UNREACHABLE], State.UNREACHABLE, 0.0, "MysqlUnreachable"),
        ([BLOCKED], State.BLOCKED, 1.0, "MysqlBlocked"),
        ([LOST, LOST], State.LOST, 0.0, "MysqlLost"),
        ([LOST, REFUSED], State.REFUSED, 0.0, "MysqlDown"),
        ([GOING_DOWN, REFUSED], State.REFUSED, 0.0, "MysqlDown"),
        ([LOST, MUTE], State.MUTE, 0.0, "MysqlMute"),
        ([NO_CLUSTER], State.NOT_READY, 1.0, "GaleraNotReady"),
    ],
)
async def test_a_server_that_does_not_let_us_in(
    failures: list[ProbeFailed], state: State, up: float, symptom: str
) -> None:
    """Each is a reading of its own; whether it is full is not known then."""
    server = Server(mysql())
    await server.poll()
    server.sql.kept, server.sql.failing_logins = False, list(failures)
    reading = await server.poll()
    assert (state, up, None) == (reading.state, value(reading, "cs_mysql_up"), value(reading, "cs_mysql_saturated"))
    assert {(state.value,): 1.0} == values(reading, "cs_mysql_state")
    assert sorted([symptom, *(() if up else ("MysqlUnavailable",))]) == symptoms(reading)
    assert State.OK is (await server.poll()).state


@pytest.mark.parametrize("question", ["status", "variables", "clients", "replication"])
async def test_lost_in_the_middle(question: str) -> None:
    """One more login within the same run; whoever answers then is well."""
    server = Server(mysql())
    server.sql.once[question] = [LOST]
    assert (State.OK, 2) == ((await server.poll()).state, server.sql.logins)


async def test_killed_in_the_middle() -> None:
    """The second login finds nobody."""
    server = Server(mysql())
    await server.poll()
    server.sql.once["status"], server.sql.when_left = [LOST], [REFUSED]
    assert State.REFUSED is (await server.poll()).state


@pytest.mark.parametrize("question", ["status", "variables"])
async def test_mute_in_the_middle(question: str) -> None:
    """Frozen between two statements is frozen: what was answered before is no longer true of it."""
    server = Server(mysql())
    server.sql.once[question] = [MUTE]
    reading = await server.poll()
    assert (State.MUTE, None) == (reading.state, value(reading, "cs_mysql_connections"))
    assert 1 == server.sql.logins


@pytest.mark.parametrize(
    "failure",
    [
        SqlError(Reason.DENIED, "Access denied (1045)", 1045),
        SqlError(Reason.EXHAUSTED, "max_user_connections (1226)", 1226),
        SqlError(Reason.COMMAND, "Unknown command (1047)", 1047),
        ProbeFailed(Reason.UNREACHABLE, "the name does not resolve", ours=True),
        ProbeFailed(Reason.MUTE, "our name server is silent", ours=True),
        ProbeFailed(Reason.RESET, "the host is no longer watched", ours=True),
    ],
)
async def test_what_tells_nothing_of_the_server_is_a_failure(failure: ProbeFailed) -> None:
    """No verdict about the server is made of it."""
    server = Server(mysql())
    server.sql.failing_logins = [failure]
    with pytest.raises(ProbeFailed) as raised:
        await server.poll()
    assert failure is raised.value


async def test_the_administrators_port_is_left_at_once() -> None:
    """A full server has one place there: whoever configured that port is told, and nobody stays."""
    server = Server(mariadb(), target=MysqlTarget(port=3307))
    server.answers("variables", extra_port=3307)
    with pytest.raises(ProbeFailed, match=r"port 3307 is the administrator's way .* mysql\.port") as raised:
        await server.poll()
    assert (Reason.DENIED, 1) == (raised.value.reason, server.sql.left)


async def test_the_pools_of_clients() -> None:
    """By name where the inventory has one; a client without a known size has no verdict."""
    settings = MysqlConnectionsSettings(pool_sizes={"192.0.2.12": 10, "ms1/cloud": 4})
    server = Server(mysql(), settings=settings)
    counted = [("192.0.2.11", "cloud", "4"), ("192.0.2.11", "usage", "1"), ("192.0.2.12", "x", "5"), ("web", "", "9")]
    server.sql.answers["clients"] = tuple(
        {"client": client, "db": database, "sessions": sessions} for client, database, sessions in counted
    )
    reading = await server.poll()
    assert {("ms1",): 5.0, ("ms2",): 5.0, ("web",): 9.0} == values(reading, "cs_mysql_client_connections")
    assert {("ms1",): 4.0, ("ms2",): 10.0} == values(reading, "cs_mysql_client_pool_size")
    assert {("ms1",): 1.0, ("ms2",): 0.5} == values(reading, "cs_mysql_client_pool_used_ratio")
    assert ["MysqlPoolHigh"] == symptoms(reading)


def test_pools_of_management_servers() -> None:
    """CloudStack's sizes for each of them; what is given for one stays as it is given."""
    settings = MysqlConnectionsSettings(pool_sizes={"ms2": 50, "web": 10})
    found = settings.with_management(["ms1", "ms2"])
    assert {"ms1/cloud": 250, "ms1/cloud_usage": 100, "ms2": 50, "web": 10} == found.pool_sizes
    assert settings is settings.with_management([])


def test_who_is_asked() -> None:
    """Hosts that are for databases; what their accounts need is for those only too."""
    hosts = [Host("a", "192.0.2.1", roles=frozenset(roles)) for roles in ((), (Role.STORAGE,), (Role.DATABASE,))]
    assert [False, False, True] == [SPEC.applies(host) for host in hosts]
    assert [False, False, True] == [all(need.applies(host) for need in SPEC.needs) for host in hosts]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"pool_sizes": {"a": 0}}, "greater than or equal to 1"),
        ({"answer_limit": 0}, "greater than 0"),
        ({"top": 1000}, "less than or equal to 200"),
        ({"port": 3306}, "Extra inputs"),
    ],
)
def test_bad_settings(fields: dict[str, object], complaint: str) -> None:
    """Mistakes are refused with what was wrong."""
    with pytest.raises(ValidationError, match=complaint):
        MysqlConnectionsSettings.model_validate(fields)


def test_defaults() -> None:
    """As the design says; a server that says nothing is waited for as long as the limit."""
    settings = MysqlConnectionsSettings()
    assert (15.0, 60.0, 20, 4.0) == (settings.interval, settings.clients_every, settings.top, settings.longest_wait())
