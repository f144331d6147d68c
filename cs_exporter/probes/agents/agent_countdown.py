"""The sheet of the derived probe `agent_countdown`: how long until the cloud gives a host up, as its agent is silent.

All servers' logs and sockets, the host's own and the cloud's word are put together here: an agent may move from one
server to another, and what was seen goes on counting after its session, or its reading, has gone. What is believed
when: evidence (by sockets), logged (by logs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from cs_exporter.probes.agents.agent_heartbeat import NAME
from cs_exporter.probes.agents.clouds import Clouds, Word, clouds
from cs_exporter.probes.agents.countdown_metrics import METRICS, AgentCountdownReading
from cs_exporter.probes.agents.ears import Ears, Line, listen
from cs_exporter.probes.agents.evidence import Sight, Source
from cs_exporter.probes.agents.plan import Expected, Key, Plan, Shared, learned, moved, plan, told_alike
from cs_exporter.probes.agents.reported import Reports, reports
from cs_exporter.probes.agents.rows import AgentRow, row
from cs_exporter.probes.agents.scenes import Heard, Look, heard, scenes
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading, Own
from cs_exporter.probes.agents.symptoms import COUNTDOWN_SYMPTOMS
from cs_exporter.probes.cloudstack import cloudstack_states
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.logs import management_log
from cs_exporter.probes.logs.reading import ManagementLogReading
from cs_exporter.probes.openstack import openstack_agents
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.spec import DerivedSpec, Latest

LOG, STATES, REPORTS = management_log.NAME, cloudstack_states.SPEC.name, openstack_agents.SPEC.name


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
    learnt = before.addresses
    if known is not before.plan or not told_alike(look.current, before.readings):
        learnt = learned(learnt, look.current, latest.inventory)
    addresses = {**learnt, **known.addresses}
    found = heard(look.current, known, addresses)
    seen = scenes(known, found, look, before.scenes, partial(_survived, known, found, before.rows))
    told, ears = _others(latest, known, before)
    same = known is before.plan and learnt is before.addresses and ears.alike
    alike = {shared: same and scene.alike(before.scenes.get(shared)) for shared, scene in seen.items()}
    unmapped = {key: number for key, number in before.unmapped.items() if look.lost(key[0])} | found.unmapped
    now_known = AgentCountdownReading({}, unmapped, latest.wall, now, known, learnt, look.current, seen, told, ears)
    reported = _reported(latest, before.reports)
    return replace(now_known, rows=_rows(now_known, before, found, look, addresses, alike), reports=reported)


def _reported(latest: Latest, before: Reports) -> Reports:
    """Agents that report into their cloud's tables, which nobody's sockets and logs have to be asked about."""
    intervals = latest.intervals.get(REPORTS, {})
    return reports(latest.of(REPORTS, OpenStackAgentsReading), intervals, before)


def _rows(
    this: AgentCountdownReading,
    before: AgentCountdownReading,
    found: Heard,
    look: Look,
    addresses: Mapping[str, str],
    alike: Mapping[Shared, bool],
) -> Mapping[Key, AgentRow]:
    made: dict[Key, AgentRow] = {}
    lines, words, read = this.ears.lines, this.clouds.words, this.ears.read
    calm = not read and this.clouds is before.clouds  # neither a log nor a cloud has been asked since
    for key, expected in this.plan.expected.items():
        host = expected.host
        held, holder = found.best.get(key, (None, ""))
        reading, scene, last = look.current.get(host), this.scenes[expected.shared], before.rows.get(key)
        if last is not None and alike[expected.shared] and before.readings.get(host) is reading:
            sight = last.sight
            seen = sight.held is held and (held is not None or sight.scene is scene)
            if seen and (calm or _unheard(last, lines.get(host), words.get(host), read)):
                made[key] = last
                continue
        due, asked = look.due.get(host, 0.0), look.asked.get(host, 0.0)
        sight = Sight(held, holder, _own(reading, expected), due, scene, asked, lines.get(host), words.get(host))
        new = row(expected, sight, last, addresses, this.ears, this.now)
        made[key] = new if last is None else _unbroken(new, last, look)
    return made


def _unheard(last: AgentRow, line: Line | None, word: Word | None, read: frozenset[str]) -> bool:
    """Whether neither a log nor the cloud says anything new of the agent."""
    return last.sight.line is line and last.sight.word is word and read.isdisjoint(last.judges)


def _others(latest: Latest, known: Plan, before: AgentCountdownReading) -> tuple[Clouds, Ears]:
    """What the clouds and the servers' logs say: a lost poll takes neither away, for as long as a reading is fresh."""
    words = latest.of(STATES, CloudStackStatesReading)
    told = clouds(known.of, words, latest.made.get(STATES, {}), before.clouds)
    logs = latest.of(LOG, ManagementLogReading)
    made, intervals = latest.made.get(LOG, {}), latest.intervals.get(LOG, {})
    due = {server: made.get(server, 0.0) + intervals.get(server, 0.0) for server in logs}
    return told, listen(known, told, logs, due, before.ears)


def _without(before: AgentCountdownReading, gone: frozenset[str]) -> AgentCountdownReading:
    rows_left = {key: one for key, one in before.rows.items() if key[0] not in gone}
    addresses = {address: host for address, host in before.addresses.items() if host not in gone}
    return replace(before, rows=rows_left, addresses=addresses)


def _unbroken(new: AgentRow, last: AgentRow, look: Look) -> AgentRow:
    """One lost poll ends no series: what can't be said just now is as it was, for as long as a reading is fresh."""
    tellers = {Source.SERVER: new.expected.servers, Source.AGENT: (new.expected.host,)}
    lost = look.lost(*(name for names in tellers.values() for name in names))
    if new.blind:
        return last if lost else new
    if lost and new.sight.held is None and new.sight.own is None:  # a log alone tells of it
        connected = last.connected if new.connected is None else new.connected
        new = replace(new, connected=connected, rtt=last.rtt, retransmitting=last.retransmitting)
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


SPEC: DerivedSpec[AgentCountdownReading] = DerivedSpec(
    name="agent_countdown",
    question="How long until the cloud gives a host up because its agent is silent?",
    inputs=(NAME, LOG, STATES, REPORTS),
    reading=AgentCountdownReading,
    derive=derive,
    metrics=METRICS,
    symptoms=COUNTDOWN_SYMPTOMS,
)
