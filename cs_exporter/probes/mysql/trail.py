"""What is only seen by comparing readings of a database server: recent refusals, a queue that does not shrink, stalls.

A counter may begin anew at any time (server restart, FLUSH STATUS); a difference never comes out negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cs_exporter.parsers.mysql_galera import GaleraNode
from cs_exporter.parsers.mysql_status import ServerStatus

RECENT = 300.0
"""Seconds for which a refusal counts as recent: long enough to be seen, and to be scraped more than once."""

ORDINARY = 16
"""Transactions (gcs.fc_limit as it is by itself) below which a receive queue is a node's everyday work."""

_UPTIME_ERROR = 5.0
"""Seconds by which an uptime may differ from what the one before and the time since then come to."""

Connection = tuple[int, int]
"""Login's number in this process, and the connection's id on the server: equal while one connection is kept."""


@dataclass(frozen=True, slots=True)
class Trail:
    """Where counters stood, and what the last differences came to. Times are monotonic."""

    at: float
    connection: Connection
    uptime: int
    refusals: int | None
    refused: tuple[tuple[float, int], ...] = ()  # when it was seen, and how many, not older than RECENT
    paused_ns: int | None = None
    paused_ratio: float | None = None  # share of the time since the reading before
    queue: int = 0
    unshrunk_since: float | None = None  # the queue has been ORDINARY or longer and not become shorter since then

    @property
    def recent_refusals(self) -> int:
        """Connections that were refused within RECENT."""
        return sum(number for _, number in self.refused)

    @property
    def unshrunk_seconds(self) -> float:
        """How long the receive queue has not become shorter; 0 while it is short or does."""
        return 0.0 if self.unshrunk_since is None else self.at - self.unshrunk_since


def follow(
    before: Trail | None, now: float, connection: Connection, status: ServerStatus, galera: GaleraNode | None
) -> Trail:
    """The trail after a look at the server."""
    trail = Trail(now, connection, status.uptime, status.refusals)
    same = before is not None and _is_same(before, trail)
    if galera is not None:
        since = _unshrunk_since(before if same else None, now, galera.queue)
        trail = replace(trail, paused_ns=galera.paused_ns, queue=galera.queue, unshrunk_since=since)
    if before is None:
        return trail
    refused = _refused(before, trail, same=same)
    return replace(
        trail,
        refused=_recent((*before.refused, *(((now, refused),) if refused else ())), now),
        paused_ratio=_share(before, trail) if same else None,
    )


def waited(before: Trail | None, now: float) -> Trail | None:
    """The trail after a run in which the server said nothing."""
    return None if before is None else replace(before, refused=_recent(before.refused, now), paused_ratio=None)


def _recent(refused: tuple[tuple[float, int], ...], now: float) -> tuple[tuple[float, int], ...]:
    return tuple((at, number) for at, number in refused if now - at < RECENT)


def _is_same(before: Trail, now: Trail) -> bool:
    """Whether the same run of the same server counts on: behind an address that moves may be another one."""
    due = before.uptime + now.at - before.at
    return now.connection == before.connection or abs(now.uptime - due) <= _UPTIME_ERROR


def _refused(before: Trail, now: Trail, *, same: bool) -> int:
    """Connections refused since the reading before; of another server, none that may be older than that."""
    if before.refusals is None or now.refusals is None:
        return 0
    if not same:
        return now.refusals if now.uptime < now.at - before.at else 0
    return now.refusals if now.refusals < before.refusals else now.refusals - before.refusals


def _share(before: Trail, now: Trail) -> float | None:
    passed = now.at - before.at
    if before.paused_ns is None or now.paused_ns is None or passed <= 0 or now.paused_ns < before.paused_ns:
        return None
    return min(1.0, (now.paused_ns - before.paused_ns) / 1e9 / passed)


def _unshrunk_since(before: Trail | None, now: float, queue: int) -> float | None:
    if queue < ORDINARY:
        return None
    if before is None or before.unshrunk_since is None or queue < before.queue:
        return now
    return before.unshrunk_since
