"""What is believed of one agent, given what its servers and its own host say: connected or not, and silent since when.

Two things are distrusted: an alert on our own blindness, and a value that vanishes exactly when it matters. So a server
that can't be asked is never taken for one that does not hear the agent, and what was heard once goes on ageing.

"Current" is a host whose latest run gave a reading. The servers' word on an agent:

* HAS: a current server has a session of it;
* LACKS: all servers that could hold its session are current (those in maintenance need not be), and none has it;
* UNKNOWN: none of the current ones has it, and another one that can't be asked may;
* OFF: none of the current ones has it, and none of them listens for agents; or none is current.

Its host's own word: sessions it has (OPEN), none (NONE), or it can't be asked (BLIND).

| servers | host  | connected | silent since                          |
|---------|-------|-----------|---------------------------------------|
| HAS     | OPEN  | 1         | the server heard it (a)               |
| HAS     | NONE  | 1         | the server heard it                   |
| HAS     | BLIND | 1         | the server heard it                   |
| LACKS   | OPEN  | 0 (b) (d) | it was last heard, at either end (c)  |
| LACKS   | NONE  | 0 (d)     | the same                              |
| LACKS   | BLIND | 0 (b) (d) | the same                              |
| UNKNOWN | OPEN  | 1         | the same                              |
| UNKNOWN | NONE  | 0 (d)     | the same                              |
| UNKNOWN | BLIND | -         | - (e)                                 |
| OFF     | any   | -         | -                                     |

(a) As in UNKNOWN where its host is connected to a server that can't be asked: this one's session is a remnant.
(b) While servers have sessions that can be given to nobody, one of them may be its own, unless one of its own has been
seen (it is then known by which address it comes): OPEN is 1, BLIND as with UNKNOWN. OPEN is 1, too, where its host is
connected to an address that is none of the servers': it may be translated on the way.
(c) By data that the server took, or that the host sent and its server acknowledged. Where neither was ever seen: since
we first could have seen it.
(d) OFF: nobody can give a host up while no server runs, so the last hearing is shown, and its age, and no time is left
to be counted; the servers' own row says the cause. A server that has come back knows no pings from before. The earliest
that it can give up a host that was heard before and does not return is the limit after it listens again (a host that
never returns is Disconnected, and that becomes Alert later still): the limit counts from there where the last hearing
is older, and until it has passed the session is not called gone. That excuses no agent that was gone for a whole limit
before. A server that still has the sessions it had has not been away: it was only we that could not ask.
(e) The countdown goes on where the server that had the session can be asked, has not been away, and has it no longer:
that is how the cloud drops a dead host, and another server that is off must not hide it.

Silence is counted for as long as somebody could have said otherwise: to the moment when whoever told of it, a server or
the host, is due to be asked again. An answer that does not come is our blindness, and takes no time off anybody.

Where that leaves nobody to say anything, what was believed last is believed for as long as one of its readings is
fresh: one lost poll must not end an alert.

All this is by sockets. What the servers' logs and the cloud itself make of it is in logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.probes.agents.clouds import Word
from cs_exporter.probes.agents.ears import Line
from cs_exporter.probes.agents.plan import Expected
from cs_exporter.probes.agents.scenes import Scene
from cs_exporter.probes.agents.sessions import Own, Served, is_loopback


class Source(StrEnum):
    """Who says when an agent was last heard."""

    LOG = "log"
    SERVER = "server_socket"
    AGENT = "agent_socket"
    DATABASE = "database"
    API = "api"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Memory:
    """What outlives the readings it came from. Times: the exporter's monotonic clock."""

    server: str = ""  # the last one that heard the agent
    server_heard: float | None = None
    agent_heard: float | None = None
    agent_port: int = 0  # the host's own of its session that was heard last
    unseen_since: float | None = None
    holder: str = ""  # the last server that had a session
    port: int = 0  # that session's at its agent's end
    seen: float | None = None  # when that one was last asked and had it
    lost: float | None = None  # when it was first asked and no longer had it
    joined: float = 0.0  # when its session was first seen
    line: Line | None = None  # its newest ping in the log of any server


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed now. `heard`: by source, what may be shown; `evidence`: the one that counts, if any.

    Times: the exporter's monotonic clock.
    """

    connected: bool | None
    heard: Mapping[Source, float]
    evidence: Source | None = None
    until: float = 0.0  # silence is counted to then
    since: float = 0.0  # no time that the limit allows had passed before
    other: tuple[float, float] | None = None  # from when to when it is silent by what else counts
    judges: tuple[str, ...] = ()  # servers by whose logs it is judged, too
    stopped: bool | None = None  # whether its pings have stopped while it goes on sending; None: no log tells


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of one agent at one moment. Sessions: of current hosts only."""

    held: Served | None  # the session that was heard last, of those that current servers have
    holder: str  # that server
    own: Sequence[Own] | None  # None: its host is not current
    due: float  # when its host will be asked again
    scene: Scene
    told: float = 0.0  # when its host was asked
    line: Line | None = None  # its newest ping in any log
    word: Word | None = None  # what the cloud says of its host


def believe(expected: Expected, sight: Sight, memory: Memory, addresses: Mapping[str, str]) -> Belief:
    """The table above; `memory` is that of this moment."""
    if sight.held is not None:
        if elsewhere(expected, sight, addresses):
            return _by_the_later(True, expected, sight, memory)  # noqa: FBT003 (the verdict)
        return _by_the_server(sight.held, sight, memory)
    if not sight.scene.listens:
        return _by_nobody(sight, memory)
    translated = sight.scene.strangers and not memory.holder
    connected = _gone(expected, sight, memory)
    if sight.own is None:
        if translated or not (sight.scene.complete or _dropped(expected, sight, memory)):
            return Belief(None, {})
        connected = connected if sight.scene.complete else None
    elif sight.own and (translated or elsewhere(expected, sight, addresses)):
        connected = True
    return _by_the_later(connected, expected, sight, memory)


def elsewhere(expected: Expected, sight: Sight, addresses: Mapping[str, str]) -> bool:
    """Whether its host has a session that leads to none of the current servers."""
    return any(server_of(one, expected.host, addresses) not in sight.scene.asked for one in sight.own or ())


def server_of(one: Own, host: str, addresses: Mapping[str, str]) -> str:
    """The host that a session leads to; empty where nobody knows."""
    return host if is_loopback(one.server) else addresses.get(one.server, "")


def _gone(expected: Expected, sight: Sight, memory: Memory) -> bool | None:
    """That no server has it; None while it may be there, or come back, all the same.

    One may have been asked last before another one lost it, or all were away until lately.
    """
    asked, returned = sight.scene.asked.values(), back(expected, sight, memory)
    if memory.lost is not None and any(moment < memory.lost for moment in asked):
        return None
    return None if returned and max(asked) < returned + expected.limit else False


def back(expected: Expected, sight: Sight, memory: Memory) -> float:
    """When servers came back that were away while the agent was there or could still return to them; else 0."""
    gone = memory.lost is not None and memory.lost + expected.limit <= sight.scene.away
    return 0.0 if gone else sight.scene.since or 0.0


def _dropped(expected: Expected, sight: Sight, memory: Memory) -> bool:
    """Whether the server that had it, and has not been away, has it no longer, and its host told of no other one."""
    if memory.lost is None or memory.seen is None or memory.seen < back(expected, sight, memory):
        return False
    same = memory.agent_port == memory.port
    return memory.agent_heard is None or memory.agent_heard <= memory.seen or same


def _by_nobody(sight: Sight, memory: Memory) -> Belief:
    """No server runs, or none can be asked: nobody can say that it is connected, and nobody can give it up."""
    if sight.own is None and not sight.scene.asked:
        return Belief(None, {})
    heard = {Source.SERVER: memory.server_heard, Source.AGENT: memory.agent_heard}
    return Belief(None, {source: moment for source, moment in heard.items() if moment is not None}, None, _until(sight))


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
    until, since = _until(sight), back(expected, sight, memory)
    heard: dict[Source, float] = {}
    at_server, at_agent = memory.server_heard, memory.agent_heard
    if at_server is not None and (at_agent is None or at_server >= at_agent or sight.scene.complete):
        heard[Source.SERVER] = at_server
    if at_agent is not None and (at_server is None or at_agent > at_server or sight.own):
        heard[Source.AGENT] = at_agent
    if heard:
        return Belief(connected, heard, max(heard, key=lambda source: heard[source]), until, since)
    silent = not sight.own or any(one.heard is not None for one in sight.own)
    return Belief(connected, {}, Source.UNSEEN if silent else None, until, since)


def _until(sight: Sight) -> float:
    """When whoever can tell that it is silent will be asked again."""
    return min(sight.scene.due.values(), default=0.0) if sight.own is None else sight.due
