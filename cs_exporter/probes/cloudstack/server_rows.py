"""One management server as the database has it, followed over time: its clock, its life, and the agents that it lost.

Each server writes the time by its own clock into the database, every 1.5 s: that tells of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cs_exporter.platforms.cloudstack.states import ServerState
from cs_exporter.probes.cloudstack.host_rows import HostRow

UP, DOWN = "Up", "Down"
STATES = frozenset(
    {
        *(UP, DOWN, "PreparingForMaintenance", "Maintenance"),
        *("PreparingForShutDown", "PreparingToShutDown", "ReadyToShutDown", "ShuttingDown"),
    }
)
OTHER = "other"

RETIRED = 7 * 86400.0
"""Seconds after which a server that is Down counts as given away: its row stays in the database for ever."""

LATELY = 3600.0
"""Seconds for which a server that went Down is news: it was lost. After that it is out of service until mended."""

COMPARED = 8
"""Readings of which the smallest age tells how far the clock is ahead: by chance one comes just after a write."""

FEW = 3
"""Agents that a server must have lost for a share to mean anything."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A server. `ages`: of its last heartbeats, at the latest readings. `agents`: that it has, `lost`: and had lately.

    None where the source does not tell. `down`: since when it is seen Down, by the exporter's monotonic clock.
    """

    said: ServerState
    ages: tuple[float, ...] = ()
    agents: int | None = None
    lost: int | None = None
    down: float | None = None

    @property
    def state(self) -> str:
        """One of STATES, or OTHER."""
        return self.said.state if self.said.state in STATES else OTHER

    @property
    def retired(self) -> bool:
        """Whether it is Down for so long that nobody waits for it."""
        return self.said.state == DOWN and self.said.beat_age is not None and self.said.beat_age > RETIRED

    @property
    def beat_age(self) -> float | None:
        """Seconds since its heartbeat, while one is due: who is Down, or goes on purpose, owes none."""
        return self.said.beat_age if self.said.state == UP else None

    def down_lately(self, now: float) -> bool | None:
        """Whether it went Down within LATELY; None where it is not. Its last heartbeat tells, else what was watched."""
        if self.down is None:
            return None
        age = self.said.beat_age
        return (now - self.down if age is None else age) <= LATELY

    @property
    def ahead(self) -> float | None:
        """Seconds by which its clock is ahead of the database's, at least; 0 where it is behind."""
        return max(0.0, -min(self.ages)) if self.ages else None

    @property
    def peers_down(self) -> int | None:
        """How many others call it Down while it is Up."""
        return self.said.peers_down if self.said.state == UP else None

    @property
    def lost_ratio(self) -> float | None:
        """The share of its agents that it lost lately, and no other server has."""
        if self.lost is None or self.agents is None:
            return None
        return self.lost / (self.lost + self.agents) if self.lost >= FEW else 0.0


def follow(before: ServerRow | None, said: ServerState, agents: int | None, lost: int | None, now: float) -> ServerRow:
    """The row as of `now`, given the one before. `agents`, `lost`: None where nobody tells which server has a host.

    A server that is Down writes nothing any more: where its last heartbeat is not told, what was known of it holds.
    """
    if said.state == DOWN and said.beat_age is None and before is not None and before.said.state == DOWN:
        said = replace(said, beat_age=before.said.beat_age)
    ages = before.ages if before is not None and said.state != DOWN else ()
    if said.beat_age is not None and said.state != DOWN:
        ages = (*ages, said.beat_age)[-COMPARED:]
    own = agents if said.agents is None or agents is None else said.agents
    known = before.down if before is not None and before.down is not None else now
    return ServerRow(said, ages, own, lost, known if said.state == DOWN else None)


def counted(hosts: Iterable[HostRow]) -> tuple[Counter[str], Counter[str]]:
    """By server: hosts that it has, and hosts that it had lately and nobody has now; without those in maintenance."""
    having: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for row in hosts:
        if row.said.server:
            having[row.said.server] += 1
        elif row.lost is not None and not row.planned:
            lost[row.owner] += 1
    return having, lost
