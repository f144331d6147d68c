"""What the management servers' logs, and the cloud itself, make of what is believed of an agent by its sockets.

A server's log names every agent whose ping its ping handler took in: that is what the cloud counts by. Sockets show any
traffic, which other commands make as well while the task that pings is stuck. So each bounds the time that is left from
above, and the lesser of both counts; a socket that was looked at after the line and last moved before that only says
more exactly when that ping came. Who judges:

| the server that has the agent                    | judged by                                             |
|--------------------------------------------------|-------------------------------------------------------|
| known (a), its log shows pings (b)               | that log: the agent's newest ping in any log (c)      |
| known (a), its log does not, or can't be read    | sockets alone                                         |
| not known, all servers' logs show pings          | all logs: its newest ping (c)                         |
| not known, its host can't tell, it was heard in  | that log (c)                                          |
|   a log that still shows pings                   |                                                       |
| not known, else                                  | sockets alone                                         |
| none: no server runs                             | nobody: no time runs out                              |

(a) By the session that a server has, else by that of its host, else by what the cloud says (behind a load balancer it
is the only one that can). A log names the agent whatever its address looks like.
(b) Of any agent, within two ping intervals; else it is not one of late agents, its level was changed.
(c) Not from before its session began, or its server came back: the cloud counts from there, too. Nor from before lines
were lost (a gap), for one of its pings may have been among them. An agent that was never heard in the log has been
silent since then, and counts by that once it has had a ping interval and SLACK to be heard; but not while the log names
agents that are nobody's, unless the cloud says itself by what name it knows the host.

Silence by a log is counted to the moment when the log is due to be read again, but no further than QUIET after the last
ping of anybody, or other line that shows that pings would be written down. Lines are dated by when they were first
seen, up to an interval of the probe after they were written.

Of a host that the cloud says is not Up nothing counts down: it has been given up, or is on its way back, and what is
waited for then is not a ping. `last_ping` of the database is never a heartbeat: it is when the agent connected, or was
found up by an investigation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf

from cs_exporter.probes.agents.clouds import Word
from cs_exporter.probes.agents.ears import SLACK, Ear, Ears
from cs_exporter.probes.agents.evidence import Belief, Memory, Sight, Source, back, elsewhere, server_of
from cs_exporter.probes.agents.plan import Expected


def weighed(
    belief: Belief, expected: Expected, sight: Sight, memory: Memory, addresses: Mapping[str, str], ears: Ears
) -> Belief:
    """What is believed with all that, given what is by sockets alone; `memory` is that of this moment."""
    judges = _judges(expected, sight, memory, addresses, ears)
    if judges:
        belief = _judged(belief, expected, sight, memory, judges, ears)
    given_up = sight.word is not None and sight.word.given_up
    return replace(belief, evidence=None) if given_up else belief


def _judges(
    expected: Expected, sight: Sight, memory: Memory, addresses: Mapping[str, str], ears: Ears
) -> tuple[str, ...]:
    """The servers whose logs count."""
    if not ears.hearing or (sight.scene.asked and not sight.scene.listens):
        return ()
    holder = _holder(expected, sight, addresses)
    if holder:
        return (holder,) if holder in ears.hearing else ()
    needed = [name for name in expected.servers if name not in ears.resting] or expected.servers
    if ears.hearing.issuperset(needed):
        return tuple(name for name in expected.servers if name in ears.hearing)
    if sight.own is None and memory.line is not None and memory.line.server in ears.hearing:
        return (memory.line.server,)
    return ()


def _holder(expected: Expected, sight: Sight, addresses: Mapping[str, str]) -> str:
    """The server that has the agent; empty where nobody knows."""
    if sight.held is not None and not elsewhere(expected, sight, addresses):
        return sight.holder
    if sight.own:
        last = max(sight.own, key=lambda one: one.heard or 0.0)
        server = server_of(last, expected.host, addresses)
        if server in expected.servers:
            return server
    word = sight.word
    return word.server if word is not None and not word.given_up and word.server in expected.servers else ""


def _judged(
    belief: Belief, expected: Expected, sight: Sight, memory: Memory, judges: tuple[str, ...], ears: Ears
) -> Belief:
    """The belief as those logs have it."""
    of = [ears.of[name] for name in judges]
    since, until, read = max([ear.since for ear in of]), min([ear.until for ear in of]), min([ear.asked for ear in of])
    since, read, line = max(since, _joined(sight, memory), back(expected, sight, memory)), min(read, until), memory.line
    patience = expected.interval + SLACK
    if line is None and read < since + patience:
        return replace(belief, judges=judges)
    if (line is None or (line.at < since and line.server not in judges)) and not _is_named(sight.word, of):
        return replace(belief, judges=judges)
    source, moment = (Source.UNSEEN, since) if line is None else (Source.LOG, line.at)
    connected = belief.connected
    if connected is None and line is not None and read <= moment + patience:
        connected = True
    stopped = min(read, _moved(sight, memory)) > max(moment, since) + patience
    other = _by_sockets(belief, sight, memory, moment)
    return Belief(connected, {source: moment, **belief.heard}, source, until, since, other, judges, stopped)


def _is_named(word: Word | None, judges: Iterable[Ear]) -> bool:
    """Whether a ping of the agent could not have been anybody's in these logs."""
    if word is not None and word.is_numbered:
        return True
    return all(not ear.unnamed and (word is not None or not ear.strangers) for ear in judges)


def _joined(sight: Sight, memory: Memory) -> float:
    """When its session began, as far as anybody tells; where nobody sees sessions, by the cloud's word."""
    if sight.held is None and sight.own is None and sight.word is not None:
        return max(memory.joined, sight.word.joined)
    return memory.joined


def _moved(sight: Sight, memory: Memory) -> float:
    """When its session last moved, at either end."""
    at_server = memory.server_heard if sight.held is not None else None
    at_agent = memory.agent_heard if sight.own else None
    return max(at_server or -inf, at_agent or -inf)


def _by_sockets(belief: Belief, sight: Sight, memory: Memory, moment: float) -> tuple[float, float] | None:
    """From when to when it is silent by its sockets, unless they were looked at before that ping was seen."""
    if belief.evidence is Source.SERVER:
        looked = memory.seen
    elif belief.evidence is Source.AGENT:
        looked = sight.told if sight.own else None
    else:
        return None
    heard = belief.heard[belief.evidence]
    if max(heard, looked or -inf) < moment:
        return None
    return max(heard, belief.since), belief.until
