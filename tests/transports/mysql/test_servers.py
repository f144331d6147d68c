"""Database servers as the daemon has them: one kept connection each, polled without harm, left without a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.model import Reason
from cs_exporter.ports import Counters
from tests.lab import fair, faults
from tests.lab.mysql import MONITOR, MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.wait import wait_until_async
from tests.transports.mysql.databases import BRIEF, PATIENCE, descriptors, failure, kept, servers, watched

pytestmark = pytest.mark.lab

POLLS = 300


@BOTH
async def test_polls_move_no_counter_of_the_server(database: MysqlServer) -> None:
    """300 polls: one connection; what counts connections, broken handshakes and aborted clients stands still."""
    counters = Counters()
    async with servers(counters) as made:
        host = watched(database)
        first = await made.of(host).login(PATIENCE)
        before = (database.status("Connections"), database.errors(), database.sessions())
        for _ in range(POLLS):
            sql = made.of(host)
            assert first == await sql.login(PATIENCE)
            assert ({"1": "1"},) == await sql.query("SELECT 1", PATIENCE)
        assert before == (database.status("Connections"), database.errors(), database.sessions())
        assert [first.connection_id] == database.sessions()
    assert 1 == counters.sql_logins
    assert POLLS <= counters.sql_queries <= POLLS + 5


@BOTH
async def test_what_is_left_leaves_nothing(database: MysqlServer) -> None:
    """After drop and after close no session is on the server, no descriptor is open, and nobody was aborted."""
    before, aborted = descriptors(), database.errors()
    async with servers() as made:
        for leave in (lambda: made.drop([database.host.name]), None):
            await made.of(watched(database)).login(PATIENCE)
            assert 1 == len(database.sessions())
            if leave is not None:
                leave()
                await wait_until_async(lambda: not database.sessions(), what="the session to be gone")
    await wait_until_async(lambda: not database.sessions(), what="the session to be gone")
    assert (before, aborted) == (descriptors(), database.errors())


async def test_closing_does_not_wait_for_who_is_mute(mariadb: MysqlServer) -> None:
    """Within a second, beside a login without greeting and a statement without answer; nothing stays open."""
    before = descriptors()
    for statement in (None, "SELECT 1"):
        async with servers() as made:
            sql = made.of(watched(mariadb))
            if statement:
                await sql.login(PATIENCE)
            with faults.frozen(mariadb):
                asked = sql.query(statement, BRIEF) if statement else sql.login(BRIEF)
                assert Reason.MUTE is (await failure(asked)).reason
                began = fair.seconds()
                await made.close()
                assert fair.seconds() - began < 1
        assert before == descriptors()
    await wait_until_async(lambda: not mariadb.sessions(), what="the sessions to be gone")


async def test_another_address_or_account_is_another_connection(mariadb: MysqlServer) -> None:
    """A reload that leaves a host as it was leaves its connection; one that changes how it is asked makes a new one."""
    async with servers() as made:
        host = watched(mariadb)
        first = made.of(host)
        await first.login(PATIENCE)
        assert first is made.of(replace(host, maintenance=True))
        other = made.of(watched(mariadb, user="greedy"))
        await other.login(PATIENCE)
        await wait_until_async(lambda: [] == mariadb.sessions(MONITOR), what="the old session to be gone")
        assert 1 == len(mariadb.sessions("greedy"))
        assert Reason.RESET is (await failure(first.login(PATIENCE))).reason


@BOTH
async def test_a_connection_that_was_there_before_is_answered_by_a_full_server(database: MysqlServer) -> None:
    """Full after our login: the kept connection goes on and tells so."""
    async with kept(database) as sql:
        first = await sql.login(PATIENCE)
        with database.fill():
            assert first == await sql.login(PATIENCE)
            rows = await sql.query("SHOW GLOBAL STATUS LIKE 'Threads_connected'", PATIENCE)
            assert ({"Variable_name": "Threads_connected", "Value": "12"},) == rows


@BOTH
async def test_a_server_that_was_full_lets_in_when_it_is_not(database: MysqlServer) -> None:
    """Full before our login: exhausted, as the server says it; the first poll after that is in."""
    async with kept(database) as sql:
        with database.fill():
            refused = await failure(sql.login(PATIENCE))
            assert (Reason.EXHAUSTED, 1040) == (refused.reason, getattr(refused, "code", None))
            assert "Too many connections" in refused.detail
        assert 1 == (await sql.login(PATIENCE)).logins
