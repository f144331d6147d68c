"""What a database server says of itself: SHOW GLOBAL STATUS and SHOW GLOBAL VARIABLES, of MariaDB and MySQL.

See "Server Status Variables" and "Server System Variables" in either manual. Values come as text; what one of the two
does not know is left out by it, and is None here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import whole

Row = Mapping[str, str | None]
"""Column name -> value; None is NULL."""

STATUS_NAMES = (
    *("Aborted_clients", "Aborted_connects", "Connection_errors_max_connections", "Max_used_connections"),
    *("Threads_connected", "Threads_running", "Uptime"),
)
VARIABLE_NAMES = (
    *("admin_address", "admin_port", "binlog_format", "extra_port", "log_bin", "max_connections"),
    *("performance_schema", "port", "read_only", "super_read_only"),
)

_OFF = frozenset({"", "off", "0", "no", "none", "false"})


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Connections of one moment, and counters since the server started. `uptime` in whole seconds.

    `max_used` may be one above the server's limit: the slot that is reserved for the administrator counts.
    """

    connections: int
    uptime: int
    running: int | None
    max_used: int | None
    refusals: int | None  # connections that were refused because all were in use
    aborted_clients: int | None
    aborted_connects: int | None


@dataclass(frozen=True, slots=True)
class ServerVariables:
    """How the server is set up."""

    max_connections: int
    logs: bool  # it writes a binary log
    binlog_format: str | None  # ROW, MIXED or STATEMENT; None where the server no longer has a choice
    read_only: bool
    performance_schema: bool
    reserved_ports: frozenset[int]  # MariaDB's extra_port and MySQL's admin_port: the administrator's way in


def by_name(rows: Iterable[Row]) -> dict[str, str]:
    """Name of each variable in lower case -> its value. Raises UnparsableError for rows of another question."""
    found: dict[str, str] = {}
    for row in rows:
        name, value = row.get("Variable_name"), row.get("Value")
        if name is None or value is None:
            raise UnparsableError(f"no row of variables: {str(dict(row))[:100]!r}")
        found[name.lower()] = value
    return found


def status(values: Mapping[str, str]) -> ServerStatus:
    """From `by_name` of SHOW GLOBAL STATUS. Raises UnparsableError."""
    return ServerStatus(
        connections=required(values, "threads_connected"),
        uptime=required(values, "uptime"),
        running=optional(values, "threads_running"),
        max_used=optional(values, "max_used_connections"),
        refusals=optional(values, "connection_errors_max_connections"),
        aborted_clients=optional(values, "aborted_clients"),
        aborted_connects=optional(values, "aborted_connects"),
    )


def variables(values: Mapping[str, str]) -> ServerVariables:
    """From `by_name` of SHOW GLOBAL VARIABLES. Raises UnparsableError."""
    port = optional(values, "port")
    reserved = {optional(values, "extra_port")}
    if values.get("admin_address"):  # without an address nobody listens on admin_port
        reserved.add(optional(values, "admin_port"))
    return ServerVariables(
        max_connections=required(values, "max_connections"),
        logs=is_on(values, "log_bin"),
        binlog_format=values.get("binlog_format"),
        read_only=is_on(values, "read_only") or is_on(values, "super_read_only"),
        performance_schema=is_on(values, "performance_schema"),
        reserved_ports=frozenset(number for number in reserved if number and number != port),
    )


def required(values: Mapping[str, str], name: str) -> int:
    """A number that every server has. Raises UnparsableError where it is missing."""
    if name not in values:
        raise UnparsableError(f"{name}: not among the server's variables")
    return whole(values[name], name)


def optional(values: Mapping[str, str], name: str) -> int | None:
    """A number that some servers have. Raises UnparsableError where it is something else."""
    return whole(values[name], name) if name in values else None


def is_on(values: Mapping[str, str], name: str) -> bool:
    """Whether a switch is on, in whatever way: a server that does not know it has it off."""
    return values.get(name, "").lower() not in _OFF
