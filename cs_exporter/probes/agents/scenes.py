"""An agent's servers together: what they have, whether one of them runs at all, and since when.

Seen once for all agents that have the same servers; what is believed of each agent by that is in evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from cs_exporter.probes.agents.plan import Key, Plan, Shared
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading, Served, is_loopback


@dataclass(frozen=True, slots=True)
class Scene:
    """The current ones of an agent's servers. Times: the exporter's monotonic clock."""

    asked: Mapping[str, float]  # server -> when it was
    due: Mapping[str, float]  # server -> when it will be again
    strangers: bool = False  # they have sessions that can be given to nobody
    complete: bool = False  # all are there, those aside that are in maintenance
    listens: bool = False  # one of them says that it takes agents
    missed: float | None = None  # none has since then, or none could be asked for long
    since: float | None = None  # one has run since then, at the least; 0: since before we came; None: none has yet
    away: float = 0.0  # none had, from then until `since`

    @property
    def off(self) -> bool:
        """Whether it is known that none runs: nobody could give a host up."""
        return self.complete and not self.listens

    def alike(self, other: Scene | None) -> bool:
        """Whether they differ in nothing but when they were asked, which says nothing of an agent that one has."""
        return other is not None and _kind(self) == _kind(other)


def _kind(scene: Scene) -> tuple[object, ...]:
    return scene.strangers, scene.complete, scene.listens, scene.since, scene.asked.keys()


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of all hosts at one moment. `current`: hosts whose latest run gave a reading."""

    current: Mapping[str, AgentHeartbeatReading]
    fresh: Collection[str]  # those, and hosts whose reading is from before and not old yet
    asked: Mapping[str, float]  # current host -> when it was
    due: Mapping[str, float]  # current host -> when it will be again
    now: float

    def lost(self, *hosts: str) -> bool:
        """Whether one of them could be asked until lately."""
        return any(name in self.fresh and name not in self.current for name in hosts)


@dataclass(slots=True)
class Heard:
    """What the current servers have: an agent's session that was heard last, and how many are whose."""

    best: dict[Key, tuple[Served, str]] = field(default_factory=dict)
    unmapped: dict[Key, int] = field(default_factory=dict)  # server and agent -> sessions that can be given to nobody
    listening: set[Key] = field(default_factory=set)  # server and agent


def heard(current: Mapping[str, AgentHeartbeatReading], known: Plan, addresses: Mapping[str, str]) -> Heard:
    """Give each server's sessions to hosts.

    A host that has no such agent stands between (a load balancer), and so does another server with more sessions than
    the one by which servers know each other: what comes from them is anybody's.
    """
    found = Heard()
    best, expected, ends = found.best, known.expected, known.ends
    for server, reading in current.items():
        for port in reading.ports:
            found.unmapped[server, port.agent] = 0
            if port.listening:
                found.listening.add((server, port.agent))
        fellows = {(server, port.agent) for port in reading.ports}
        for one in reading.served:
            key = addresses.get(one.peer) or (server if is_loopback(one.peer) else ""), one.agent
            wanted = expected.get(key)
            if wanted is not None and server in wanted.servers:
                last = best.get(key)
                if last is None or (one.heard or 0.0) > (last[0].heard or 0.0):
                    best[key] = one, server
            elif ends.get(key) is False and key not in fellows:
                fellows.add(key)
            elif not ends.get(key):
                found.unmapped[server, one.agent] += 1
    return found


def scenes(
    known: Plan,
    found: Heard,
    look: Look,
    before: Mapping[Shared, Scene],
    survived: Callable[[Shared], bool],
) -> Mapping[Shared, Scene]:
    """The servers of all agents as they are now; one that is as it was stays the same object.

    `survived`: whether these servers still have sessions that they had when they were last seen.
    """
    made: dict[Shared, Scene] = {}
    for shared in known.shared:
        last = before.get(shared)
        scene = _scene(shared, known, found, look, last, survived)
        made[shared] = last if last == scene else scene
    return made


def _scene(
    shared: Shared, known: Plan, found: Heard, look: Look, last: Scene | None, survived: Callable[[Shared], bool]
) -> Scene:
    agent, servers = shared
    asked = {name: look.asked[name] for name in servers if name in look.asked}
    due = {name: look.due[name] for name in asked}
    strangers = any(found.unmapped.get((name, agent)) for name in asked)
    needed = [name for name in servers if name not in known.resting] or servers
    complete = all(name in asked for name in needed)
    listening = [moment for name, moment in asked.items() if (name, agent) in found.listening]
    since, missed, away = (last.since, last.missed, last.away) if last else (None, None, 0.0)
    if listening:
        if missed is not None and not survived(shared):
            since, away = min(listening), missed
        return Scene(asked, due, strangers, complete, True, None, since or 0.0, away)  # noqa: FBT003 (it listens)
    lost = since is not None and not any(name in look.fresh for name in servers)
    if missed is None and (asked or lost):
        missed = look.now
    return Scene(asked, due, strangers, complete, False, missed, since, away)  # noqa: FBT003 (none listens)
