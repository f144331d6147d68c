"""The rows of the troubleshooting matrix about a database server's replication.

Apart from the others only because of their length.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_LOG = "journalctl -u mariadb -u mysql -n 100"
REPLICA = 'mariadb -e "SHOW ALL SLAVES STATUS\\G" (MySQL: mysql -e "SHOW REPLICA STATUS\\G")'

REPLICATION_SYMPTOMS = (
    Symptom(
        name="CsMysqlReplicaIoStopped",
        sees="A replica is not connected to its source.",
        metric="cs_mysql_replication_failing",
        labels={"thread": "io"},
        limit=_TRUE,
        runs=5,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="Nothing arrives: the replica grows old, and a failover to it loses what was written since.",
        look=(REPLICA, _LOG),
        fix="Last_IO_Error names the cause: source unreachable, account, or a binary log that is gone there (then the "
        "replica must be built anew). After that: START SLAVE (MySQL: START REPLICA).",
    ),
    Symptom(
        name="CsMysqlReplicaSqlStopped",
        sees="A replica does not apply what it receives.",
        metric="cs_mysql_replication_failing",
        labels={"thread": "sql"},
        limit=_TRUE,
        runs=5,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="It grows old though it is connected. An error in applying means that its data differ from the source's.",
        look=(REPLICA, _LOG),
        fix="Last_SQL_Error names the statement. Where data differ, build the replica anew rather than skip events; "
        "else START SLAVE (MySQL: START REPLICA).",
    ),
    Symptom(
        name="CsMysqlReplicaOutOfUse",
        sees="Replication was stopped on a database server that takes changes itself.",
        metric="cs_mysql_replication_stopped",
        limit=_TRUE,
        runs=8,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="It was promoted, and still has the channel from its old source: a restart may begin it again. Or it is "
        "a replica that somebody stopped, and that anybody may write to.",
        look=(REPLICA, "mariadb -e \"SHOW GLOBAL VARIABLES LIKE '%read_only'\""),
        fix="Promoted: RESET SLAVE ALL (MySQL: RESET REPLICA ALL). Else START SLAVE (MySQL: START REPLICA), and set "
        "read_only.",
    ),
    Symptom(
        name="CsMysqlReplicaLag",
        sees="A replica is more than 30 s behind its source.",
        metric="cs_mysql_replication_lag_seconds",
        limit=Limit(Op.ABOVE, 30, step=1),
        runs=12,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="seconds",
        means="A failover now would lose or delay that much.",
        look=(REPLICA, "iostat -x 1 5", "mariadb -e 'SHOW FULL PROCESSLIST'"),
        fix="A single long transaction passes by itself. Else give the replica faster storage or parallel appliers.",
    ),
    Symptom(
        name="CsMysqlBinlogNotRow",
        sees="The database server does not log changes by row.",
        metric="cs_mysql_binlog_row",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=2,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="CloudStack's statements are not safe to replay as text: a replica or a cluster drifts apart unseen.",
        look=("mariadb -e \"SHOW GLOBAL VARIABLES LIKE 'binlog_format'\"",),
        fix="SET GLOBAL binlog_format = 'ROW' and the same in the server's configuration; clients must reconnect.",
    ),
)
