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


def latest_of(board: Board, spec: AnyDerived, now: float, wall: float) -> Latest:
    """What a derived probe sees now (monotonic and wall clock): readings of its inputs whose values have not ended."""
    readings: dict[str, dict[str, object]] = {name: {} for name in spec.inputs}
    made: dict[str, dict[str, float]] = {name: {} for name in spec.inputs}
    unanswered: dict[str, set[str]] = {name: set() for name in spec.inputs}
    for entry in board.snapshot(now).entries:
        reading = entry.fresh_reading(now)
        if entry.latest.probe in unanswered and entry.latest.reading is None:
            unanswered[entry.latest.probe].add(entry.latest.host)
        if entry.latest.probe in readings and reading is not None:
            readings[entry.latest.probe][entry.latest.host] = reading
            made[entry.latest.probe][entry.latest.host] = entry.reading_monotonic
    own = board.entry(spec.name, FLEET)
    before = own.reading if own else None
    silent = {name: frozenset(hosts) for name, hosts in unanswered.items()}
    return Latest(board.inventory, readings, made, wall, before, unanswered=silent)


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
        self._timer: asyncio.TimerHandle | None = None

    def landed(self, probe: str, interval: float) -> None:
        """An outcome of `probe` landed."""
        for spec in self._specs:
            if probe in spec.inputs:
                self._due[spec.name] = min(interval, self._due.get(spec.name, interval))
        self._wake()

    def again(self) -> None:
        """Derive everything once more: the inventory has changed under it."""
        self._due = {**self._derived, **self._due}
        self._wake()

    def _wake(self) -> None:
        if self._due and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE, self.flush)

    def flush(self) -> None:
        """Derive now what is due."""
        self.close()
        due, self._due = self._due, {}
        for spec in self._specs:
            if spec.name in due:
                latest = latest_of(self._board, spec, self._clock.monotonic(), self._clock.time())
                self._derived[spec.name] = due[spec.name]
                self._land(run_derived(spec, latest, FLEET, self._clock), due[spec.name])

    def close(self) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
