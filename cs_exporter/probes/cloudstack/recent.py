"""What happened lately, as amounts with their times: for rows that tell how much came together within some minutes.

Kept sparse, since most hosts change their state once in weeks.
"""

from __future__ import annotations

Recent = tuple[tuple[float, int], ...]
"""(exporter's monotonic time, amount), the oldest first."""

NOTHING: Recent = ()


def added(recent: Recent, now: float, amount: int, window: float) -> Recent:
    """With what happened now, and without what is more than `window` seconds old."""
    kept = tuple(one for one in recent if now - one[0] <= window) if recent else recent
    return (*kept, (now, amount)) if amount > 0 else kept


def total(recent: Recent) -> int:
    """All of it."""
    return sum(amount for _, amount in recent)
