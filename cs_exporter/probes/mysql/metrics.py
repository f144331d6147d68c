"""The metrics of the probe mysql_connections, but for those of a Galera node: they stand in galera_metrics.

What a server did not say has no sample: neither a zero nor the value of an earlier time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cs_exporter.parsers.mysql_replication import Channel
from cs_exporter.probes.mysql.galera_metrics import GALERA_METRICS
from cs_exporter.probes.mysql.pools import ClientRow
from cs_exporter.probes.mysql.reading import UP, Answered, MysqlConnectionsReading
from cs_exporter.spec import Metric, Sample, gauge, rows

Reading = MysqlConnectionsReading


def _said(value: Callable[[Answered], float | None]) -> Callable[[Reading], float | None]:
    return lambda reading: None if reading.answered is None else value(reading.answered)


def _counter(name: str, help_text: str, value: Callable[[Answered], float | None]) -> Metric[Reading]:
    def read(reading: Reading) -> Iterable[Sample]:
        number = _said(value)(reading)
        return () if number is None else (Sample(float(number)),)

    return rows(name, help_text, (), read, kind="counter")


def _of_clients(name: str, help_text: str, value: Callable[[ClientRow], float | None]) -> Metric[Reading]:
    def read(reading: Reading) -> Iterable[Sample]:
        values = ((row.client, value(row)) for row in reading.clients)
        return [Sample(float(number), (client,)) for client, number in values if number is not None]

    return rows(name, help_text, ("client",), read)


def _of_channels(name: str, help_text: str, value: Callable[[Channel], float | None]) -> Metric[Reading]:
    def read(reading: Reading) -> Iterable[Sample]:
        channels = reading.answered.channels if reading.answered else ()
        values = ((channel.name, value(channel)) for channel in channels)
        return [Sample(float(number), (channel,)) for channel, number in values if number is not None]

    return rows(name, help_text, ("channel",), read)


def _flags(name: str, help_text: str, label: str, values: Callable[[Answered], Iterable[str]]) -> Metric[Reading]:
    """A metric that is 1 for each of these label values, and absent for all others."""

    def read(reading: Reading) -> Iterable[Sample]:
        found = sorted(values(reading.answered)) if reading.answered else ()
        return [Sample(1.0, (text,)) for text in found]

    return rows(name, help_text, (label,), read)


def _used(answered: Answered) -> float | None:
    return answered.status.connections / max(1, answered.variables.max_connections)


def _row_format(answered: Answered) -> float | None:
    """Without a binary log its format matters to a Galera node only."""
    matters = answered.variables.logs or answered.galera is not None
    written = answered.variables.binlog_format
    return None if written is None or not matters else written.upper() == "ROW"


def _info(reading: Reading) -> Iterable[Sample]:
    if reading.answered is None:
        return ()
    server = reading.answered.server
    return (Sample(1.0, (server.version.removeprefix("5.5.5-"), "mariadb" if server.mariadb else "mysql")),)


def _errors(reading: Reading) -> Iterable[Sample]:
    for channel in reading.answered.channels if reading.answered else ():
        for thread, number in (("io", channel.io_error), ("sql", channel.sql_error)):
            if number:
                yield Sample(1.0, (channel.name, thread, str(number)))


def _failing(reading: Reading) -> Iterable[Sample]:
    for channel in reading.answered.channels if reading.answered else ():
        wanted = not reading.out_of_use(channel)
        for thread, runs in (("io", channel.io_running), ("sql", channel.sql_running)):
            yield Sample(float(wanted and not runs), (channel.name, thread))


def _stopped(reading: Reading) -> Iterable[Sample]:
    channels = reading.answered.channels if reading.answered else ()
    return [Sample(float(reading.out_of_use(channel)), (channel.name,)) for channel in channels]


_STATE: tuple[Metric[Reading], ...] = (
    gauge(
        "cs_mysql_up",
        "1 if the database server accepts connections, or refuses clients by a word of its own (in use, blocked, not "
        "ready); 0 if "
        "nobody listens, nobody answers, its machine is out of reach, or connections are broken, as seen from the "
        "exporter.",
        lambda reading: reading.state in UP,
    ),
    rows(
        "cs_mysql_state",
        "1 for the state of the server as seen from the exporter: ok, saturated, blocked (error 1129), not_ready "
        "(error 1047 for whatever is asked), refused, mute (connected, and no answer in time), unreachable (no answer "
        "to a connection request, or no way there), lost.",
        ("state",),
        lambda reading: (Sample(1.0, (reading.state.value,)),),
    ),
    gauge(
        "cs_mysql_saturated",
        "1 if every connection is in use (by SHOW GLOBAL STATUS over the kept connection, or by error 1040), else 0.",
        lambda reading: reading.saturated,
    ),
    rows(
        "cs_mysql_info",
        "Version and flavour (mariadb, mysql) from the server's greeting.",
        ("version", "flavour"),
        _info,
    ),
)

_CONNECTIONS: tuple[Metric[Reading], ...] = (
    gauge(
        "cs_mysql_connections",
        "Connections in use, the exporter's own included (SHOW GLOBAL STATUS: value of Threads_connected).",
        _said(lambda answered: answered.status.connections),
    ),
    gauge(
        "cs_mysql_max_connections",
        "How many connections the server allows (SHOW GLOBAL VARIABLES: max_connections), by its last word where it "
        "is full and lets nobody in.",
        lambda reading: reading.max_connections,
    ),
    gauge(
        "cs_mysql_connections_used_ratio",
        "Connections in use as a share of max_connections; may exceed 1, as the administrator's slot comes on top.",
        _said(_used),
    ),
    gauge(
        "cs_mysql_max_used_connections",
        "Most connections in use at once since the server started (SHOW GLOBAL STATUS: value of Max_used_connections).",
        _said(lambda answered: answered.status.max_used),
    ),
    gauge(
        "cs_mysql_running_threads",
        "Connections that execute a statement (by SHOW GLOBAL STATUS: Threads_running).",
        _said(lambda answered: answered.status.running),
    ),
    gauge(
        "cs_mysql_uptime_seconds",
        "Seconds since the server started (by SHOW GLOBAL STATUS: Uptime).",
        _said(lambda answered: answered.status.uptime),
    ),
    _counter(
        "cs_mysql_connection_refusals_total",
        "Connections refused because all were in use (by SHOW GLOBAL STATUS: Connection_errors_max_connections; "
        "MariaDB does not count those that it turns away from the administrator's slot).",
        lambda answered: answered.status.refusals,
    ),
    gauge(
        "cs_mysql_recent_refusals",
        "Connections refused within the last 5 minutes because all were in use, as far as the server counts them and "
        "the exporter watched (by Connection_errors_max_connections; MariaDB leaves out who is refused the last one).",
        lambda reading: reading.trail.recent_refusals if reading.trail and reading.answered else None,
    ),
    _counter(
        "cs_mysql_aborted_clients_total",
        "Connections that ended without a farewell of the client (by SHOW GLOBAL STATUS: Aborted_clients).",
        lambda answered: answered.status.aborted_clients,
    ),
    _counter(
        "cs_mysql_aborted_connects_total",
        "Attempts to connect that failed (by SHOW GLOBAL STATUS: Aborted_connects).",
        lambda answered: answered.status.aborted_connects,
    ),
)

_CLIENTS: tuple[Metric[Reading], ...] = (
    _of_clients(
        "cs_mysql_client_connections",
        "Connections of a client by its name in the inventory or its address (from the process list, at most once in "
        "clients_every); `other` is the sum of those that are not shown.",
        lambda row: row.connections,
    ),
    _of_clients(
        "cs_mysql_client_pool_size",
        "Connections that the client's own pools allow it in all (from the settings pool_sizes, and for management "
        "servers management_pool_sizes).",
        lambda row: row.size,
    ),
    _of_clients(
        "cs_mysql_client_pool_used_ratio",
        "Connections of the client as a share of its pool's size; of several pools the fullest (from the process list "
        "and the settings).",
        lambda row: row.used,
    ),
)

_REPLICATION: tuple[Metric[Reading], ...] = (
    gauge(
        "cs_mysql_binlog_row",
        "1 if changes are logged by row, as CloudStack and Galera need it, else 0; absent where none are logged (by "
        "SHOW GLOBAL VARIABLES: binlog_format, log_bin).",
        _said(_row_format),
    ),
    gauge(
        "cs_mysql_read_only",
        "1 if the server takes no changes from ordinary accounts (by SHOW GLOBAL VARIABLES: read_only, "
        "super_read_only).",
        _said(lambda answered: answered.variables.read_only),
    ),
    _of_channels(
        "cs_mysql_replication_io_running",
        "1 if the replica is connected to its source and receives, else 0 (by SHOW REPLICA STATUS: IO thread).",
        lambda channel: channel.io_running,
    ),
    _of_channels(
        "cs_mysql_replication_sql_running",
        "1 if the replica applies what it has received, else 0 (by SHOW REPLICA STATUS: SQL thread).",
        lambda channel: channel.sql_running,
    ),
    _of_channels(
        "cs_mysql_replication_lag_seconds",
        "Seconds the replica is behind its source, less the delay that is configured; absent while it is not known, as "
        "when a thread is stopped (by SHOW REPLICA STATUS).",
        lambda channel: channel.lag,
    ),
    rows(
        "cs_mysql_replication_failing",
        "1 for a thread of the replica (io, sql) that does not run, 0 for one that does, or whose channel is out of "
        "use as by cs_mysql_replication_stopped (by SHOW REPLICA STATUS).",
        ("channel", "thread"),
        _failing,
    ),
    rows(
        "cs_mysql_replication_stopped",
        "1 if both threads of the replica are stopped, without an error, on a server that takes changes itself (not "
        "read_only): it was promoted, or is no replica any more; else 0 (by SHOW REPLICA STATUS).",
        ("channel",),
        _stopped,
    ),
    rows(
        "cs_mysql_replication_error_info",
        "1 while a thread of the replica (io, sql) has a last error, with its number (from SHOW REPLICA STATUS: "
        "Last_IO_Errno, Last_SQL_Errno).",
        ("channel", "thread", "errno"),
        _errors,
    ),
)

_ACCOUNT: tuple[Metric[Reading], ...] = (
    _flags(
        "cs_mysql_denied",
        "1 for each privilege that the exporter's account lacks, so that a part of the reading is missing (by SHOW "
        "GRANTS).",
        "grant",
        lambda answered: answered.account.denied,
    ),
    _flags(
        "cs_mysql_account_privileged",
        "1 for each privilege by which the exporter's account could take the slot that a full server keeps for its "
        "administrator (by SHOW GRANTS).",
        "grant",
        lambda answered: answered.account.reserved,
    ),
    _flags(
        "cs_mysql_unanswered",
        "1 for each question (grants, clients, replication) that the server did not answer while it answered others, "
        "as seen by the exporter.",
        "question",
        lambda answered: (question.value for question in answered.unanswered),
    ),
)

METRICS = (*_STATE, *_CONNECTIONS, *_CLIENTS, *_REPLICATION, *_ACCOUNT, *GALERA_METRICS)
