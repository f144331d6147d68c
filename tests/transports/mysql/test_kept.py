"""The kept connection beside servers that freeze, die or vanish: one attempt at a time, and it mends by itself."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import Reason
from tests.lab import faults
from tests.lab.mysql import PORT, MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.wait import wait_until_async
from tests.transports.mysql.databases import BRIEF, PATIENCE, failure, greeting, kept, packet, pretender

pytestmark = pytest.mark.lab


@BOTH
async def test_a_frozen_server_sees_one_login_however_often_it_is_polled(database: MysqlServer) -> None:
    """Mute, for longer with every poll; once thawed it lets that same login in, and no handshake was interrupted."""
    connections, errors = database.status("Connections"), database.errors()
    async with kept(database) as sql:
        with faults.frozen(database):
            for poll in (1, 2, 3):
                failed = await failure(sql.login(BRIEF))
                assert Reason.MUTE is failed.reason
                assert f"has not greeted for {poll * BRIEF:.1f}" in failed.detail
        server = await sql.login(PATIENCE)
        assert [server.connection_id] == database.sessions()
        assert (connections + 1, errors) == (database.status("Connections"), database.errors())


@BOTH
async def test_a_statement_without_an_answer_is_waited_for(database: MysqlServer) -> None:
    """Frozen in the middle: mute, no second statement, no second connection; the late answer is thrown away."""
    async with kept(database) as sql:
        server = await sql.login(PATIENCE)
        with faults.frozen(database):
            failed = await failure(sql.query("SELECT 'old'", BRIEF))
            assert (Reason.MUTE, True) == (failed.reason, "\"SELECT 'old'\"" in failed.detail)
            assert Reason.MUTE is (await failure(sql.query("SELECT 'lost'", BRIEF))).reason
            assert Reason.MUTE is (await failure(sql.login(BRIEF))).reason
        assert server == await sql.login(PATIENCE)
        assert ({"new": "new"},) == await sql.query("SELECT 'new'", PATIENCE)
        assert [server.connection_id] == database.sessions()


@BOTH
async def test_a_slow_statement_outlives_who_asked(database: MysqlServer) -> None:
    """A run that is cancelled cancels neither login nor statement; the next one waits for what is under way."""
    async with kept(database) as sql:
        asking = asyncio.ensure_future(sql.login(PATIENCE))
        await asyncio.sleep(0)
        asking.cancel()
        assert 1 == (await sql.login(PATIENCE)).logins
        asked = asyncio.ensure_future(sql.query("SELECT SLEEP(0.5)", PATIENCE))
        await wait_until_async(lambda: "SLEEP" in str(database.sql("SHOW PROCESSLIST")), what="the statement to run")
        asked.cancel()
        began = time.monotonic()
        assert ({"2": "2"},) == await sql.query("SELECT 2", PATIENCE)
        assert 0.1 < time.monotonic() - began


@BOTH
async def test_two_at_once_share_one_login(database: MysqlServer) -> None:
    """Whoever comes while a login is under way waits for that one."""
    connections = database.status("Connections")
    async with kept(database) as sql:
        first, second = await asyncio.gather(sql.login(PATIENCE), sql.login(PATIENCE))
        assert first == second
        assert connections + 1 == database.status("Connections")


@BOTH
async def test_a_session_that_is_ended_in_a_statement_is_lost_and_made_anew(database: MysqlServer) -> None:
    """KILL: reset, for this statement and the next; the next login is a second one."""
    async with kept(database) as sql:
        first = await sql.login(PATIENCE)
        asking = asyncio.ensure_future(failure(sql.query("SELECT SLEEP(30)", PATIENCE)))
        await wait_until_async(lambda: "SLEEP" in str(database.sql("SHOW PROCESSLIST")), what="the statement to run")
        database.end_session(first.connection_id)
        assert Reason.RESET is (await asking).reason
        assert Reason.RESET is (await failure(sql.query("SELECT 1", PATIENCE))).reason
        second = await sql.login(PATIENCE)
        assert (2, True) == (second.logins, second.connection_id != first.connection_id)


@BOTH
async def test_a_session_that_is_ended_between_polls_costs_no_poll(database: MysqlServer) -> None:
    """The next login sees that the connection has ended, and makes another at once."""
    async with kept(database) as sql:
        first = await sql.login(PATIENCE)
        database.end_session(first.connection_id)
        await wait_until_async(lambda: not database.sessions(), what="the session to be gone")

        async def anew() -> bool:
            return (await sql.login(PATIENCE)).logins == 2

        await wait_until_async(anew, what="the farewell to arrive")
        assert ({"1": "1"},) == await sql.query("SELECT 1", PATIENCE)


@BOTH
async def test_a_server_that_dies_in_a_statement_comes_back(database: MysqlServer) -> None:
    """SIGKILL: reset, then refused, and in again when it runs again."""
    async with kept(database) as sql:
        await sql.login(PATIENCE)
        asking = asyncio.ensure_future(failure(sql.query("SELECT SLEEP(30)", PATIENCE)))
        await wait_until_async(lambda: "SLEEP" in str(database.sql("SHOW PROCESSLIST")), what="the statement to run")
        database.kill()
        try:
            assert Reason.RESET is (await asking).reason
            assert Reason.REFUSED is (await failure(sql.login(PATIENCE))).reason
        finally:
            database.start()
        assert 2 == (await sql.login(PATIENCE)).logins


async def test_a_server_behind_a_filter_is_unreachable(mariadb: MysqlServer) -> None:
    """Connection requests that vanish are told within the run's time, and given up: the next poll sends another."""
    async with kept(mariadb) as sql:
        with faults.dropped(mariadb.host, PORT):
            began = time.monotonic()
            failed = await failure(sql.login(BRIEF))
            assert (Reason.UNREACHABLE, True) == (failed.reason, "no answer to the connection request" in failed.detail)
            assert time.monotonic() - began < PATIENCE
        assert 1 == (await sql.login(PATIENCE)).logins


async def test_an_established_connection_behind_a_filter_is_mute(mariadb: MysqlServer) -> None:
    """Packets that vanish in the middle look like a frozen server: waited for, and answered when the filter is gone."""
    async with kept(mariadb) as sql:
        server = await sql.login(PATIENCE)
        with faults.dropped(mariadb.host, PORT):
            assert Reason.MUTE is (await failure(sql.query("SELECT 1", BRIEF))).reason
        assert server == await sql.login(PATIENCE)


async def test_leaving_gives_the_connection_up(mariadb: MysqlServer) -> None:
    """In order, so that no client counts as aborted; a statement then fails, and a login makes a new connection."""
    aborted = mariadb.errors()
    async with kept(mariadb) as sql:
        await sql.leave()
        await sql.login(PATIENCE)
        await sql.leave()
        assert Reason.RESET is (await failure(sql.query("SELECT 1", PATIENCE))).reason
        await wait_until_async(lambda: not mariadb.sessions(), what="the session to be gone")
        assert 2 == (await sql.login(PATIENCE)).logins
    assert aborted == mariadb.errors()


async def test_what_we_leave_ourselves_is_no_verdict(mariadb: MysqlServer) -> None:
    """A statement under way, and one after it: whoever asked is told that it was our own doing."""
    async with kept(mariadb) as sql:
        await sql.login(PATIENCE)
        asking = asyncio.ensure_future(failure(sql.query("SELECT SLEEP(30)", PATIENCE)))
        await wait_until_async(lambda: "SLEEP" in str(mariadb.sql("SHOW PROCESSLIST")), what="the statement to run")
        await sql.leave()
        failed = [await asking, await failure(sql.query("SELECT 1", PATIENCE))]
        assert [(Reason.RESET, True)] * 2 == [(failure.reason, failure.ours) for failure in failed]


async def test_a_leaving_that_is_cancelled_leaves_all_the_same(mariadb: MysqlServer) -> None:
    """A run that is ended while it waits for a statement's end leaves no session on the server."""
    async with kept(mariadb) as sql:
        for _ in range(3):
            await sql.login(PATIENCE)
            await failure(sql.query("SELECT SLEEP(0.5)", 0.05))
            leaving = asyncio.ensure_future(sql.leave())
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.wait({leaving})
        await wait_until_async(lambda: not mariadb.sessions(), what="all sessions to be gone")


async def test_a_balancer_without_a_server_is_asked_at_every_poll() -> None:
    """It accepts and closes without a word: nobody counts that, and a pause would outlast its healing."""
    accepted: list[object] = []

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    async with pretender(behave) as sql:
        for _ in range(4):
            assert Reason.RESET is (await failure(sql.login(PATIENCE))).reason
        assert 4 == len(accepted)


async def test_a_proxy_that_does_not_know_the_variables() -> None:
    """It lets us in and has no such rows: not a database server's answer, and told again before it is tried again."""
    done = b"\0\0\0\2\0\0\0"

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting())
        for number in (2, 1):
            await reader.readexactly(int.from_bytes((await reader.readexactly(4))[:3], "little"))
            writer.write(packet(number, done))
        await reader.read()

    async with pretender(behave) as sql:
        failed = [await failure(sql.login(PATIENCE)) for _ in range(3)]
        assert [Reason.UNPARSABLE] * 3 == [failure.reason for failure in failed]
        assert ["autocommit" in failed[0].detail, "tried again in" in failed[2].detail] == [True, True]
