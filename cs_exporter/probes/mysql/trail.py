"""What is only seen by comparing readings of a database server: recent refusals, a queue that does not shrink, stalls.

A counter may begin anew at any time (server restart, FLUSH STATUS); a difference never comes out negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cs_exporter.parsers.mysql_galera import GaleraNode
from cs_exporter.parsers.mysql_status import ServerStatus

RECENT = 300.0
"""Seconds for which a refusal counts as recent: long enough to be seen, and to be scraped more than once."""

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
    unshrunk_since: float | None = None  # the queue has been filled and not become shorter since then

    @property
    def recent_refusals(self) -> int:
        """Connections that were refused within RECENT."""
        return sum(number for _, number in self.refused)

    @property
    def unshrunk_seconds(self) -> float:
        """How long the receive queue has not become shorter; 0 while it is empty or does."""
        return 0.0 if self.unshrunk_since is None else self.at - self.unshrunk_since


def follow(
    before: Trail | None, now: float, connection: Connection, status: ServerStatus, galera: GaleraNode | None
) -> Trail:
    """The trail after a look at the server."""
    trail = Trail(now, connection, status.uptime, status.refusals)
    if galera is not None:
        since = _unshrunk_since(before, now, galera.queue)
        trail = replace(trail, paused_ns=galera.paused_ns, queue=galera.queue, unshrunk_since=since)
    if before is None:
        return trail
    anew = connection != before.connection and status.uptime < before.uptime
    refused = _difference(before.refusals, status.refusals, anew=anew)
    return replace(
        trail,
        refused=_recent((*before.refused, *(((now, refused),) if refused else ())), now),
        paused_ratio=_share(before, trail, anew=anew),
    )


def waited(before: Trail | None, now: float) -> Trail | None:
    """The trail after a run in which the server said nothing."""
    return None if before is None else replace(before, refused=_recent(before.refused, now), paused_ratio=None)


def _recent(refused: tuple[tuple[float, int], ...], now: float) -> tuple[tuple[float, int], ...]:
    return tuple((at, number) for at, number in refused if now - at < RECENT)


def _difference(before: int | None, now: int | None, *, anew: bool) -> int:
    if before is None or now is None:
        return 0
    return now if anew or now < before else now - before


def _share(before: Trail, now: Trail, *, anew: bool) -> float | None:
    passed = now.at - before.at
    if before.paused_ns is None or now.paused_ns is None or anew or passed <= 0 or now.paused_ns < before.paused_ns:
        return None
    return min(1.0, (now.paused_ns - before.paused_ns) / 1e9 / passed)


def _unshrunk_since(before: Trail | None, now: float, queue: int) -> float | None:
    if queue == 0:
        return None
    if before is None or before.unshrunk_since is None or queue < before.queue:
        return now
    return before.unshrunk_since
