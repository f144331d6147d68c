"""The moment of an answer: what the database's clock says beside ours, and whether the server is only read.

A database host whose clock is wrong makes every agent look late or ahead; this tells them apart, for one short SELECT.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.ports import Clock

STATEMENT = (
    "SELECT CONCAT(UTC_TIMESTAMP(6)) AS now, "
    "IF(@@global.innodb_read_only = 1 OR CONCAT(@@global.read_only) NOT IN ('0', 'OFF'), '1', '0') AS only_read"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """`offset`: the database's UTC minus the exporter's wall clock in seconds, true to `error` seconds."""

    offset: float
    error: float
    only_read: bool


async def moment(session: Session, clock: Clock) -> Moment:
    """Now, by both clocks: the database's stands for the middle between question and answer. Raises ProbeFailed."""
    asked = clock.time()
    rows = await session.query(STATEMENT)
    answered = clock.time()
    row = rows[0] if rows else {}
    try:
        now = datetime.fromisoformat(row.get("now") or "").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ProbeFailed(Reason.UNPARSABLE, f"UTC_TIMESTAMP(6) is no time: {row.get('now')!r}") from None
    return Moment(now - (asked + answered) / 2, max(0.0, answered - asked) / 2, row.get("only_read") == "1")
