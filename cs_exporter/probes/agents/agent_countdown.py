"""The sheet of the derived probe `agent_countdown`: how long until the cloud gives a host up, as its agent is silent.

All servers' sockets and the host's own are put together here: an agent may move from one server to another, and what
either end saw goes on counting after its session, or its reading, has gone. What is believed when: evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from cs_exporter.model import Inventory
from cs_exporter.probes.agents.agent_heartbeat import NAME
from cs_exporter.probes.agents.evidence import Sight, Source
from cs_exporter.probes.agents.plan import Expected, Key, Plan, Shared, learned, moved, plan
from cs_exporter.probes.agents.rows import AgentRow, row
from cs_exporter.probes.agents.scenes import Heard, Look, Scene, heard, scenes
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading, Own
from cs_exporter.probes.agents.symptoms import COUNTDOWN_SYMPTOMS
from cs_exporter.spec import DerivedSpec, Latest, Metric, Sample, rows


@dataclass(frozen=True)
class AgentCountdownReading:
    """Every expected agent. `unmapped`: server and agent -> sessions that can be given to no host.

    What is below `now` is kept for the next derivation; `addresses`: address -> host, told by their own sessions.
    """

    rows: Mapping[Key, AgentRow] = field(default_factory=dict)
    unmapped: Mapping[Key, int] = field(default_factory=dict)
    wall: float = 0.0  # the exporter's wall clock at that moment
    now: float = 0.0  # its monotonic clock
    plan: Plan = field(default_factory=lambda: plan(Inventory()))
    addresses: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, AgentHeartbeatReading] = field(default_factory=dict)  # of current hosts
    scenes: Mapping[Shared, Scene] = field(default_factory=dict)


def derive(latest: Latest, now: float) -> AgentCountdownReading:
    """What is believed of every expected agent at `now`. Hosts that have left the inventory or moved are forgotten.

    It is asked with every landing, most of which concern one host: a row of which nothing has changed is kept.
    """
    before = latest.before if isinstance(latest.before, AgentCountdownReading) else AgentCountdownReading()
    known = before.plan
    if known.of is not latest.inventory:
        before = _without(before, moved(known.of, latest.inventory))
        known = plan(latest.inventory)
    look = _look(latest, now)
    told = learned(before.addresses, look.current, latest.inventory)
    addresses = {**told, **known.addresses}
    found = heard(look.current, known, addresses)
    seen = scenes(known, found, look, before.scenes, partial(_survived, known, found, before.rows))
    same = known is before.plan and told is before.addresses
    alike = {shared: same and scene.alike(before.scenes.get(shared)) for shared, scene in seen.items()}
    made: dict[Key, AgentRow] = {}
    for key, expected in known.expected.items():
        held, holder = found.best.get(key, (None, ""))
        reading, scene, last = look.current.get(expected.host), seen[expected.shared], before.rows.get(key)
        if last is not None and alike[expected.shared] and before.readings.get(expected.host) is reading:
            sight = last.sight
            if sight.held is held and (held is not None or sight.scene is scene):
                made[key] = last
                continue
        sight = Sight(held, holder, _own(reading, expected), look.due.get(expected.host, 0.0), scene)
        new = row(expected, sight, last, addresses, now)
        made[key] = new if last is None else _unbroken(new, last, look)
    unmapped = {key: number for key, number in before.unmapped.items() if look.lost(key[0])} | found.unmapped
    return AgentCountdownReading(made, unmapped, latest.wall, now, known, told, look.current, seen)


def _without(before: AgentCountdownReading, gone: frozenset[str]) -> AgentCountdownReading:
    rows_left = {key: one for key, one in before.rows.items() if key[0] not in gone}
    addresses = {address: host for address, host in before.addresses.items() if host not in gone}
    return replace(before, rows=rows_left, addresses=addresses)


def _unbroken(new: AgentRow, last: AgentRow, look: Look) -> AgentRow:
    """One lost poll ends no series: what can't be said just now is as it was, for as long as a reading is fresh."""
    tellers = {Source.SERVER: new.expected.servers, Source.AGENT: (new.expected.host,)}
    if new.blind:
        return last if look.lost(*(name for names in tellers.values() for name in names)) else new
    kept = {
        source: last.heard[source]
        for source, names in tellers.items()
        if source in last.heard and source not in new.heard and look.lost(*names)
    }
    return replace(new, heard={**new.heard, **kept}) if kept else new


def _look(latest: Latest, now: float) -> Look:
    silent = latest.unanswered.get(NAME, frozenset())
    made, intervals = latest.made.get(NAME, {}), latest.intervals.get(NAME, {})
    fresh = latest.of(NAME, AgentHeartbeatReading)
    current = {host: reading for host, reading in fresh.items() if host not in silent}
    asked = {host: made.get(host, now) for host in current}
    due = {host: moment + intervals.get(host, 0.0) for host, moment in asked.items()}
    return Look(current, fresh.keys(), asked, due, now)


def _survived(known: Plan, found: Heard, before: Mapping[Key, AgentRow], shared: Shared) -> bool:
    """Whether most of the agents that have a session have the same one as before: a new one may use an old port."""
    same = 0
    for key, (one, server) in found.best.items():
        last = before.get(key)
        if known.expected[key].shared == shared and last is not None and last.memory.holder:
            same += 1 if (last.memory.holder, last.memory.port) == (server, one.peer_port) else -1
    return same > 0


def _own(reading: AgentHeartbeatReading | None, expected: Expected) -> list[Own] | None:
    """The host's own sessions of that agent; None where the host can't tell."""
    if reading is None or expected.agent not in reading.uses:
        return None
    return [one for one in reading.own if one.agent == expected.agent]


def _of_agents(
    name: str, help_text: str, value: Callable[[AgentRow, float], float | None], *, counter: bool = False
) -> Metric[AgentCountdownReading]:
    """A metric with a sample per agent that has a value at the reading's moment."""

    def read(reading: AgentCountdownReading) -> Iterable[Sample]:
        values = ((key, value(one, reading.now)) for key, one in reading.rows.items())
        return [Sample(float(number), (agent,), host) for (host, agent), number in values if number is not None]

    return rows(name, help_text, ("agent",), read, kind="counter" if counter else "gauge")


def _ages(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [
        Sample(one.age(source, reading.now), (agent, source.value), host)
        for (host, agent), one in reading.rows.items()
        for source in one.heard
    ]


def _timestamps(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [
        Sample(reading.wall - (reading.now - heard), (agent, source.value), host)
        for (host, agent), one in reading.rows.items()
        for source, heard in one.heard.items()
    ]


def _servers(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [Sample(1.0, (agent, one.server), host) for (host, agent), one in reading.rows.items() if one.server]


def _hosts(reading: AgentCountdownReading) -> Iterable[Sample]:
    least: dict[str, float] = {}
    for (host, _), one in reading.rows.items():
        left = one.left(reading.now)
        if left is not None:
            least[host] = min(left, least.get(host, left))
    return [Sample(left, host=host) for host, left in least.items()]


def _unmapped(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [Sample(float(number), (agent,), server) for (server, agent), number in reading.unmapped.items()]


_THEN = (
    "As of the last poll of any agent or server; for the moment itself, while this is there, take "
    "cs_agent_last_heartbeat_timestamp_seconds and cs_agent_heartbeat_limit_seconds."
)
_BOUND = "Any traffic counts, also while only the agent's ping task is stuck: the true age may be higher."

METRICS: tuple[Metric[AgentCountdownReading], ...] = (
    rows(
        "cs_agent_info",
        "The management server that last heard the agent (by the sockets of all servers).",
        ("agent", "management_server"),
        _servers,
    ),
    _of_agents(
        "cs_agent_connected",
        "1 if a server has a session of the agent, or its host has one that no server can tell; 0 if none has (by ss). "
        "Absent while nobody can tell, no server listens for agents, or one has just come back.",
        lambda one, _: one.connected,
    ),
    _of_agents(
        "cs_agent_rtt_seconds",
        "Round trip of the agent's session, by its server's kernel, else by its host's (ss: rtt).",
        lambda one, _: one.rtt,
    ),
    _of_agents(
        "cs_agent_retransmits_total",
        "Segments of the agent's sessions sent again by either end since the exporter looks (ss: retrans).",
        lambda one, _: one.retransmits,
        counter=True,
    ),
    _of_agents(
        "cs_agent_retransmitting",
        "1 while an end of the agent's session has sent something again that is not acknowledged yet (ss: retrans).",
        lambda one, _: one.retransmitting,
    ),
    rows(
        "cs_agent_last_heartbeat_timestamp_seconds",
        "When the agent was last heard, by the exporter's clock. Source server_socket: a server received data (ss: "
        "lastrcv); agent_socket: its host sent data that was acknowledged (lastsnd); unseen: never yet. " + _BOUND,
        ("agent", "source"),
        _timestamps,
    ),
    rows(
        "cs_agent_heartbeat_age_seconds",
        "Seconds for which the agent is known to be silent; sources as in cs_agent_last_heartbeat_timestamp_seconds. "
        f"As of the last poll of any agent or server. {_BOUND}",
        ("agent", "source"),
        _ages,
    ),
    _of_agents(
        "cs_agent_heartbeat_limit_seconds",
        "Age at which the cloud can give the host up at the earliest (limit in the settings, or from ping_interval and "
        "ping_timeout).",
        lambda one, _: one.expected.limit,
    ),
    _of_agents(
        "cs_agent_seconds_to_alert",
        "The limit minus the age of the best source, or the time since a server runs again: an upper bound on the time "
        "left, negative when overdue. Absent while nobody who could know can be asked, or no server runs. "
        f"{_THEN} {_BOUND}",
        AgentRow.left,
    ),
    rows(
        "cs_host_seconds_to_alert",
        "The least of the cs_agent_seconds_to_alert of the host's agents: an upper bound on the time left. " + _THEN,
        (),
        _hosts,
    ),
    rows(
        "cs_management_agent_unmapped_connections",
        "Sessions of agents at this server that can be given to no host: their peer's address is that of none in the "
        "inventory which has such an agent (from ss).",
        ("agent",),
        _unmapped,
    ),
)

SPEC: DerivedSpec[AgentCountdownReading] = DerivedSpec(
    name="agent_countdown",
    question="How long until the cloud gives a host up because its agent is silent?",
    inputs=(NAME,),
    reading=AgentCountdownReading,
    derive=derive,
    metrics=METRICS,
    symptoms=COUNTDOWN_SYMPTOMS,
)
