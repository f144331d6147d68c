"""The board: the latest outcome of every (probe, host), the last reading behind it, and the exporter's own health.

The event loop writes it; whoever renders takes a snapshot first, so that a render in a thread sees one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cs_exporter.discovery.clouds import Standing
from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason, Unsupported
from cs_exporter.ports import Counters

FLEET = ""
"""The host name under which a derived probe's reading about the whole fleet stands."""

FRESH_INTERVALS = 3
"""A reading's values end after this many intervals without success: a single lost packet must not end them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one probe on one host. Times as in Outcome; counters since the exporter started."""

    latest: Outcome
    interval: float
    reading: object | None = None  # of the last success
    reading_monotonic: float = 0.0
    last_success: float | None = None  # wall clock
    runs: int = 0
    failures: Mapping[Reason, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def supported(self) -> bool:
        """False where the question does not apply to the host."""
        return not isinstance(self.latest.result, Unsupported)

    @property
    def failure(self) -> Failure | None:
        """Why the latest run failed, if it did."""
        return self.latest.result if isinstance(self.latest.result, Failure) else None

    def fresh_reading(self, now_monotonic: float) -> object | None:
        """The last reading while its values may be shown, else None."""
        if not self.supported or now_monotonic - self.reading_monotonic > FRESH_INTERVALS * self.interval:
            return None
        return self.reading


@dataclass(slots=True)
class Health:
    """The exporter's own health; the daemon keeps it current."""

    config_reload_successful: bool = True
    config_reload_timestamp: float = 0.0
    scheduler_lag: float = 0.0  # seconds the latest slot began late
    ssh_connections: int = 0
    first_sweep_done: bool = False
    collector_mismatches: frozenset[str] = frozenset()  # hosts whose installed collector is not this version's
    discovery: tuple[Standing, ...] = ()
    counters: Counters = field(default_factory=Counters)


@dataclass(frozen=True)
class Snapshot:
    """The board at one moment; safe to read from any thread. `wall`: the wall clock then, for what is about an age."""

    inventory: Inventory
    entries: tuple[Entry, ...]
    health: Health
    monotonic: float
    wall: float = 0.0

    def hosts(self) -> Iterator[Host]:
        """All hosts, in the inventory's order."""
        return iter(self.inventory)


class Board:
    """The latest outcomes. All methods are for the event loop's thread."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.health = Health()
        self._entries: dict[tuple[str, str], Entry] = {}

    def land(self, outcome: Outcome, interval: float) -> Entry:
        """Take in an outcome; `interval` is the seconds until its probe runs on that host again."""
        key = (outcome.probe, outcome.host)
        before = self._entries.get(key) or Entry(outcome, interval)
        entry = replace(before, latest=outcome, interval=interval, runs=before.runs + 1)
        if isinstance(outcome.result, Failure):
            reason = outcome.result.reason
            counts = {**before.failures, reason: before.failures.get(reason, 0) + 1}
            entry = replace(entry, failures=MappingProxyType(counts))
        elif isinstance(outcome.result, Unsupported):
            entry = replace(entry, reading=None)
        else:
            entry = replace(
                entry,
                reading=outcome.reading,
                reading_monotonic=outcome.finished_monotonic,
                last_success=outcome.started + outcome.duration,
            )
        self._entries[key] = entry
        return entry

    def entry(self, probe: str, host: str) -> Entry | None:
        """What is known of one probe on one host; None before its first outcome."""
        return self._entries.get((probe, host))

    def failing_hosts(self) -> int:
        """How many hosts have a probe whose latest run failed."""
        return len({host for (_, host), entry in self._entries.items() if host != FLEET and entry.failure})

    def replace_inventory(self, inventory: Inventory) -> None:
        """Take a new inventory; what is known of hosts that left is forgotten."""
        self.inventory = inventory
        self._entries = {
            key: entry for key, entry in self._entries.items() if key[1] == FLEET or key[1] in inventory.hosts
        }

    def amend(self, probe: str, host: str, change: Callable[[Any], object]) -> None:
        """Change the last reading of one probe of one host, if there is one; it is as old as before."""
        entry = self._entries.get((probe, host))
        if entry is not None and entry.reading is not None:
            self._entries[probe, host] = replace(entry, reading=change(entry.reading))

    def forget(self, probe: str, host: str) -> None:
        """Forget one probe of one host: it is no longer asked."""
        self._entries.pop((probe, host), None)

    def snapshot(self, monotonic: float, wall: float = 0.0) -> Snapshot:
        """The board as it is now; `monotonic` is the exporter's clock, against which readings expire."""
        health = replace(self.health, counters=replace(self.health.counters))
        return Snapshot(self.inventory, tuple(self._entries.values()), health, monotonic, wall)
