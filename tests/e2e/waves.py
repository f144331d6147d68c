"""Which faults are brought about at the same time: those that cannot be taken for each other.

Forty faults one after the other would take ten minutes; faults whose symptoms differ, or their hosts, do not meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.demo.fault import ANY, HERE, Fault, Row
from tests.demo.pace import Pace

HOST = re.compile(r'host="([^"]+)"')
"""A host that a query names."""

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
    def shown(self) -> frozenset[Row]:
        """The symptoms that must or may hold; a host that is ANY stands for all."""
        return self.rows | frozenset(map(self._row, self.fault.also))

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries that must find something."""
        return tuple(query.replace(HERE, self.host) for query in self.fault.queries)

    @property
    def blinded(self) -> frozenset[str]:
        """The hosts on which runs may fail, or ANY."""
        return frozenset(map(self._at, self.fault.blind))

    @property
    def touched(self) -> frozenset[str]:
        """The hosts where it must show, or ANY, and the one that is broken."""
        asked = HOST.findall(" ".join(self.queries))
        return frozenset((*(row.host for row in self.rows), *asked, self.host))

    def expects(self, row: Row) -> bool:
        """Whether the symptom must or may hold there because of this fault."""
        return any(_alike(row, one) for one in self.shown)

    def blinds(self, host: str) -> bool:
        """Whether runs on that host may fail because of this fault."""
        return bool(self.blinded & {host, ANY})

    def meets(self, other: Placed) -> bool:
        """Whether one of them might be taken for the other, or hide it."""
        return (
            self.host == other.host
            or any(_alike(one, another) for one in self.shown for another in other.shown)
            or self._hides(other)
            or other._hides(self)
        )

    def _hides(self, other: Placed) -> bool:
        """Whether nothing could be told, because of this fault, of a host where the other must show."""
        return bool(self.blinded) and bool(self.blinded & other.touched or ANY in self.blinded | other.touched)

    def _at(self, name: str) -> str:
        return self.host if name == HERE else name

    def _row(self, row: Row) -> Row:
        return Row(self._at(row.host), row.symptom)


def _alike(one: Row, other: Row) -> bool:
    return one.symptom == other.symptom and (one.host == other.host or ANY in {one.host, other.host})


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
