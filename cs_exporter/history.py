"""The last outcomes of every probe on every host, bounded, for /history: what a metric's label may not carry.

Equal outcomes in a row fold into one stretch, so a healthy host costs one record however long it has been healthy,
and a long stretch of one failure does not push out the failures before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from cs_exporter.model import Failure, Outcome, Reason, Unsupported

KEPT_STRETCHES = 20
KEPT_FAILURES = 10
DETAIL_LENGTH = 300
"""Characters of a detail that are kept: details may quote what a broken host sent."""


class State(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNSUPPORTED = "unsupported"


@dataclass(slots=True)
class Stretch:
    """One or more outcomes in a row with equal state, reason and detail.

    `first` and `last` are when the first and the last of them started, seconds since the epoch; `duration` is how long
    the last one took, seconds; `count` is how many they are.
    """

    state: State
    reason: Reason | None
    detail: str
    first: float
    last: float
    duration: float
    count: int = 1

    def continues(self, before: Stretch) -> bool:
        """Whether this one says the same as the one before it."""
        return (self.state, self.reason, self.detail) == (before.state, before.reason, before.detail)


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of one probe on one host, newest first; `failures` reach further back than `latest`."""

    latest: tuple[Stretch, ...] = ()
    failures: tuple[Stretch, ...] = ()


@dataclass(slots=True)
class _Ring:
    """Lists rather than deques: a deque takes 600 bytes before its first element, and nearly all rings hold one."""

    latest: list[Stretch] = field(default_factory=list)
    failures: list[Stretch] = field(default_factory=list)

    def add(self, stretch: Stretch) -> None:
        if self.latest and stretch.continues(self.latest[-1]):
            newest = self.latest[-1]
            newest.last, newest.duration, newest.count = stretch.last, stretch.duration, newest.count + 1
            return
        self.latest.append(stretch)
        del self.latest[:-KEPT_STRETCHES]
        if stretch.state is State.FAILURE:
            self.failures.append(stretch)
            del self.failures[:-KEPT_FAILURES]


class History:
    """The rings by host and probe. All methods are for the event loop's thread."""

    def __init__(self) -> None:
        self._rings: dict[str, dict[str, _Ring]] = {}

    def record(self, outcome: Outcome) -> None:
        """Take in an outcome."""
        rings = self._rings.setdefault(outcome.host, {})
        ring = rings.get(outcome.probe)
        if ring is None:
            ring = rings[outcome.probe] = _Ring()
        ring.add(_stretch(outcome))

    def past(self, host: str, probe: str) -> Past:
        """What is remembered; empty where nothing is. The stretches are copies."""
        ring = self._rings.get(host, {}).get(probe)
        if ring is None:
            return Past()
        return Past(
            tuple(replace(stretch) for stretch in reversed(ring.latest)),
            tuple(replace(stretch) for stretch in reversed(ring.failures)),
        )

    def forget(self, host: str) -> None:
        """Forget a host that left the inventory."""
        self._rings.pop(host, None)


def _stretch(outcome: Outcome) -> Stretch:
    result = outcome.result
    state, reason, detail = State.SUCCESS, None, ""
    if isinstance(result, Failure):
        state, reason, detail = State.FAILURE, result.reason, result.detail
    elif isinstance(result, Unsupported):
        state, detail = State.UNSUPPORTED, result.detail
    return Stretch(state, reason, detail[:DETAIL_LENGTH], outcome.started, outcome.started, outcome.duration)
