"""Discovery for tests, with a clock that is set by hand, and how many hosts it keeps.

Apart from the tests, because those of one source and those of a cloud's cells need the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_exporter.discovery.clouds import NOBODY, Discovery
from cs_exporter.discovery.store import Store


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        """Wall clock."""
        return self.now

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now


def sources(*names: str) -> dict[str, str]:
    """Source -> platform: a name with a point is a cell's."""
    return {name: name.partition(".")[0] for name in names}


def following(*names: str, store: Store | None = None, clock: Clock | None = None) -> Discovery:
    """Discovery of these sources."""
    made = Discovery(store, clock or Clock())
    made.follow(sources(*names))
    return made


def hosts(discovery: Discovery, *names: str, accepted: Mapping[str, frozenset[str]] = NOBODY) -> dict[str, int]:
    """Platform -> how many hosts are kept."""
    found = discovery.censuses(sources(*names), accepted)
    return {platform: len(census.hosts) for platform, census in found.items()}
