"""Each of a server's refusals has its reason, as real servers make it, and no peer's nonsense is a mistake of ours."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pymysql
import pytest
from pymysql.err import InternalError, MySQLError, OperationalError

from cs_exporter.model import MysqlTls, ProbeFailed, Reason
from cs_exporter.ports import SqlError
from cs_exporter.transports.mysql.errors import from_library
from cs_exporter.transports.mysql.wire import NotTlsError
from tests.lab import faults
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.mariadb import MariaDb
from tests.lab.mysql import GREEDY, MONITOR, PASSWORD, PORT, MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.wait import wait_until_async
from tests.transports.mysql.databases import BRIEF, PATIENCE, error, failure, greeting, kept, packet, pretender

lab = pytest.mark.lab


def lost(by: OSError) -> OperationalError:
    """How the library tells that the connection broke."""
    made = OperationalError(2013, f"Lost connection to MySQL server during query ({by})")
    made.__cause__ = by
    return made


@pytest.mark.parametrize(
    ("raised", "reason", "code"),
    [
        (OperationalError(1040, "Too many connections"), Reason.EXHAUSTED, 1040),
        (OperationalError(1203, "User has already more than 'max_user_connections'"), Reason.EXHAUSTED, 1203),
        (OperationalError(1226, "User has exceeded the 'max_user_connections'"), Reason.EXHAUSTED, 1226),
        (OperationalError(1129, "Host is blocked because of many connection errors"), Reason.REFUSED, 1129),
        (OperationalError(1045, "Access denied"), Reason.DENIED, 1045),
        (OperationalError(1130, "Host is not allowed"), Reason.DENIED, 1130),
        (OperationalError(1227, "you need PROCESS"), Reason.DENIED, 1227),
        (OperationalError(1047, "WSREP has not yet prepared node"), Reason.NOT_READY, 1047),
        (OperationalError(1047, "Unknown command"), Reason.COMMAND, 1047),
        (OperationalError(1053, "Server shutdown in progress"), Reason.NOT_READY, 1053),
        (OperationalError(1927, "Connection was killed"), Reason.RESET, 1927),
        (OperationalError(1064, "error in your SQL syntax"), Reason.COMMAND, 1064),
        (OperationalError(4151, "an unknown one"), Reason.COMMAND, 4151),
        (OperationalError(2013, "Lost connection"), Reason.RESET, None),
        (lost(ConnectionResetError(errno.ECONNRESET, "reset")), Reason.RESET, None),
        (lost(TimeoutError(errno.ETIMEDOUT, "timed out")), Reason.UNREACHABLE, None),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Reason.REFUSED, None),
        (asyncio.IncompleteReadError(b"", 4), Reason.RESET, None),
        (MySQLError(2059, "Authentication plugin not configured"), Reason.DENIED, None),
        (InternalError("Packet sequence number wrong"), Reason.UNPARSABLE, None),
        (MySQLError(2014, "Command Out of Sync"), Reason.UNPARSABLE, None),
        (ssl.SSLError(1, "sslv3 alert handshake failure"), Reason.UNPARSABLE, None),
        (NotTlsError(error(2, 1040, "Too many connections")), Reason.EXHAUSTED, 1040),
        (NotTlsError(packet(2, b"\xff\x10\x04Too many connections")), Reason.EXHAUSTED, 1040),
        (NotTlsError(b"HTTP/1.1 400 Bad Request"), Reason.UNPARSABLE, None),
        (NotTlsError(b""), Reason.UNPARSABLE, None),
    ],
)
def test_every_error_has_its_reason(raised: Exception, reason: Reason, code: int | None) -> None:
    """The server's own errors keep their number; what the library or the system says has a reason only."""
    failed = from_library(raised, "mysql db", Reason.COMMAND)
    assert (reason, code) == (failed.reason, getattr(failed, "code", None))
    assert failed.detail.startswith("mysql db: ")


def test_a_galera_node_that_serves_no_tables_is_told_as_such() -> None:
    """Whoever reads tables (a cloud's own, the list of clients) gives the operator this line."""
    said = OperationalError(1047, "WSREP has not yet prepared node for application use")
    detail = from_library(said, "mysql 192.0.2.1:3306", Reason.COMMAND).detail
    assert detail.startswith(
        "mysql 192.0.2.1:3306: WSREP has not yet prepared node for application use (1047): a Galera "
    )


def test_a_detail_is_one_line_of_modest_length() -> None:
    """Whatever a server says."""
    failed = from_library(OperationalError(1064, "near\n" * 1000), "mysql db", Reason.COMMAND)
    assert (True, False) == (len(failed.detail) < 400, "\n" in failed.detail)


def test_who_logs_in_with_an_unknown_refusal_was_denied() -> None:
    """Locked accounts, expired passwords, servers that insist on TLS: there are many numbers, and all mean that."""
    assert Reason.DENIED is from_library(OperationalError(4151, "locked"), "mysql db", Reason.DENIED).reason


@contextmanager
def half_logged_in(server: MysqlServer) -> Iterator[None]:
    """A client that has been greeted and has not answered holds the last place, the DBA's."""
    with socket.create_connection((server.address, PORT)) as connection:
        assert connection.recv(1 << 10)
        yield


@lab
@BOTH
@pytest.mark.parametrize("tls", [MysqlTls.OFF, MysqlTls.REQUIRED])
async def test_a_full_server_in_the_place_of_its_greeting_and_after_the_login(
    database: MysqlServer, tls: MysqlTls
) -> None:
    """1040 comes in both places, and is told alike, by TLS too."""
    for in_the_way in (half_logged_in(database), ExitStack()):
        with database.fill(), in_the_way:
            async with kept(database, tls=tls) as sql:
                failed = await failure(sql.login(PATIENCE))
                assert (Reason.EXHAUSTED, 1040) == (failed.reason, getattr(failed, "code", None))


@lab
@BOTH
async def test_the_place_above_the_limit_is_left_to_the_dba(database: MysqlServer) -> None:
    """An account that may take it goes again at once, in order, and the DBA gets in."""
    privilege = "CONNECTION_ADMIN" if database.host.name == "mysql9" else "CONNECTION ADMIN"
    database.sql(f"GRANT {privilege} ON *.* TO '{MONITOR}'@'%'")
    try:
        async with kept(database) as sql:
            with database.fill() as held:
                errors = database.errors()
                failed = await failure(sql.login(PATIENCE))
                assert (Reason.EXHAUSTED, 1040) == (failed.reason, getattr(failed, "code", None))
                assert "the DBA's" in failed.detail
                # The server may still be busy with the end of the connection that was given back.
                await wait_until_async(lambda: held + 1 == database.status("Threads_connected"), 5, "it to be free")
                assert errors == database.errors()
                dba = pymysql.connect(host=database.address, user=MONITOR, password=PASSWORD)
                dba.close()
            assert 1 == (await sql.login(PATIENCE)).logins
    finally:
        database.sql(f"REVOKE {privilege} ON *.* FROM '{MONITOR}'@'%'")


@lab
@BOTH
async def test_an_account_that_has_all_it_may_have(database: MysqlServer) -> None:
    """1226: exhausted, and not the server."""
    database.sql(f"ALTER USER '{GREEDY}'@'%' WITH MAX_USER_CONNECTIONS 1")
    try:
        async with kept(database, user=GREEDY) as one, kept(database, user=GREEDY) as another:
            await one.login(PATIENCE)
            failed = await failure(another.login(PATIENCE))
            assert (Reason.EXHAUSTED, 1226) == (failed.reason, getattr(failed, "code", None))
    finally:
        database.sql(f"ALTER USER '{GREEDY}'@'%' WITH MAX_USER_CONNECTIONS 0")


@lab
async def test_a_blocked_address_is_told_with_its_mend(lab: Lab) -> None:
    """1129, made by others' broken handshakes; our own frozen and refused logins add nothing to that count."""
    [host] = lab.add_hosts([HostSpec("blocking")])
    server = MariaDb(host, max_connect_errors=3, performance_schema="ON")
    server.start()

    def counted() -> int:
        rows = server.sql("SELECT SUM(SUM_CONNECT_ERRORS) AS errors FROM performance_schema.host_cache")
        return int(rows[0]["errors"] or 0)

    try:
        async with kept(server) as sql, kept(server) as frozen:
            await sql.login(PATIENCE)
            with faults.frozen(server):
                for _ in range(5):
                    assert Reason.MUTE is (await failure(frozen.login(BRIEF / 3))).reason
            await frozen.login(PATIENCE)
            with server.fill():
                async with kept(server) as late:
                    assert Reason.EXHAUSTED is (await failure(late.login(PATIENCE))).reason
            assert 0 == counted()
        for _ in range(4):
            with half_logged_in(server):
                pass
        await wait_until_async(lambda: counted() >= 3, what="the server to count who hung up")
        async with kept(server) as sql:
            failed = await failure(sql.login(PATIENCE))
            assert (Reason.REFUSED, 1129) == (failed.reason, getattr(failed, "code", None))
            assert "FLUSH HOSTS" in failed.detail
            server.sql("FLUSH HOSTS")
            assert 1 == (await sql.login(PATIENCE)).logins
    finally:
        server.kill()
        lab.remove_host(host)


NONSENSE = (
    b"SSH-2.0-OpenSSH_9.2p1\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    packet(0, b""),
    packet(0, b"\x0a"),
    packet(0, b"\x09old\0"),
    packet(0, b"\xff"),
    packet(0, b"\xff\x10"),
    greeting(version=b"new"),
    greeting(version=b"\xff\xfe"),
    greeting() + packet(2, b"\xfe"),
    greeting() + packet(2, b"\xfecaching_sha2_password\0" + b"x" * 20) + packet(4, b"\1\4"),
    greeting() + packet(2, b"\xfemysql_clear_password\0"),
    greeting() + packet(2, b"\xfedialog\0"),
    greeting() + packet(2, b"\1nothing"),
    greeting() + packet(2, b""),
    *(greeting() + packet(2, random.Random(seed).randbytes(30)) for seed in range(20)),  # noqa: S311  # no secret
    *(packet(0, b"\x0a" + random.Random(seed).randbytes(60)) for seed in range(20)),  # noqa: S311
    *(
        greeting() + packet(2, b"\0\0\0\2\0\0\0") + packet(1, random.Random(seed).randbytes(9) * 3)  # noqa: S311
        for seed in range(20)
    ),
)


@pytest.mark.parametrize("said", NONSENSE, ids=range(len(NONSENSE)))
async def test_no_peer_makes_a_bug(said: bytes) -> None:
    """Whatever a peer says in the place of a server, the run fails with a reason."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with pretender(behave) as sql:
        failed = await failure(sql.login(PATIENCE))
        assert isinstance(failed, ProbeFailed)
        assert failed.reason in {Reason.UNPARSABLE, Reason.RESET, Reason.DENIED}
        assert not isinstance(failed, SqlError) or failed.code
