"""A cloud whose agents are looked at again and again: what the probe makes of its rows, and what the matrix says.

Without a database: the test gives the rows, or the heartbeats of a recorded timeline, as any source would tell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cs_exporter.board import Board
from cs_exporter.model import CloudKind, CloudTarget, Connection, Host, Inventory, Outcome, Schema
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.probes.openstack.openstack_agents import SPEC, OpenStackAgentsSettings
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading, compared
from cs_exporter.probes.openstack.rows import AgentRow
from cs_exporter.symptoms import holding
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.platforms.openstack.replay.timelines import Story, Who

WALL = 1_800_000_000.0
NAMES = {name: name for name in ("ctl1", "ctl2", "ctl3", "cmp1", "cmp2", "cmp3", "cmp4", "cmp5", "net1")}
CLOUD = "endpoint:os"
ENDPOINT = Host(
    CLOUD,
    "192.0.2.9",
    platform="os",
    connection=Connection.NONE,
    names=NAMES,
    cloud=CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", "nova"),)),
)
ALL = frozenset({Service.NOVA, Service.NEUTRON, Service.CINDER})
RHYTHMS = OpenStackAgentsSettings().rhythms()

NEVER = "ctl1@badlvm"
"""The backend of the recordings that never was initialised."""

Red = set[tuple[str, str, str]]
"""(symptom, host or empty for the cloud's own, agent or suspect or writer)."""


@dataclass
class Stand:
    """A cloud that is asked every `interval` seconds. `ahead`: the database's clock minus ours."""

    interval: float = 15.0
    now: float = 1000.0
    ahead: float = 0.0
    reading: OpenStackAgentsReading | None = None
    red: list[tuple[float, Red]] = field(default_factory=list)

    def ask(self, *agents: AgentState, answer: Agents | None = None) -> OpenStackAgentsReading:
        """One look, and the time until the next one."""
        said = answer or Agents(Source.DATABASE, agents, ALL, clock=(self.ahead, 0.001))
        found = compared(said, NAMES, self.reading, self.now, WALL + self.now, RHYTHMS, self.interval)
        self.reading = found
        self.red.append((self.now, red(found)))
        self.now += self.interval
        return found

    def watch(self, cloud: Fleet, seconds: float) -> OpenStackAgentsReading:
        """Looks for so long at agents that go on reporting."""
        ends = self.now + seconds
        while self.now < ends:
            found = self.ask(*cloud.at(self.now, self.ahead))
        return found

    def row(self, host: str, binary: str = "nova-compute") -> AgentRow:
        """The latest row of an agent."""
        assert self.reading is not None
        return next(row for row in self.reading.rows.values() if (row.said.host, row.agent) == (host, binary))

    def told(self) -> set[str]:
        """Symptoms that any look saw."""
        return {name for _, found in self.red for name, *_ in found}


@dataclass
class Fleet:
    """Agents that report at their own times for as long as they are let; whole seconds, as the services write them.

    `skews`: seconds that the clock is ahead which stamps an agent's reports. `silent`: since when it is.
    """

    agents: tuple[Who, ...]
    skews: dict[Who, float] = field(default_factory=dict)
    silent: dict[Who, float] = field(default_factory=dict)

    def at(self, now: float, ahead: float = 0.0) -> tuple[AgentState, ...]:
        """The rows at that moment, by a database whose clock is so much ahead."""
        return tuple(self._row(place, who, now, ahead) for place, who in enumerate(self.agents))

    def stop(self, now: float, *binaries: str, hosts: tuple[str, ...] = ()) -> None:
        """All of these agents cease to report."""
        self.silent |= {who: now for who in self.agents if who.binary in binaries and (not hosts or who.host in hosts)}

    def _row(self, place: int, who: Who, now: float, ahead: float) -> AgentState:
        service = Service(who.service)
        interval = RHYTHMS[service].interval
        count = (min(now, self.silent.get(who, now)) + place * 3.7) // interval
        stamp = float(int(count * interval - place * 3.7 + self.skews.get(who, 0.0)))
        counted = None if service is Service.NEUTRON else int(count)
        return AgentState(service, who.binary, who.host, f"{who}", now + ahead - stamp, f"{stamp}", reports=counted)


def fleet(computes: int = 3, controllers: int = 3) -> Fleet:
    """A cloud: nova-compute and a switch agent on each hypervisor, a network node, and controllers."""
    hosts = [f"cmp{number}" for number in range(1, computes + 1)]
    heads = [f"ctl{number}" for number in range(1, controllers + 1)]
    return Fleet(
        (
            *(Who(NOVA, host, "nova-compute") for host in hosts),
            *(Who(NEUTRON, host, "neutron-openvswitch-agent") for host in hosts),
            *(Who(NEUTRON, "net1", f"neutron-{name}-agent") for name in ("dhcp", "l3", "metadata")),
            *(Who(NOVA, head, f"nova-{name}") for head in heads for name in ("conductor", "scheduler")),
            *(Who(CINDER, head, "cinder-scheduler") for head in heads),
        )
    )


def verdicts(agents: Iterable[AgentState]) -> Agents:
    """What the APIs say of them: of nova whether they are up, of all others their ages as well; no counts."""
    found = tuple(
        replace(one, age=None, beat="", reports=None, up=(one.age or 0) <= 60)
        if one.service is Service.NOVA
        else replace(one, reports=None, up=(one.age or 0) <= RHYTHMS[one.service].limit)
        for one in agents
    )
    return Agents(Source.API, found, ALL)


def replay(story: Story, *, phase: float = 0.0, poll: float = 15.0, ahead: float = 0.0) -> Stand:
    """The rows of a timeline as somebody sees them who looks every `poll` seconds, at `phase` for the first time."""
    stand = Stand(poll, phase, ahead)
    while stand.now <= story.seconds:
        stand.ask(*(agent for who in story.beats for agent in _agent(story, who, stand.now, ahead)))
    return stand


def _agent(story: Story, who: Who, now: float, ahead: float) -> Iterable[AgentState]:
    """As the database would have it: whole seconds of the stamp, and a count of nova's and cinder's reports."""
    written = [beat for beat in story.beats[who] if beat.at <= now]
    if not written:
        return
    stamp = float(int(written[-1].stamp))
    service, never = Service(who.service), who.host == NEVER
    counted = None if service is Service.NEUTRON else 0 if never else len(written)
    age = now + ahead - stamp
    yield AgentState(service, who.binary, who.host, f"{who}", age, f"{stamp}", reported=not never, reports=counted)


def starts(stand: Stand, name: str, about: str) -> float | None:
    """When a symptom first held of an agent, suspect or writer."""
    return next((at for at, found in stand.red if any((one[0], one[2]) == (name, about) for one in found)), None)


def red(reading: OpenStackAgentsReading) -> Red:
    """What the matrix says at once, before any waiting."""
    board = Board(Inventory({CLOUD: ENDPOINT}))
    board.land(Outcome(SPEC.name, CLOUD, reading.wall, reading.now, 0.1, reading), 15.0)
    found = holding(board.snapshot(reading.now), (SPEC,), reading.wall)
    return {(one.symptom.name, one.host.removeprefix(CLOUD), _about(one.labels)) for one in found}


def _about(labels: Mapping[str, str]) -> str:
    backend = labels.get("backend", "")
    named = next((labels[name] for name in ("suspect", "writer", "agent", "system") if name in labels), "")
    return f"{named}@{backend}" if backend else named


def samples(reading: OpenStackAgentsReading, name: str) -> dict[tuple[str, ...], float]:
    """(host, label values) -> value, of one metric."""
    found = [sample for metric in SPEC.metrics if metric.name == name for sample in metric.read(reading)]
    return {(one.host or CLOUD, *one.labels): one.value for one in found}
