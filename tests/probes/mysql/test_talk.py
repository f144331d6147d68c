"""One look at a database server: what an account lacks or has too much of, and questions that stay open."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import SqlError
from cs_exporter.probes.mysql.reading import Question, State
from cs_exporter.probes.mysql.talk import state_of
from tests.parsers.mysql_rows import rows
from tests.probes.mysql.mysql_stand import (
    FULL,
    MUTE,
    NO_CLUSTER,
    UNREACHABLE,
    Server,
    galera,
    mariadb,
    mysql,
    symptoms,
    value,
    values,
)

REPLICATION = Question.REPLICATION.value
PROXIED = SqlError(Reason.COMMAND, "There is no such grant defined (1141)", 1141)
OUR_OWN = ProbeFailed(Reason.REFUSED, "no descriptor is left", ours=True)
KILLED = SqlError(Reason.RESET, "Connection was killed (1927)", 1927)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (FULL, State.SATURATED),
        (KILLED, State.LOST),
        (SqlError(Reason.COMMAND, "Session was killed (3169)", 3169), State.LOST),
        (SqlError(Reason.REFUSED, "Host is blocked (1129)", 1129), State.BLOCKED),
        (NO_CLUSTER, State.NOT_READY),
        (SqlError(Reason.COMMAND, "Unknown command (1047)", 1047), None),
        (SqlError(Reason.EXHAUSTED, "too many connections of the user (1203)", 1203), None),
        (MUTE, State.MUTE),
        (UNREACHABLE, State.UNREACHABLE),
        (ProbeFailed(Reason.UNREACHABLE, "the name does not resolve", ours=True), None),
        (OUR_OWN, None),
        (ProbeFailed(Reason.TIMEOUT, "late"), None),
    ],
)
def test_what_a_failure_says_of_the_server(failure: ProbeFailed, expected: State | None) -> None:
    """The server's own number first, then the reason; our own shortage says nothing of it."""
    assert expected is state_of(failure)


@pytest.mark.parametrize(
    ("server", "grant"), [(Server(mariadb()), "SLAVE MONITOR"), (Server(mysql()), "REPLICATION CLIENT")]
)
async def test_missing_privileges(server: Server, grant: str) -> None:
    """They are named, their questions are not asked, and all else is known."""
    server.sql.answers["grants"] = rows("mariadb-grants-none")
    reading = await server.poll()
    assert {("PROCESS",): 1.0, (grant,): 1.0} == values(reading, "cs_mysql_denied")
    assert ["status", "variables", "grants"] == server.sql.asked
    assert (1.0, 4.0) == (value(reading, "cs_mysql_up"), value(reading, "cs_mysql_connections"))
    assert "MysqlGrantMissing" in symptoms(reading)


async def test_a_new_grant_counts_after_a_login() -> None:
    """A session keeps the rights that it began with: it is given up for new ones, once, and the flag goes."""
    server = Server(mysql())
    server.sql.answers["grants"] = rows("mysql9-grants-none")
    await server.poll()
    server.sql.answers["grants"] = rows("mysql9-grants-documented")
    for _ in range(3):
        assert {} != values(await server.poll(), "cs_mysql_denied")
        assert 0 == server.sql.left
    await server.poll()
    assert 1 == server.sql.left
    reading = await server.poll()
    assert ({}, 2, 1) == (values(reading, "cs_mysql_denied"), server.sql.logins, server.sql.left)
    assert {} != values(reading, "cs_mysql_client_connections")


async def test_a_place_on_a_full_server_is_worth_more_than_a_grant() -> None:
    """Who gives it up does not get it back."""
    server = Server(mysql())
    server.sql.answers["grants"] = rows("mysql9-grants-none")
    await server.poll()
    server.sql.answers["grants"] = rows("mysql9-grants-documented")
    server.answers("status", threads_connected=9)
    await server.poll(after=60)
    assert 0 == server.sql.left


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        ("mariadb-grants-super", {"SUPER", "CONNECTION ADMIN"}),
        ("mariadb-grants-all", {"ALL PRIVILEGES"}),
        ("mysql9-grants-all", {"SUPER", "CONNECTION ADMIN"}),
        ("mysql9-grants-documented", set()),
    ],
)
async def test_rights_that_reach_the_administrators_slot(captured: str, expected: set[str]) -> None:
    """They are flagged one by one."""
    server = Server(mysql())
    server.sql.answers["grants"] = rows(captured)
    reading = await server.poll()
    assert {(name,): 1.0 for name in expected} == values(reading, "cs_mysql_account_privileged")
    assert bool(expected) is ("MysqlAccountPrivileged" in symptoms(reading))


async def test_an_account_without_grants_of_its_own() -> None:
    """Nothing is said of its rights, and everything is asked."""
    server = Server(mysql())
    server.sql.answers["grants"] = PROXIED
    reading = await server.poll()
    assert ({}, {}) == (values(reading, "cs_mysql_denied"), values(reading, "cs_mysql_account_privileged"))
    assert {} != values(reading, "cs_mysql_client_connections")


async def test_a_galera_node_without_its_cluster() -> None:
    """It refuses every SELECT and answers SHOW: the reading is partial, and error 1047 is told as what it is."""
    server = Server(galera("galera-nonprimary"))
    server.sql.answers["clients"] = NO_CLUSTER
    reading = await server.poll()
    assert (State.OK, {}) == (reading.state, values(reading, "cs_mysql_unanswered"))
    assert (0.0, 0.0, 1.0) == tuple(value(reading, f"cs_galera_{name}") for name in ("primary", "ready", "connected"))
    assert ["GaleraNotPrimary", "GaleraNotReady"] == symptoms(reading)


@pytest.mark.parametrize("question", ["clients", "replication"])
async def test_what_a_node_does_counts_more_than_what_it_says(question: str) -> None:
    """It says that it is ready, as one with an old view does, and refuses what is asked of tables."""
    server = Server(galera())
    server.sql.answers[question] = NO_CLUSTER
    reading = await server.poll()
    assert (State.OK, 0.0, 1.0) == (
        reading.state,
        value(reading, "cs_galera_ready"),
        value(reading, "cs_galera_primary"),
    )
    assert ["GaleraNotReady"] == symptoms(reading)
    server.sql.answers[question] = ()
    assert [] == symptoms(await server.poll())


@pytest.mark.parametrize("question", ["status", "variables"])
async def test_a_node_that_refuses_everything(question: str) -> None:
    """As one that is told to reject all queries: it lets us in, and that is a reading of its own."""
    server = Server(galera())
    await server.poll()
    server.sql.once[question] = [NO_CLUSTER]
    reading = await server.poll()
    assert (State.NOT_READY, 1.0, 0.0) == (
        reading.state,
        value(reading, "cs_mysql_up"),
        value(reading, "cs_galera_ready"),
    )
    assert (["GaleraNotReady"], 1) == (symptoms(reading), server.sql.logins)


async def test_replication_status_that_waits_is_left_to_wait() -> None:
    """While whoever changes replication does not end: the server is well, and no second session is put to wait."""
    server = Server(mysql())
    server.sql.answers["replication"] = MUTE
    reading = await server.poll()
    assert (State.OK, {(REPLICATION,): 1.0}, 1) == (
        reading.state,
        values(reading, "cs_mysql_unanswered"),
        server.sql.left,
    )
    server.sql.asked.clear()
    server.sql.answers["waiting"] = ({"sessions": "1"},)
    for _ in range(2):
        assert {(REPLICATION,): 1.0} == values(await server.poll(), "cs_mysql_unanswered")
    assert ("replication" in server.sql.asked, server.sql.asked.count("waiting")) == (False, 2)
    server.sql.answers["waiting"] = ({"sessions": "0"},)
    server.sql.answers["replication"] = rows("mysql9-replica-running")
    healed = await server.poll()
    assert ({}, {("default",): 1.0}) == (
        values(healed, "cs_mysql_unanswered"),
        values(healed, "cs_mysql_replication_io_running"),
    )


async def test_frozen_while_replication_was_asked() -> None:
    """The next run begins anew, and finds nobody who greets."""
    server = Server(mysql())
    server.sql.once["replication"], server.sql.when_left = [MUTE], [MUTE]
    assert State.OK is (await server.poll()).state
    assert State.MUTE is (await server.poll()).state


async def test_a_slow_list_of_clients_makes_no_server_mute() -> None:
    """All else is told; it is asked again after a minute only, as the session that was left may still work on it."""
    server = Server(mysql())
    server.sql.answers["clients"] = MUTE
    reading = await server.poll()
    assert (State.OK, 1.0, 4.0) == (
        reading.state,
        value(reading, "cs_mysql_up"),
        value(reading, "cs_mysql_connections"),
    )
    # What would be asked after it would have to wait behind it.
    assert {("clients",): 1.0, (REPLICATION,): 1.0} == values(reading, "cs_mysql_unanswered")
    assert (False, 1) == ("replication" in server.sql.asked, server.sql.left)
    for _ in range(3):
        reading = await server.poll()
        assert {("clients",): 1.0} == values(reading, "cs_mysql_unanswered")
        assert {("default",): 1.0} == values(reading, "cs_mysql_replication_io_running")
    assert (1, 1) == (server.sql.asked.count("clients"), server.sql.left)
    assert ["MysqlUnanswered"] == symptoms(reading)
    server.sql.answers["clients"] = rows("mysql9-clients")
    healed = await server.poll()
    assert ({}, []) == (values(healed, "cs_mysql_unanswered"), symptoms(healed))
    assert {} != values(healed, "cs_mysql_client_connections")


async def test_grants_that_are_not_told_in_time_make_no_server_mute() -> None:
    """The same; what the account may do is found out a minute later."""
    server = Server(mysql())
    server.sql.answers["grants"] = MUTE
    reading = await server.poll()
    assert (State.OK, True) == (reading.state, ("grants",) in values(reading, "cs_mysql_unanswered"))
    for _ in range(3):
        reading = await server.poll()
        assert {("grants",): 1.0} == values(reading, "cs_mysql_unanswered")
        assert {} != values(reading, "cs_mysql_client_connections")
    assert (1, 1) == (server.sql.asked.count("grants"), server.sql.left)
    server.sql.answers["grants"] = rows("mysql9-grants-super")
    healed = await server.poll()
    assert {} == values(healed, "cs_mysql_unanswered")
    assert ("SUPER",) in values(healed, "cs_mysql_account_privileged")
    await server.poll()
    assert 2 == server.sql.asked.count("grants")


@pytest.mark.parametrize("question", ["grants", "clients"])
async def test_frozen_while_a_part_was_asked(question: str) -> None:
    """The next run begins anew, and finds nobody who greets."""
    server = Server(mysql())
    server.sql.once[question], server.sql.when_left = [MUTE], [MUTE]
    assert State.OK is (await server.poll()).state
    assert State.MUTE is (await server.poll()).state


async def test_an_error_about_one_question() -> None:
    """A server that does not know the statement has told all else."""
    server = Server(mariadb())
    server.sql.answers["replication"] = SqlError(Reason.COMMAND, "You have an error in your SQL syntax (1064)", 1064)
    reading = await server.poll()
    assert ({(REPLICATION,): 1.0}, 4.0) == (
        values(reading, "cs_mysql_unanswered"),
        value(reading, "cs_mysql_connections"),
    )
    assert 0 == server.sql.left


@pytest.mark.parametrize("question", ["grants", "clients", "replication"])
async def test_full_or_gone_is_told_whatever_was_asked(question: str) -> None:
    """A verdict about the whole server is never taken for an answer to one question."""
    server = Server(mysql())
    server.sql.answers[question] = KILLED
    assert State.LOST is (await server.poll()).state


async def test_the_list_of_clients_outlives_silence() -> None:
    """A server that was mute for a moment is not asked for it more often than once a minute."""
    server = Server(mysql())
    await server.poll()
    server.sql.failing_logins = [MUTE]
    assert {} == values(await server.poll(), "cs_mysql_client_connections")
    server.sql.asked.clear()
    reading = await server.poll()
    assert ("clients" in server.sql.asked, "grants" in server.sql.asked) == (False, False)
    assert {("127.0.0.1",): 3.0, ("localhost",): 1.0} == values(reading, "cs_mysql_client_connections")
