"""Faults of the database: full, silent, dead, out of reach, of a password that changed, and of a greedy client.

A real MariaDB, so that its own words (1040, 1045) and its own silence are what is told apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.demo.cloud import CONNECTIONS, MANAGEMENT, POOL_SIZE, Cloud
from tests.demo.fault import ENDPOINT, HERE, UNREACHABLE, Fault, Row
from tests.demo.ways import ended_by
from tests.lab import faults
from tests.lab.mysql import MONITOR, PORT
from tests.lab.wait import wait_until

PART = "database"
SOCKETS = tuple(Row(HERE, name) for name in ("CsPortDown", "CsPortMute", "CsMysqlRefusals", "CsMysqlUnanswered"))
STATES = (
    *(Row(HERE, f"CsMysql{state}") for state in ("Down", "Mute", "Unreachable", "Lost", "Unavailable", "Saturated")),
    Row("db2", "CsMysqlReplicaIoStopped"),
    *(Row(name, f"CsManagementHeartbeat{how}") for name in MANAGEMENT for how in ("Late", "Stopped")),
)
"""Of the database, of the replica that has lost it, and of the servers that could not write there."""


UNTOLD = "of the cloud itself nothing is learnt meanwhile, which is told where it lasts"

_passwords = itertools.count(1)


@contextmanager
def password_changed(cloud: Cloud, _host: str) -> Iterator[None]:
    """The monitoring account has another password, and its session is ended; then the exporter is told the new one."""
    database = cloud.database
    password = f"number {next(_passwords)}"
    database.sql(f"ALTER USER '{MONITOR}'@'%' IDENTIFIED BY '{password}'")
    try:
        for session in database.sessions():
            database.end_session(session)
        yield
    finally:
        database.password_file.write_text(f"{password}\n", encoding="utf-8")


@contextmanager
def full_for_us(cloud: Cloud, _host: str) -> Iterator[None]:
    """Every connection is in use and the exporter's session is ended, whose place it shall not have again."""
    database = cloud.database
    with database.fill():
        database.set("max_connections", CONNECTIONS - 1)
        try:
            for session in database.sessions():
                database.end_session(session)
            yield
        finally:
            database.set("max_connections", CONNECTIONS)


def killed_in_answer(cloud: Cloud, _host: str) -> AbstractContextManager[None]:
    """The server dies with a statement of the exporter's before it: it sleeps until one has come."""
    database, host = cloud.database, cloud.host("db1")
    waiting = ["ss", "-Htn", "state", "established", f"sport = :{PORT}"]

    def asked() -> bool:
        return any(int(line.split()[0]) for line in host.run(waiting).stdout.splitlines())

    def kill() -> None:
        database.freeze()
        wait_until(asked, what="a statement to come")
        database.kill()

    return ended_by(kill, database.start)


@contextmanager
def session_ended(cloud: Cloud, _host: str) -> Iterator[None]:
    """As a DBA ends it (KILL)."""
    for session in cloud.database.sessions():
        cloud.database.end_session(session)
    yield


@contextmanager
def replication_stopped(cloud: Cloud, _host: str) -> Iterator[None]:
    """As a DBA stops it."""
    cloud.replica.sql("STOP SLAVE")
    try:
        yield
    finally:
        cloud.replica.sql("START SLAVE")


MYSQL = (
    Fault(
        name="mysql-full",
        tells="every connection that the database takes is in use",
        hosts=("db1",),
        breaks=lambda cloud, _host: cloud.database.fill(),
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlConnectionsHigh"), Row(HERE, "CsMysqlConnectionsCritical")),
        also=(Row(HERE, "CsMysqlSaturated"), *SOCKETS),
        part=PART,
    ),
    Fault(
        name="mysql-saturated",
        tells="every connection is in use, and the exporter's session is ended",
        hosts=("db1",),
        breaks=full_for_us,
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlSaturated"),),
        also=(Row(HERE, "CsMysqlConnectionsHigh"), Row(HERE, "CsMysqlConnectionsCritical"), *SOCKETS),
        blind=(ENDPOINT,),
        besides=(UNREACHABLE,),
        because=UNTOLD,
        part=PART,
    ),
    Fault(
        name="mysql-frozen",
        tells="the database accepts connections and answers nothing",
        hosts=("db1",),
        breaks=lambda cloud, _host: faults.frozen(cloud.database),
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlMute"),),
        also=(*STATES, *SOCKETS),
        blind=(ENDPOINT,),
        besides=(UNREACHABLE,),
        because=UNTOLD,
        part=PART,
    ),
    Fault(
        name="mysql-killed",
        tells="the database's process is killed",
        hosts=("db1",),
        breaks=lambda cloud, _host: ended_by(cloud.database.kill, cloud.database.start),
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlDown"),),
        also=(*STATES, *SOCKETS),
        blind=(ENDPOINT,),
        besides=(UNREACHABLE,),
        because=UNTOLD,
        part=PART,
    ),
    Fault(
        name="mysql-killed-in-answer",
        tells="the database's process is killed while the exporter waits for its answer",
        hosts=("db1",),
        breaks=killed_in_answer,
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlDown"),),
        also=(*STATES, *SOCKETS),
        blind=(ENDPOINT,),
        besides=(UNREACHABLE,),
        because=UNTOLD,
        part=PART,
    ),
    Fault(
        name="mysql-session-killed",
        tells="the exporter's session at the database is ended: it logs in anew, nothing turns red",
        hosts=("db1",),
        breaks=session_ended,
        probe="mysql_connections",
        queries=("changes(cs_sql_logins_total[30s]) > 0",),
        part=PART,
    ),
    Fault(
        name="mysql-dropped",
        tells="packets to the database's port vanish",
        hosts=("db1",),
        breaks=lambda cloud, host: faults.dropped(cloud.host(host), PORT),
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlMute"),),
        also=(*STATES, *SOCKETS),
        blind=(ENDPOINT,),
        besides=(UNREACHABLE,),
        because=UNTOLD,
        part=PART,
    ),
    Fault(
        name="mysql-password",
        tells="the database refuses the monitoring account's password",
        hosts=("db1",),
        breaks=password_changed,
        probe="mysql_connections",
        queries=('cs_probe_failing{host="$host",probe="mysql_connections",reason="denied"} == 1',),
        also=STATES,
        blind=(HERE, ENDPOINT),
        pages=(UNREACHABLE,),
        part=PART,
    ),
    Fault(
        name="mysql-replica-stopped",
        tells="the database's replica no longer replicates",
        hosts=("db2",),
        breaks=replication_stopped,
        probe="mysql_connections",
        rows=(Row(HERE, "CsMysqlReplicaIoStopped"), Row(HERE, "CsMysqlReplicaSqlStopped")),
        also=(Row(HERE, "CsMysqlReplicaLag"),),
        part="replica",
    ),
    Fault(
        name="mysql-pool",
        tells="one management server has used up its pool of connections to the database",
        hosts=MANAGEMENT,
        breaks=lambda cloud, host: cloud.database.used_from(cloud.host(host), POOL_SIZE),
        probe="mysql_connections",
        rows=(Row("db1", "CsMysqlPoolHigh"),),
        part=PART,
    ),
)
