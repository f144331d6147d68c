"""The rows of the troubleshooting matrix about a database server.

Apart from the sheet only because of their length; those about replication and a Galera node have files of their own.
"""

from __future__ import annotations

from cs_exporter.probes.mysql.galera_symptoms import NODE_SYMPTOMS
from cs_exporter.probes.mysql.replication_symptoms import REPLICA, REPLICATION_SYMPTOMS
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)

_WHO = (
    "mariadb -e \"SELECT SUBSTRING_INDEX(host, ':', 1) AS client, user, db, COUNT(*) FROM "
    'information_schema.processlist GROUP BY 1, 2, 3 ORDER BY 4 DESC"'
)
_USED = "mariadb -e \"SHOW GLOBAL STATUS LIKE '%connect%'; SHOW GLOBAL VARIABLES LIKE 'max_connections'\""
_SERVICE = "systemctl status mariadb mysql"
_LOG = "journalctl -u mariadb -u mysql -n 100"
_FULL_MEANS = (
    "Whoever needs a new connection is refused (error 1040) or waits: management servers lose their database, agents "
    "their management server, and hosts go into Alert; of OpenStack, conductor and schedulers are given up. The usual "
    "cause is pools whose sizes add up to more than max_connections, or an application that does not give connections "
    "back."
)
_FULL_FIX = (
    "Find the client with the most connections and mend or restart it. CloudStack needs max_connections of 350 for "
    "each management server, OpenStack up to 55 for each worker of each service (max_pool_size 5 and max_overflow 50): "
    "SET GLOBAL max_connections = ... and the same in the server's configuration."
)

_STATES = (
    Symptom(
        name="CsMysqlUnavailable",
        sees="The database server serves nobody, in whatever way.",
        metric="cs_mysql_up",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=5,  # more than the rows of its states, which mute this one: it is left where none of them lasts
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="It fails now in one way and then in another: it restarts in a loop, or is about to give up. Where it "
        "fails in one way all the time, that way's own alert is told instead.",
        look=(_SERVICE, _LOG, "df -hl", "dmesg | tail"),
        fix="See the log for the reason of its restarts: a full disk, a lack of memory, or tables that are damaged. "
        "Stop the unit while it is mended, so that clients fail at once and in one way.",
    ),
    Symptom(
        name="CsMysqlDown",
        sees="Nobody listens on the database server's port.",
        metric="cs_mysql_state",
        labels={"state": "refused"},
        limit=_TRUE,
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="The server does not run, or listens elsewhere: everything that keeps its state there stands still.",
        look=(_SERVICE, _LOG, "ss -ltn 'sport = :3306'", "df -hl"),
        fix="Start it, after the log has told why it ended: a full disk and a lack of memory are the usual reasons.",
    ),
    Symptom(
        name="CsMysqlMute",
        sees="The database server is connected to and answers nothing.",
        metric="cs_mysql_state",
        labels={"state": "mute"},
        limit=_TRUE,
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="It is frozen: stopped, waiting for a disk that hangs, or swapped out. A check of the port "
        "finds it open then, and clients hang rather than fail. Or its machine or the path has gone while a connection "
        "stood: within two minutes CsMysqlUnreachable follows.",
        look=("ps -o pid,stat,wchan:30,args -C mariadbd,mysqld", "iostat -x 1 5", "dmesg | tail", _LOG),
        fix="State T: continue it (kill -CONT). State D: mend the storage below it. Else take its stack with gdb or "
        "eu-stack before it is restarted.",
    ),
    Symptom(
        name="CsMysqlUnreachable",
        sees="The database server's machine does not answer, or there is no way to it.",
        metric="cs_mysql_state",
        labels={"state": "unreachable"},
        limit=_TRUE,
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="The machine is off or cut off, or a filter drops what goes to the database's port. If only the exporter "
        "is cut off, clients of the database still work; the other rows of that host tell.",
        look=(
            "ping -c3 HOST, on the exporter's machine",
            "ip route get $(getent ahosts HOST | cut -d' ' -f1 | head -1), on the exporter's machine",
            "nft list ruleset, on HOST",
        ),
        fix="Bring the machine or the path back, or let the exporter's address through to the port.",
    ),
    Symptom(
        name="CsMysqlLost",
        sees="Connections to the database server are accepted and broken at once.",
        metric="cs_mysql_state",
        labels={"state": "lost"},
        limit=_TRUE,
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="A proxy stands before a server that is gone, the server is on its way down or restarts in a loop, or "
        "something on the path resets connections.",
        look=(_SERVICE, _LOG, "ss -tn 'sport = :3306'"),
        fix="Look at the proxy's own list of servers, then at the server's log for the reason of its restarts.",
    ),
    Symptom(
        name="CsMysqlBlocked",
        sees="The database server refuses every connection from the exporter's address (error 1129).",
        metric="cs_mysql_state",
        labels={"state": "blocked"},
        limit=_TRUE,
        runs=1,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="More than max_connect_errors handshakes from that address were interrupted: something there connects "
        "to the port and does not log in. A management server at the same address is shut out as well.",
        look=(
            "mariadb -e \"SHOW GLOBAL VARIABLES LIKE 'max_connect_errors'\"",
            'mysql -e "SELECT ip, host, sum_connect_errors FROM performance_schema.host_cache"',
            "ss -tnp 'dport = :3306', on the exporter's machine",
        ),
        fix="Stop whatever checks the port without logging in, then FLUSH HOSTS (MySQL 8.4 and newer: TRUNCATE "
        "performance_schema.host_cache).",
    ),
)

_FULL = (
    Symptom(
        name="CsMysqlSaturated",
        sees="Every connection of the database server is in use.",
        metric="cs_mysql_saturated",
        limit=_TRUE,
        runs=2,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means=_FULL_MEANS,
        look=(_WHO, _USED),
        fix=_FULL_FIX,
    ),
    Symptom(
        name="CsMysqlConnectionsHigh",
        sees="More than 80 % of the database server's connections are in use.",
        metric="cs_mysql_connections_used_ratio",
        limit=Limit(Op.ABOVE, 0.8, step=0.01),
        runs=8,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="ratio",
        means=_FULL_MEANS,
        look=(_WHO, _USED),
        fix=_FULL_FIX,
    ),
    Symptom(
        name="CsMysqlConnectionsCritical",
        sees="More than 90 % of the database server's connections are in use.",
        metric="cs_mysql_connections_used_ratio",
        limit=Limit(Op.ABOVE, 0.9, step=0.01),
        runs=4,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="ratio",
        means=_FULL_MEANS,
        look=(_WHO, _USED),
        fix=_FULL_FIX,
    ),
    Symptom(
        name="CsMysqlRefusals",
        sees="The database server has refused connections within the last five minutes because all were in use.",
        metric="cs_mysql_recent_refusals",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=1,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="connections",
        means="It was full, for however short a time: peaks between two readings show here only.",
        look=(_USED, _WHO),
        fix=_FULL_FIX,
    ),
    Symptom(
        name="CsMysqlPoolHigh",
        sees="A client uses more than 90 % of its connection pool.",
        metric="cs_mysql_client_pool_used_ratio",
        limit=Limit(Op.ABOVE, 0.9, step=0.01),
        runs=6,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="ratio",
        means="When the pool is used up the application waits for a connection of its own (CloudStack 30 s or 10 min) "
        "while the server has plenty: threads stand still, and pings of agents with them.",
        look=(
            _WHO,
            "grep maxActive /etc/cloudstack/management/db.properties, on CLIENT",
            "sudo -u cloud jstack $(pgrep -f cloudstack-management) | grep -c getConnection, on CLIENT as its own user",
        ),
        fix="Find what holds them (long statements in the process list, leaks after an upgrade); restart the "
        "management server when it no longer recovers; raise maxActive only together with max_connections.",
    ),
)

_ACCOUNT = (
    Symptom(
        name="CsMysqlAccountPrivileged",
        sees="The exporter's database account could take the administrator's last slot.",
        metric="cs_mysql_account_privileged",
        limit=_TRUE,
        runs=1,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="A full server lets one such account in, so that somebody can mend it. The exporter gives that slot up "
        "at once, but it should not be able to take it.",
        look=(
            'mariadb -e "SELECT user, host FROM mysql.user"',
            "mariadb -e \"SHOW GRANTS FOR cs_exporter@'%'\"",
        ),
        fix="REVOKE SUPER ON *.* (or CONNECTION ADMIN, MySQL: CONNECTION_ADMIN) FROM the account; it needs PROCESS and "
        "the privilege for replication status only.",
    ),
    Symptom(
        name="CsMysqlGrantMissing",
        sees="The exporter's database account lacks a privilege, and a part of the reading is missing.",
        metric="cs_mysql_denied",
        limit=_TRUE,
        runs=1,
        cause=Cause.DATABASE,
        severity=Severity.INFO,
        unit="boolean",
        means="Without PROCESS nobody knows who holds the connections, without the other one nothing of replication.",
        look=("cs-exporter checklist, on the exporter's machine",),
        fix="Grant what the label names; the exporter logs in anew by itself within two minutes.",
    ),
    Symptom(
        name="CsMysqlUnanswered",
        sees="The database server leaves one question open while it answers all others.",
        metric="cs_mysql_unanswered",
        limit=_TRUE,
        runs=8,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="Replication status may wait for a statement that changes replication and does not end (STOP, START, "
        "CHANGE MASTER, by version); a list of clients or grants for a lock, or it is too long to come in time.",
        look=("mariadb -e 'SHOW FULL PROCESSLIST'", REPLICA),
        fix="End that statement, or the transaction that it waits for.",
    ),
)

SYMPTOMS = (*_STATES, *_FULL, *REPLICATION_SYMPTOMS, *_ACCOUNT, *NODE_SYMPTOMS)
