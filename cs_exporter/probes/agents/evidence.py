"""What is believed of one agent, given what its servers and its own host say: connected or not, and silent since when.

Two things are distrusted: an alert on our own blindness, and a value that vanishes exactly when it matters. So a server
that can't be asked is never taken for one that does not hear the agent, and what was heard once goes on ageing.

"Current" is a host whose latest run gave a reading. The servers' word on an agent:

* HAS: a current server has a session of it;
* LACKS: all servers that could hold its session are current, and none has it;
* UNKNOWN: none of the current ones has it, and another one that can't be asked may.

Its host's own word: sessions it has (OPEN), none (NONE), or it can't be asked (BLIND).

| servers | host  | connected | silent since                          |
|---------|-------|-----------|---------------------------------------|
| HAS     | OPEN  | 1         | the server heard it (a)               |
| HAS     | NONE  | 1         | the server heard it                   |
| HAS     | BLIND | 1         | the server heard it                   |
| LACKS   | OPEN  | 0 (b)     | it was last heard, at either end (c)  |
| LACKS   | NONE  | 0         | the same                              |
| LACKS   | BLIND | 0         | the same                              |
| UNKNOWN | OPEN  | 1         | the same                              |
| UNKNOWN | NONE  | 0         | the same                              |
| UNKNOWN | BLIND | -         | -                                     |

(a) As in UNKNOWN where its host is connected to a server that can't be asked: this one's session is a remnant.
(b) 1 where its host is connected to an address that is none of the servers', or where servers have sessions that can
be given to nobody and never had one of this host: addresses are translated on the way, and the servers can't tell it
from others. For the same reason, where all of a server's sessions are so, BLIND is as with UNKNOWN.
(c) By data that the server took, or that the host sent and its server acknowledged. Where neither was ever seen: since
we first could have seen it.

Silence is counted for as long as somebody could have said otherwise: to the moment when whoever told of it, a server or
the host, is due to be asked again. An answer that does not come is our blindness, and takes no time off anybody.

Where that leaves nobody to say anything, what was believed last is believed for as long as one of its readings is
fresh: one lost poll must not end an alert.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.probes.agents.plan import Expected
from cs_exporter.probes.agents.sessions import Own, Served, is_loopback


class Source(StrEnum):
    """Who says when an agent was last heard."""

    SERVER = "server_socket"
    AGENT = "agent_socket"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Memory:
    """What outlives the readings it came from. Times: the exporter's monotonic clock."""

    server: str = ""  # the last one that heard the agent
    server_heard: float | None = None
    agent_heard: float | None = None
    unseen_since: float | None = None
    holder: str = ""  # the last server that had a session
    seen: float | None = None  # when that one was last asked and had it
    lost: float | None = None  # when it was first asked and no longer had it


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed now. `heard`: by source, what may be shown; `evidence`: the one that counts, if any.

    Times: the exporter's monotonic clock.
    """

    connected: bool | None
    heard: Mapping[Source, float]
    evidence: Source | None = None
    until: float = 0.0  # silence is counted to then


@dataclass(frozen=True, slots=True)
class Scene:
    """The current ones of an agent's servers, the same for all agents that have them."""

    asked: Mapping[str, float]  # server -> when it was
    due: Mapping[str, float]  # server -> when it will be again
    strangers: bool  # they have sessions that can be given to nobody
    known: bool  # they have sessions that can be given to somebody

    def alike(self, other: Scene | None) -> bool:
        """Whether they differ in nothing but when they were asked, which says nothing of an agent that one has."""
        return (
            other is not None
            and (self.strangers, self.known) == (other.strangers, other.known)
            and self.asked.keys() == other.asked.keys()
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of one agent at one moment. Sessions: of current hosts only."""

    held: Served | None  # the session that was heard last, of those that current servers have
    holder: str  # that server
    own: Sequence[Own] | None  # None: its host is not current
    due: float  # when its host will be asked again
    asked: bool  # whether its host has been asked at all, in vain or not
    scene: Scene


def remember(before: Memory, sight: Sight) -> Memory:
    """What is known after this moment; "unseen" is not touched."""
    held, agent_heard = sight.held, before.agent_heard
    if sight.own:
        agent_heard = max((one.heard for one in sight.own if one.heard is not None), default=agent_heard)
    if held is None:
        asked, lost = sight.scene.asked.get(before.holder), before.lost
        if lost is None and before.seen is not None and asked is not None and asked > before.seen:
            lost = asked
        return replace(before, agent_heard=agent_heard, lost=lost)
    server, heard = before.server, before.server_heard
    # A later look at the same server is the better one: the time it took to ask blurs each by a little.
    if held.heard is not None and (heard is None or server == sight.holder or held.heard > heard):
        server, heard = sight.holder, held.heard
    return Memory(server, heard, agent_heard, before.unseen_since, sight.holder, sight.scene.asked[sight.holder])


def believe(expected: Expected, sight: Sight, memory: Memory, addresses: Mapping[str, str]) -> Belief:
    """The table above; `memory` is that of this moment."""
    translated = sight.scene.strangers and memory.server_heard is None
    if sight.own:
        open_elsewhere = any(_server(one, expected.host, addresses) not in sight.scene.asked for one in sight.own)
        if sight.held is None:
            return _by_the_later(open_elsewhere or translated or _gone(sight, memory), expected, sight, memory)
        if open_elsewhere:
            return _by_the_later(True, expected, sight, memory)  # noqa: FBT003 (the verdict)
    elif sight.own is None and sight.held is None:
        unasked = any(name not in sight.scene.asked for name in expected.servers)
        if unasked or (translated and not (sight.scene.known and sight.asked)):
            return Belief(None, {})
    if sight.held is None:
        return _by_the_later(_gone(sight, memory), expected, sight, memory)
    return _by_the_server(sight.held, sight, memory)


def _server(one: Own, host: str, addresses: Mapping[str, str]) -> str:
    """The host that a session leads to; empty where nobody knows."""
    return host if is_loopback(one.server) else addresses.get(one.server, "")


def _gone(sight: Sight, memory: Memory) -> bool | None:
    """That no server has it: None while one was last asked before another one lost it, so that it may have it now."""
    if memory.lost is not None and any(asked < memory.lost for asked in sight.scene.asked.values()):
        return None
    return False


def _by_the_server(held: Served, sight: Sight, memory: Memory) -> Belief:
    """A current server has a session: what it heard counts."""
    until = sight.scene.due[sight.holder]
    heard = {}
    if sight.own and memory.agent_heard is not None:
        heard[Source.AGENT] = memory.agent_heard
    if memory.server_heard is not None:
        return Belief(True, {Source.SERVER: memory.server_heard, **heard}, Source.SERVER, until)  # noqa: FBT003 (the verdict)
    if heard:
        return Belief(True, heard, Source.AGENT, sight.due)  # noqa: FBT003 (the verdict)
    # Without unread data the host's kernel told no times at all, and nobody knows that it is silent.
    return Belief(True, heard, Source.UNSEEN if held.unread else None, until)  # noqa: FBT003 (the verdict)


def _by_the_later(connected: bool | None, expected: Expected, sight: Sight, memory: Memory) -> Belief:  # noqa: FBT001 (the verdict)
    """Whoever heard it last, at either end, counts."""
    until = min(sight.scene.due.values(), default=0.0) if sight.own is None else sight.due
    heard: dict[Source, float] = {}
    at_server, at_agent = memory.server_heard, memory.agent_heard
    if at_server is not None and (
        at_agent is None or at_server >= at_agent or len(sight.scene.asked) == len(expected.servers)
    ):
        heard[Source.SERVER] = at_server
    if at_agent is not None and (at_server is None or at_agent > at_server or sight.own):
        heard[Source.AGENT] = at_agent
    if heard:
        return Belief(connected, heard, max(heard, key=lambda source: heard[source]), until)
    silent = not sight.own or any(one.heard is not None for one in sight.own)
    return Belief(connected, {}, Source.UNSEEN if silent else None, until)
