"""Queues followed over time: whose messages were given out, and are neither done nor given back.

A consumer that is frozen takes whatever comes (oslo.messaging sets no prefetch limit), so nothing is ever `ready` and
only this shows it; the bus itself gives such a one up after two minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.probes.rabbitmq.queues import Key, QueueRow

_CLIMBS = 7
"""Looks in a row of which each must find more than the one before, where nobody tells what was confirmed.

Of a service that is busy the count is a number of chance at each look; of five on average, it does that once a year.
"""
_TIMES = 3
"""And how many times as many it must be in the end: what is never confirmed grows from nothing."""


@dataclass(frozen=True, slots=True)
class Held:
    """A queue's unacknowledged messages, which have not become fewer since. `since`: the exporter's monotonic clock.

    `climbs`: looks up to the last that each found more than the one before; `foot`: what was found before them.
    """

    since: float
    first: int
    last: int
    climbs: int = 0
    foot: int = 0

    @property
    def growing(self) -> bool:
        """Whether more have come meanwhile: what one long task holds does not grow."""
        return self.last > self.first

    @property
    def climbing(self) -> bool:
        """Whether they have grown for so long without a rest that it is hardly by chance."""
        return self.climbs >= _CLIMBS and self.last > _TIMES * self.foot

    def then(self, count: int) -> Held:
        """With one more look, which found no fewer."""
        if count > self.last:
            return Held(self.since, self.first, count, self.climbs + 1, self.foot)
        return Held(self.since, self.first, count, 0, count)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Messages of a queue that a node's consumers have confirmed: no other number since (monotonic, the exporter's)."""

    count: int
    since: float


Trail = Mapping[Key, Held]
Confirmations = Mapping[Key, Confirmed]


def follow(before: Trail, rows: Iterable[QueueRow], now: float) -> Trail:
    """The trail as of `now`: a queue leaves it with its last message; a count that fell begins anew."""
    found: dict[Key, Held] = {}
    for row in rows:
        count, held = row.queue.unacknowledged, before.get(row.key)
        if count is None:
            if held is not None:
                found[row.key] = held
        elif count:
            same = held is not None and count >= held.last
            found[row.key] = held.then(count) if held and same else Held(now, count, count, foot=count)
    return found


def confirm(before: Confirmations, counts: Mapping[Key, int], now: float) -> Confirmations:
    """Since when nothing was confirmed, as far as it is known; a queue of which nothing ever was stands at nought."""
    return {
        key: was
        if (was := before.get(key)) is not None and was.count == count
        else Confirmed(count, now if count or was else 0.0)
        for key, count in counts.items()
    }
