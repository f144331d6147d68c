"""Which faults are brought about at the same time: those that cannot be taken for each other.

Forty faults one after the other would take ten minutes; faults on different hosts do not meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.demo.fault import ANY, HERE, Fault, Row
from tests.demo.pace import Pace

WAVE_SIZE = 6
"""More at once would show how the lab's two cores bear it rather than what a fault does."""


@dataclass(frozen=True)
class Placed:
    """A fault on a host."""

    fault: Fault
    host: str

    def __str__(self) -> str:
        return f"{self.fault.name}@{self.host}"

    @property
    def rows(self) -> frozenset[Row]:
        """The symptoms that must hold."""
        return frozenset(map(self._row, self.fault.rows))

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries that must find something."""
        return tuple(query.replace(HERE, self.host) for query in self.fault.queries)

    def expects(self, row: Row) -> bool:
        """Whether the symptom must or may hold there because of this fault."""
        allowed = {*self.rows, *map(self._row, self.fault.also)}
        return bool(allowed & {row, Row(ANY, row.symptom), Row(row.host, ANY), Row(ANY, ANY)})

    def blinds(self, host: str) -> bool:
        """Whether runs on that host may fail because of this fault."""
        return bool({self._at(name) for name in self.fault.blind} & {host, ANY})

    @property
    def touched(self) -> frozenset[str]:
        """The hosts where it shows, or ANY."""
        shown = (row.host for row in (*self.fault.rows, *self.fault.also))
        return frozenset(map(self._at, (*shown, *self.fault.blind, self.host)))

    def meets(self, other: Placed) -> bool:
        """Whether one of them might be taken for the other, or hide it."""
        return bool(ANY in self.touched | other.touched or self.touched & other.touched)

    def _at(self, name: str) -> str:
        return self.host if name == HERE else name

    def _row(self, row: Row) -> Row:
        return Row(self._at(row.host), row.symptom)


def waves(faults: Iterable[Fault], pace: Pace) -> list[tuple[Placed, ...]]:
    """All faults, each once, those that are slow to show together; in a wave no two meet."""
    found: list[list[Placed]] = []
    for fault in sorted(faults, key=lambda fault: -fault.slack(pace)):
        _place(fault, found)
    return [tuple(wave) for wave in found]


def _place(fault: Fault, found: list[list[Placed]]) -> None:
    places = [Placed(fault, host) for host in fault.hosts]
    for wave in found:
        for placed in places:
            if len(wave) < WAVE_SIZE and not any(placed.meets(other) for other in wave):
                wave.append(placed)
                return
    found.append([places[0]])
