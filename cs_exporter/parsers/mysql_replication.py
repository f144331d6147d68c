"""Replication as a replica sees it: SHOW ALL SLAVES STATUS (MariaDB), SHOW REPLICA STATUS, SHOW SLAVE STATUS (MySQL).

One row per source. The lag is NULL while it can't be known, which is just when something is wrong: never zero then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_status import Row
from cs_exporter.parsers.numbers import whole

UNNAMED = "default"
"""What the channel without a name is called here: an empty label would be none."""

MAX_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class Channel:
    """Replication from one source."""

    name: str
    io_running: bool  # connected to the source, and receiving
    sql_running: bool  # applying what was received
    lag: int | None  # seconds behind the source beyond a delay that is configured; None while it is not known
    io_error: int  # number of the last error of that thread; 0: none
    sql_error: int
    stopped: bool = False  # neither thread runs or tries to, and neither had an error: somebody stopped it


def channels(rows: Iterable[Row]) -> tuple[Channel, ...]:
    """All channels, at most 64. Raises UnparsableError."""
    return tuple(_channel(row) for row, _ in zip(rows, range(MAX_CHANNELS), strict=False))


def _channel(row: Row) -> Channel:
    behind = _first(row, "Seconds_Behind_Master", "Seconds_Behind_Source")
    delay = whole(row.get("SQL_Delay") or "0", "SQL_Delay")
    threads = (
        _first(row, "Slave_IO_Running", "Replica_IO_Running"),
        _first(row, "Slave_SQL_Running", "Replica_SQL_Running"),
    )
    errors = tuple(whole(row.get(name) or "0", name) for name in ("Last_IO_Errno", "Last_SQL_Errno"))
    return Channel(
        name=row.get("Connection_name") or row.get("Channel_Name") or UNNAMED,
        # "Connecting" is not running: nothing comes from the source.
        io_running=threads[0] == "Yes",
        sql_running=threads[1] == "Yes",
        lag=None if behind is None else max(0, whole(behind, "lag") - delay),
        io_error=errors[0],
        sql_error=errors[1],
        stopped=threads == ("No", "No") and errors == (0, 0),
    )


def _first(row: Row, *names: str) -> str | None:
    for name in names:
        if name in row:
            return row[name]
    raise UnparsableError(f"no row of a replica: {names[0]} is missing")
