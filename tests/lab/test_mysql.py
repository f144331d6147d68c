"""The lab's database servers are real ones, with the accounts that are documented, and each fault shows and ends."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pymysql
import pytest

from tests.lab import faults
from tests.lab.certificates import Authority
from tests.lab.lab import Lab
from tests.lab.mysql import MONITOR, PASSWORD, MysqlServer
from tests.lab.mysql_fixtures import BOTH

pytestmark = pytest.mark.lab


def log_in(server: MysqlServer, **how: object) -> str:
    """One login as the monitoring account: its name as the server has it, or the error's number."""
    account = {"host": server.address, "user": MONITOR, "password": PASSWORD, "connect_timeout": 1, "read_timeout": 1}
    try:
        connection = pymysql.connect(**{**account, **how})
    except pymysql.err.OperationalError as error:
        return str(error.args[0])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)")
        return str(cursor.fetchone()[0])


@BOTH
def test_it_lets_the_monitoring_account_in(database: MysqlServer) -> None:
    """With its password, and by TLS with the certificate of the server's authority; with another one it does not."""
    assert MONITOR == log_in(database)
    assert "1045" == log_in(database, password="another")  # noqa: S106
    assert MONITOR == log_in(database, ssl_ca=str(database.authority.file), ssl_verify_identity=True)


@BOTH
def test_it_is_full_until_it_is_not(database: MysqlServer) -> None:
    """A full server refuses with 1040, and the set-up connection goes on; what is left free can be taken."""
    with database.fill() as held:
        assert database.status("Threads_connected") == held + 1 == 12
        assert "1040" == log_in(database)
    with database.fill(but=1):
        assert MONITOR == log_in(database)


@BOTH
def test_it_freezes_stops_and_comes_back(database: MysqlServer) -> None:
    """Frozen it accepts and is mute, killed or stopped it refuses; after each it lets in again."""
    cases = ((faults.frozen, "2013"), (faults.stopped, "2003"))
    for fault, expected in cases:
        with fault(database):
            assert expected == log_in(database)
        assert MONITOR == log_in(database)
    database.kill()
    assert "2003" == log_in(database)
    database.start()
    assert MONITOR == log_in(database)


def test_clients_come_from_other_hosts(lab: Lab, mariadb: MysqlServer) -> None:
    """An application on another host of the lab holds connections under that host's address, and leaves again."""
    with mariadb.used_from(lab.hosts["h1"], 2):
        rows = mariadb.sql("SELECT HOST AS host FROM information_schema.PROCESSLIST WHERE USER = 'greedy'")
        assert ["h1", "h1"] == [row["host"].partition(":")[0] for row in rows]
    assert [] == mariadb.sessions("greedy")


def test_an_option_holds_after_a_restart(mariadb: MysqlServer) -> None:
    """A server's options can be changed for a test."""
    mariadb.options["max_connections"] = 14
    try:
        mariadb.restart()
        assert "14" == mariadb.sql("SHOW VARIABLES LIKE 'max_connections'")[0]["Value"]
    finally:
        mariadb.options["max_connections"] = 12
        mariadb.restart()


def test_an_authority_signs_what_a_test_wants(tmp_path: Path) -> None:
    """A certificate is good for its name and time, and can be one that has expired."""
    authority = Authority(tmp_path)
    context = ssl.create_default_context(cafile=str(authority.file))
    assert 1 == len(context.get_ca_certs())
    certificate, key = authority.issue("late", "192.0.2.1", valid_for=dt.timedelta(hours=-1))
    assert 0o600 == key.stat().st_mode & 0o777
    decoded = ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]  # the only reader there is
    assert ssl.cert_time_to_seconds(decoded["notAfter"]) < dt.datetime.now(dt.UTC).timestamp()
