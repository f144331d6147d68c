"""How a session is begun: TLS as configured, the password as its file has it now, told to nobody in clear."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cs_exporter.model import Host, MysqlTarget, MysqlTls, ProbeFailed, Reason
from cs_exporter.transports.mysql.login import password_of, tls_of
from tests.lab import faults
from tests.lab.certificates import Authority
from tests.lab.galera import ALONE, GaleraNode
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.mariadb import MariaDb
from tests.lab.mysql import PASSWORD, MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.wait import WaitedInVain, wait_until_async
from tests.transports.mysql.databases import PATIENCE, failure, greeting, kept, packet, pretender

lab = pytest.mark.lab


@lab
@BOTH
@pytest.mark.parametrize("tls", list(MysqlTls))
async def test_logs_in_encrypted_as_configured(database: MysqlServer, tls: MysqlTls) -> None:
    """In clear, by TLS with whoever answers, by TLS with a certificate that is checked."""
    async with kept(database, tls=tls, ca_file=str(database.authority.file)) as sql:
        server = await sql.login(PATIENCE)
        [row] = await sql.query("SHOW SESSION STATUS LIKE 'Ssl_version'", PATIENCE)
        assert (tls is not MysqlTls.OFF) == (row["Value"] or "").startswith("TLS")
        assert (database.host.name == "mariadb") == server.mariadb
        assert server.version[0] in "19"


@lab
@BOTH
async def test_a_certificate_of_another_authority_is_not_trusted(database: MysqlServer, tmp_path: Path) -> None:
    """The reason says whose fault it may be; and the password was not sent: the server had nobody to deny."""
    other = Authority(tmp_path)
    async with kept(database, tls=MysqlTls.VERIFIED, ca_file=str(other.file)) as sql:
        failed = await failure(sql.login(PATIENCE))
        assert (Reason.HOST_KEY, True) == (failed.reason, "not to be trusted" in failed.detail)


@lab
async def test_a_login_that_breaks_off_is_not_repeated_at_every_poll(mariadb: MysqlServer, tmp_path: Path) -> None:
    """A second distrusted certificate in a row is the last for a while: each one counts against our address."""
    other = Authority(tmp_path)
    async with kept(mariadb, tls=MysqlTls.VERIFIED, ca_file=str(other.file)) as sql:
        for _ in range(2):
            await failure(sql.login(PATIENCE))
        before = mariadb.status("Connections")
        failed = await failure(sql.login(PATIENCE))
        assert (Reason.HOST_KEY, True) == (failed.reason, "tried again in" in failed.detail)
        assert before == mariadb.status("Connections")


@lab
async def test_no_password_goes_to_a_server_without_tls(lab: Lab) -> None:
    """Where TLS is asked for and the server has none, the login is given up."""
    [host] = lab.add_hosts([HostSpec("clear")])
    server = MariaDb(host, ssl=0)
    server.start()
    try:
        async with kept(server, tls=MysqlTls.REQUIRED) as sql:
            failed = await failure(sql.login(PATIENCE))
            assert (Reason.DENIED, True) == (failed.reason, "offers no TLS" in failed.detail)
        async with kept(server) as sql:
            assert 1 == (await sql.login(PATIENCE)).logins
    finally:
        server.kill()
        lab.remove_host(host)


@lab
@BOTH
async def test_a_wrong_password_is_tried_once_a_minute_and_a_new_one_at_once(
    database: MysqlServer, tmp_path: Path
) -> None:
    """Denied with the server's words and number, never with the password; a rotated file is read at the next poll."""
    file = tmp_path / "password"
    file.write_text("a wrong one\n", encoding="utf-8")
    async with kept(database, password_file=str(file)) as sql:
        failed = await failure(sql.login(PATIENCE))
        assert (Reason.DENIED, 1045) == (failed.reason, getattr(failed, "code", None))
        assert "wrong" not in failed.detail
        before = database.status("Connections")
        again = await failure(sql.login(PATIENCE))
        assert (Reason.DENIED, 1045) == (again.reason, getattr(again, "code", None))
        assert "tried again in" in again.detail
        assert before == database.status("Connections")
        file.write_text(f"{PASSWORD}\nand a remark\n", encoding="utf-8")
        assert 1 == (await sql.login(PATIENCE)).logins


@lab
@BOTH
async def test_bytes_of_the_password_arrive_as_they_are(database: MysqlServer, tmp_path: Path) -> None:
    """A password beyond ASCII is the file's own bytes, as the account was made with them."""
    file = tmp_path / "password"
    file.write_text("schlüssel €\n", encoding="utf-8")
    database.sql("CREATE USER 'umlaut'@'%' IDENTIFIED BY 'schlüssel €'")
    try:
        async with kept(database, user="umlaut", password_file=str(file)) as sql:
            assert 1 == (await sql.login(PATIENCE)).logins
    finally:
        database.sql("DROP USER 'umlaut'@'%'")


@lab
@BOTH
async def test_an_account_without_password(database: MysqlServer) -> None:
    """No password file is an empty password."""
    database.sql("CREATE USER 'open'@'%'")
    try:
        async with kept(database, user="open", password_file=None) as sql:
            assert 1 == (await sql.login(PATIENCE)).logins
    finally:
        database.sql("DROP USER 'open'@'%'")


@lab
@BOTH
async def test_values_are_text_under_the_server_s_own_names(database: MysqlServer) -> None:
    """Numbers, times, bytes that are no text, characters beyond the basic plane; NULL is None."""
    async with kept(database) as sql:
        await sql.login(PATIENCE)
        statement = (
            "SELECT 1 AS Eins, 1.50 AS `two words`, NULL AS n, DATE '2026-01-02' AS d, X'FF41' AS b, '😀é%s' AS t"
        )
        expected = {"Eins": "1", "two words": "1.50", "n": None, "d": "2026-01-02", "b": "\ufffdA", "t": "😀é%s"}
        assert (expected,) == await sql.query(statement, PATIENCE)
        assert () == await sql.query("DO 1", PATIENCE)
        assert () == await sql.query("SHOW GLOBAL STATUS LIKE 'no such'", PATIENCE)


@lab
@BOTH
async def test_a_session_outlasts_the_server_s_patience_and_begins_no_transaction(database: MysqlServer) -> None:
    """Whatever the server's defaults: short patience, no autocommit."""
    database.set("wait_timeout", 5)
    database.set("autocommit", 0)
    try:
        async with kept(database) as sql:
            await sql.login(PATIENCE)
            [row] = await sql.query("SELECT @@wait_timeout AS patience, @@autocommit AS autocommit", PATIENCE)
            assert {"patience": "3600", "autocommit": "1"} == row
            failed = await failure(sql.query("SELECT 1; SELECT 2", PATIENCE))
            assert Reason.COMMAND is failed.reason
    finally:
        database.set("wait_timeout", 28800)
        database.set("autocommit", 1)


@lab
async def test_a_session_does_not_wait_for_replication(mariadb: MysqlServer) -> None:
    """Where a cluster's readers wait for what was committed elsewhere, we do not."""
    mariadb.set("wsrep_sync_wait", 7)
    try:
        async with kept(mariadb) as sql:
            await sql.login(PATIENCE)
            assert ({"waits": "0"},) == await sql.query("SELECT @@wsrep_sync_wait AS waits", PATIENCE)
    finally:
        mariadb.set("wsrep_sync_wait", 0)


@lab
async def test_a_member_without_its_cluster_lets_in_and_says_so(galera: list[GaleraNode]) -> None:
    """Galera: tables are not ready (1047), all else is answered, and the connection goes on afterwards."""
    first, second = galera
    async with kept(second) as sql:
        with faults.frozen(first):
            await wait_until_async(lambda: "non-Primary" == second.cluster_status("wsrep_cluster_status"), ALONE)
            server = await sql.login(PATIENCE)
            failed = await failure(sql.query("SELECT * FROM mysql.user", PATIENCE))
            assert (Reason.NOT_READY, 1047) == (failed.reason, getattr(failed, "code", None))
        try:
            await wait_until_async(lambda: "ON" == second.cluster_status("wsrep_ready"), ALONE / 4)
        except WaitedInVain:  # two members that both lost the other may need what a DBA does then
            second.sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
            await wait_until_async(lambda: "ON" == second.cluster_status("wsrep_ready"), ALONE)
        assert server == await sql.login(PATIENCE)


@pytest.mark.parametrize("plugin", ["mysql_clear_password", "mysql_old_password"])
async def test_the_password_is_told_to_nobody_in_clear(plugin: str, tmp_path: Path) -> None:
    """A server that asks for it over an open connection gets no answer."""
    file = tmp_path / "password"
    file.write_text("a secret\n", encoding="utf-8")
    heard = bytearray()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting())
        heard.extend(await reader.read(1 << 12))
        writer.write(packet(2, b"\xfe" + plugin.encode() + b"\0" + b"x" * 8 + b"\0"))
        heard.extend(await reader.read(1 << 12))

    async with pretender(behave, password_file=str(file)) as sql:
        failed = await failure(sql.login(PATIENCE))
        assert (Reason.DENIED, True) == (failed.reason, "in clear" in failed.detail)
    assert b"a secret" not in heard


def test_a_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    """Without its line end, blanks kept."""
    file = tmp_path / "password"
    for content, expected in ((b"one\ntwo\n", "one"), (b" a b \r\n", " a b "), (b"bare", "bare"), (b"", "")):
        file.write_bytes(content)
        assert expected == password_of(Host("db", "192.0.2.1", mysql=MysqlTarget(password_file=str(file))))


@pytest.mark.parametrize("content", [None, "not a certificate\n"])
def test_files_that_are_missing_are_named(tmp_path: Path, content: str | None) -> None:
    """A password or an authority that can't be read is a fault of ours, with its path."""
    file = tmp_path / "file"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    target = MysqlTarget(password_file=str(file), tls=MysqlTls.VERIFIED, ca_file=str(file))
    with pytest.raises(ProbeFailed, match=str(file)) as failed:
        tls_of(Host("db", "192.0.2.1", mysql=target))
    assert (Reason.COMMAND, True) == (failed.value.reason, failed.value.ours)
    if content is None:
        with pytest.raises(ProbeFailed, match=f"command: {file}: No such file or directory"):
            password_of(Host("db", "192.0.2.1", mysql=target))
