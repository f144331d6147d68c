"""Whether a database tells of now: a replica that stands still answers everything, and knows nothing since it stood.

By the servers' heartbeats (every 1.5 s into mshost.last_update) and by whether the database may be written to at all.
"""

from __future__ import annotations

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, integer

LATE, STALE = 5, 60
"""Seconds since the last heartbeat of any server: a replica's delay is in all ages; it is no word about now."""


async def checked(session: Session) -> float:
    """Seconds by which a database that is only read is behind; 0 for any other one, whose servers may all be dead.

    Raises ProbeFailed: NOT_READY where it is only read and nothing came for more than STALE.
    """
    records = await session.part("age of the last heartbeat", _youngest)
    age, read_only = next(((integer(age), flag == "1") for age, flag in records or ()), (None, False))
    if age is None or not read_only or age <= LATE:
        return 0.0
    if age > STALE:
        detail = f"no management server's heartbeat reached this database for {age} s, and it is read_only: a replica "
        raise ProbeFailed(Reason.NOT_READY, f"{detail}that stands still does not tell how things are now")
    return float(age)


def lacking(behind: float) -> tuple[str, ...]:
    """What a database that is `behind` does not tell, as a line."""
    return ("heartbeats of management servers: this database is a replica, and behind",) if behind else ()


def _youngest(columns: Columns) -> Listing:
    """Seconds since the last beat of the servers that are Up (none: empty), and 1 where nobody may write."""
    age = "TIMESTAMPDIFF(SECOND, MAX(m.last_update), UTC_TIMESTAMP())"
    read_only = "IF(@@global.innodb_read_only = 1 OR CONCAT(@@global.read_only) NOT IN ('0', 'OFF'), '1', '0')"
    source = f"{columns.table('mshost', 'state last_update removed')} m WHERE m.state = 'Up' AND m.removed IS NULL"
    return Listing((age, read_only), source, 1)
