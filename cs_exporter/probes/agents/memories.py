"""What is known of an agent from moment to moment, when the readings that told of it have gone.

A session that is another one than before begins its time anew; a ping that was written down stays the newest.
"""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.probes.agents.ears import Line
from cs_exporter.probes.agents.evidence import Memory, Sight
from cs_exporter.probes.agents.sessions import Served


def remember(before: Memory, sight: Sight) -> Memory:
    """What is known after this moment; "unseen" is not touched."""
    line = _newest(before.line, sight.line)
    last = max(((one.heard, one.local_port) for one in sight.own or () if one.heard is not None), default=None)
    agent_heard, agent_port = (before.agent_heard, before.agent_port) if last is None else last
    if sight.held is None:
        joined = before.joined if agent_port == before.agent_port else sight.told
        return _lost(before, sight, agent_heard, agent_port, joined, line)
    return _held(before, sight, sight.held, agent_heard, agent_port, line)


def _newest(before: Line | None, now: Line | None) -> Line | None:
    if before is None or now is None:
        return before or now
    return now if now.at >= before.at else before


def _held(
    before: Memory, sight: Sight, held: Served, agent_heard: float | None, agent_port: int, line: Line | None
) -> Memory:
    """A server has a session."""
    server, heard, holder = before.server, before.server_heard, sight.holder
    seen, port = sight.scene.asked[holder], held.peer_port
    # A later look at the same server is the better one: the time it took to ask blurs each by a little.
    if held.heard is not None and (heard is None or server == holder or held.heard > heard):
        server, heard = holder, held.heard
    joined = before.joined if (before.holder, before.port) == (holder, port) else seen
    return Memory(
        server, heard, agent_heard, agent_port, before.unseen_since, holder, port, seen, joined=joined, line=line
    )


def _lost(
    before: Memory, sight: Sight, agent_heard: float | None, agent_port: int, joined: float, line: Line | None
) -> Memory:
    """No current server has one."""
    asked, lost, server = sight.scene.asked.get(before.holder), before.lost, before.server
    # A server that is down loses all of them, which says nothing of any one.
    known = sight.scene.listens and before.seen is not None and asked is not None and asked > before.seen
    if lost is None and known:
        lost = asked
    if line is not None and (before.server_heard is None or line.at > before.server_heard):
        server = line.server
    return replace(
        before, server=server, agent_heard=agent_heard, agent_port=agent_port, lost=lost, joined=joined, line=line
    )
