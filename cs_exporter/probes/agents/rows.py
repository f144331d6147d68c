"""One row per agent: what is believed of it, and the numbers of its session.

The parts of agent_countdown's reading; every row also carries what the next one needs to remember.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cs_exporter.probes.agents.ears import Ears
from cs_exporter.probes.agents.evidence import Belief, Memory, Sight, Source, believe
from cs_exporter.probes.agents.logged import weighed
from cs_exporter.probes.agents.memories import remember
from cs_exporter.probes.agents.plan import Expected
from cs_exporter.probes.agents.sessions import Own, Served

End = tuple[str, int, int]
"""One end of a session: who told of it, the agent's port, and segments sent again since it began."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent. Seconds; None: not known. `heard`: by source, when it last was, by the exporter's monotonic clock."""

    expected: Expected
    connected: bool | None
    heard: Mapping[Source, float]
    evidence: Source | None
    server: str  # the last that heard it; empty where none did
    rtt: float | None
    retransmitting: bool | None
    retransmits: int | None  # since the exporter began to look
    until: float  # silence is counted to then
    since: float  # and for the limit not from before that
    memory: Memory
    ends: Mapping[str, End]
    sight: Sight
    other: tuple[float, float] | None = None  # from when to when it is silent by what else counts
    judges: tuple[str, ...] = ()  # servers by whose logs it is judged
    stopped: bool | None = None  # whether its pings have stopped while it goes on sending

    @property
    def blind(self) -> bool:
        """Whether nobody who could know can be asked."""
        known = self.sight.scene.off or (self.sight.word is not None and self.sight.word.given_up)
        return self.connected is None and self.evidence is None and not known

    def age(self, source: Source, now: float) -> float:
        """Seconds for which it is known that this source has not heard it."""
        return max(0.0, min(now, self.until) - self.heard[source])

    def left(self, now: float) -> float | None:
        """Seconds until the cloud can give the host up, at the most."""
        if self.evidence is None:
            return None
        silent = min(now, self.until) - max(self.heard[self.evidence], self.since)
        if self.other is not None:
            silent = max(silent, min(now, self.other[1]) - self.other[0])
        return self.expected.limit - max(0.0, silent)


def row(
    expected: Expected, sight: Sight, before: AgentRow | None, addresses: Mapping[str, str], ears: Ears, now: float
) -> AgentRow:
    """The agent's row at `now`, the exporter's monotonic clock. It stays true for as long as nothing else is seen."""
    memory = remember(before.memory if before else Memory(), sight)
    belief = believe(expected, sight, memory, addresses)
    if ears.of or sight.word is not None:
        belief = weighed(belief, expected, sight, memory, addresses, ears)
    memory, heard = _unseen(memory, belief, now)
    own = _latest(sight.own)
    both = [one for one in (sight.held, own) if one is not None]
    ends, retransmits = _retransmits(before, sight, own)
    return AgentRow(
        expected,
        belief.connected,
        heard,
        belief.evidence,
        _server(sight, memory),
        next((one.rtt for one in both if one.rtt is not None), None),
        any(one.retransmitting for one in both) if both else None,
        retransmits,
        belief.until,
        belief.since,
        memory,
        ends,
        sight,
        belief.other,
        belief.judges,
        belief.stopped,
    )


def _unseen(memory: Memory, belief: Belief, now: float) -> tuple[Memory, Mapping[Source, float]]:
    """Since when an agent that nobody has heard could have been heard; a hearing ends it."""
    if belief.evidence is Source.UNSEEN:
        known = [one for one in (memory.unseen_since, belief.heard.get(Source.UNSEEN)) if one is not None]
        since = min(known, default=now)
        return replace(memory, unseen_since=since), {**belief.heard, Source.UNSEEN: since}
    if belief.evidence is not None and memory.unseen_since is not None:
        return replace(memory, unseen_since=None), belief.heard
    return memory, belief.heard


def _server(sight: Sight, memory: Memory) -> str:
    """The one that has it, else, by the cloud, the one that should; else the last that heard it."""
    told = sight.word is not None and not sight.word.given_up and sight.word.server
    return told if told and sight.held is None else memory.server


def _latest(own: Sequence[Own] | None) -> Own | None:
    return max(own, key=lambda one: one.heard or 0.0) if own else None


def _retransmits(before: AgentRow | None, sight: Sight, own: Own | None) -> tuple[Mapping[str, End], int | None]:
    """The ends now, and the segments sent again: of sessions that were there when we came, from then on."""
    past, total = (before.ends, before.retransmits) if before else ({}, None)
    now = {**past}
    ends: tuple[tuple[str, str, Served | Own | None, int], ...] = (
        ("server", sight.holder, sight.held, sight.held.peer_port if sight.held else 0),
        ("agent", "", own, own.local_port if own else 0),
    )
    for side, teller, one, port in ends:
        if one is None or one.retransmits is None:
            continue
        last = past.get(side)
        begun = one.retransmits if last is None else last[2] if last[:2] == (teller, port) else 0
        total = (total or 0) + max(0, one.retransmits - begun)
        now[side] = (teller, port, one.retransmits)
    return now, total
