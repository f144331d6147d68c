"""Derived probes: run a moment after one of their inputs landed, once for however many landed in that moment.

A sweep lands hundreds of readings at once, and a question about the fleet is worth asking only about all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cs_exporter.board import FLEET, Board
from cs_exporter.model import Outcome
from cs_exporter.ports import Clock
from cs_exporter.runner import run_derived
from cs_exporter.spec import AnyDerived, Latest

SETTLE = 0.5
"""Seconds that landings are gathered for: with thousands of hosts, one derivation per landing would be quadratic."""

GATHERED = 1 / 50
"""Of the interval of an input's runs, landings are gathered for as long, if that is longer: what hosts are asked every
five minutes is not worth deriving anew twice a second."""

SPARING = 20
"""Landings are gathered for so many times what the last derivation took, if that is longer: 5 % of a core at most."""


def latest_of(board: Board, spec: AnyDerived, now: float, wall: float) -> Latest:
    """What a derived probe sees now (monotonic and wall clock): readings of its inputs whose values have not ended."""
    readings: dict[str, dict[str, object]] = {name: {} for name in spec.inputs}
    made: dict[str, dict[str, float]] = {name: {} for name in spec.inputs}
    intervals: dict[str, dict[str, float]] = {name: {} for name in spec.inputs}
    unanswered: dict[str, set[str]] = {name: set() for name in spec.inputs}
    for entry in board.snapshot(now).entries:
        probe, host = entry.latest.probe, entry.latest.host
        if probe not in readings:
            continue
        if entry.latest.reading is None:
            unanswered[probe].add(host)
        reading = entry.fresh_reading(now)
        if reading is not None:
            readings[probe][host] = reading
            made[probe][host] = entry.reading_monotonic
            intervals[probe][host] = entry.interval
    own = board.entry(spec.name, FLEET)
    before = own.reading if own else None
    silent = {name: frozenset(hosts) for name, hosts in unanswered.items()}
    return Latest(board.inventory, readings, made, wall, before, unanswered=silent, intervals=intervals)


class Deriver:
    """Keeps derived readings current. `land` takes a derived outcome and its interval."""

    def __init__(
        self, specs: tuple[AnyDerived, ...], board: Board, clock: Clock, land: Callable[[Outcome, float], None]
    ) -> None:
        self._specs = specs
        self._board = board
        self._clock = clock
        self._land = land
        self._due: dict[str, float] = {}  # derived probe -> the shortest interval of the inputs that landed
        self._derived: dict[str, float] = {}  # the same, of its last derivation
        self._took: dict[str, float] = {}  # derived probe -> seconds that its last derivation took
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def landed(self, probe: str, interval: float) -> None:
        """An outcome of `probe` landed."""
        for spec in self._specs:
            if probe in spec.inputs:
                self._due[spec.name] = min(interval, self._due.get(spec.name, interval))
        self._wake()

    def again(self) -> None:
        """Derive everything once more, now: the inventory has changed, and no page may tell of who has left."""
        self._due = {**self._derived, **self._due}
        self.flush()

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        for spec in self._specs:
            if spec.name not in self._due:
                continue
            sparing = min(SPARING * self._took.get(spec.name, 0.0), self._due[spec.name])  # one stall ages nothing
            at = loop.time() + max(SETTLE, GATHERED * self._due[spec.name], sparing)
            timer = self._timers.get(spec.name)
            if timer is not None:
                if timer.when() <= at:
                    continue
                timer.cancel()  # set by a landing of hosts that are asked less often
            self._timers[spec.name] = loop.call_at(at, self._derive, spec)

    def flush(self) -> None:
        """Derive now what is due."""
        for spec in self._specs:
            if spec.name in self._due:
                self._derive(spec)

    def _derive(self, spec: AnyDerived) -> None:
        timer = self._timers.pop(spec.name, None)
        if timer is not None:
            timer.cancel()
        interval, began = self._due.pop(spec.name), self._clock.monotonic()
        latest = latest_of(self._board, spec, began, self._clock.time())
        self._derived[spec.name] = interval
        outcome = run_derived(spec, latest, FLEET, self._clock)
        self._took[spec.name] = self._clock.monotonic() - began
        self._land(outcome, interval)

    def close(self) -> None:
        """Stop waiting."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
