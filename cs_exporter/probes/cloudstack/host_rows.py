"""One hypervisor in the cloud's word, followed over time: how long it is as it is, how often that changed, who has it.

Whoever is pinged steadily leaves no trace in the database: what moves there is a change of state, or an investigation.
"""

from __future__ import annotations

from dataclasses import dataclass

from cs_exporter.platforms.cloudstack.states import HostState
from cs_exporter.platforms.cloudstack.words import PLANNED
from cs_exporter.probes.cloudstack.recent import NOTHING, Recent, added, total

UP = "Up"
STATES = frozenset({"Creating", "Connecting", UP, "Down", "Disconnected", "Alert", "Rebalancing", "Error", "Removed"})
OTHER = "other"

ROUTING = "Routing"
"""The kind of a hypervisor; agents of system VMs have rows of their own."""

PINGS = "KVM"
"""The hypervisor whose own agent pings. Of the others a server asks itself, and that moves the same columns."""

WINDOW = 1800.0
"""Seconds within which changes of state are counted."""

LOST = 600.0
"""Seconds for which a host that its server lost counts for that server."""

SOONEST, LATEST = 0.65, 3.4
"""Of the ping interval: what lies between two investigations of a host whose pings are missing. The servers look once
in an interval, later where investigations wait for each other or for a command that times out (100 s)."""

IN_A_ROW = 2
"""Investigations that found a host up until its pings count as missing: one alone may be that of a lost connection."""


@dataclass(frozen=True, slots=True)
class Move:
    """An investigation that found the host up: seen at (monotonic), and host.last_ping (seconds since the epoch)."""

    seen: float
    stamped: float


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host as the cloud has it. Times are the exporter's monotonic ones.

    `since`: it was first seen in this state. `owner`: the server that had it last; `lost`: seen without any since.
    `changes`: of its state, within WINDOW. `moves`: the last investigations in a row that found it up.
    """

    said: HostState
    since: float
    owner: str = ""
    lost: float | None = None
    changes: Recent = NOTHING
    moves: tuple[Move, ...] = ()

    @property
    def state(self) -> str:
        """One of STATES, or OTHER."""
        return self.said.state if self.said.state in STATES else OTHER

    @property
    def changed(self) -> int:
        """How often its state changed within WINDOW."""
        return total(self.changes)

    @property
    def pings_missing(self) -> bool:
        """Whether the cloud goes on investigating it and finding it up: its pings do not come."""
        return len(self.moves) >= IN_A_ROW

    @property
    def planned(self) -> bool:
        """Whether the cloud itself has it in maintenance, or on its way there."""
        return self.said.resource_state in PLANNED


def follow(before: HostRow | None, said: HostState, now: float, ping_interval: float, *, same_source: bool) -> HostRow:
    """The row as of `now`, given the one before. Of another source, counts and times can't be compared."""
    if before is None:
        return HostRow(said, now, said.server)
    if before.said == said and not before.changes and not before.moves and before.lost is None:
        return before
    grown = _grown(before.said, said) if same_source else None
    move = _is_move(before.said, said, grown)
    changes = 0 if move else grown if grown is not None else int(before.said.state != said.state)
    stays = before.said.state == said.state and (grown is None or grown <= 1)
    return HostRow(
        said,
        before.since if stays else now,
        said.server or before.owner,
        _lost(before, said, now) if same_source else None,
        added(before.changes, now, changes, WINDOW),
        _moves(before, said, now, ping_interval, move=move, stays=stays and (move or not grown)),
    )


def _grown(before: HostState, said: HostState) -> int | None:
    """By how much host.update_count has grown; None where that is not known."""
    if before.transitions is None or said.transitions is None:
        return None
    return max(0, said.transitions - before.transitions)


def _is_move(before: HostState, said: HostState, grown: int | None) -> bool:
    """Whether the one transition was that of an investigation which found it up: a reconnect has three or more."""
    if grown != 1 or before.connected is None or said.connected is None:
        return False
    return before.state == said.state == UP and said.connected > before.connected and said.hypervisor == PINGS


def _moves(
    before: HostRow, said: HostState, now: float, ping_interval: float, *, move: bool, stays: bool
) -> tuple[Move, ...]:
    """Those in a row; `stays`: nothing else happened to the host."""
    if not stays or said.state != UP:
        return ()
    latest = LATEST * ping_interval
    moves = before.moves if before.moves and now - before.moves[-1].seen <= latest else ()
    if not move or said.connected is None:
        return moves
    if not moves:
        return (Move(now, said.connected),)
    apart = said.connected - moves[-1].stamped
    if apart < SOONEST * ping_interval:
        return moves
    return (*moves[-1:], Move(now, said.connected)) if apart <= latest else (Move(now, said.connected),)


def _lost(before: HostRow, said: HostState, now: float) -> float | None:
    """Since when no server has it that one had; it is forgotten after LOST seconds."""
    if said.server:
        return None
    if before.said.server:
        return now
    return before.lost if before.lost is not None and now - before.lost <= LOST else None
