"""A stand for tests of agents: two management servers and some hypervisors, what their sockets say, and the time.

Fakes of our own ports only; the real section and real sessions are in test_agent_sessions.py and tests/live.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cs_exporter.model import Connection, Host, Inventory, Role
from cs_exporter.model.cloud import CloudKind, CloudTarget
from cs_exporter.parsers.management_log import Cursor
from cs_exporter.platforms.cloudstack import states as cloud_states
from cs_exporter.platforms.cloudstack.states import HostState, ServerState, States
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Last, R, SectionCall
from cs_exporter.probes.agents import agent_countdown, agent_heartbeat
from cs_exporter.probes.agents.agent_countdown import LOG, REPORTS, STATES
from cs_exporter.probes.agents.agent_heartbeat import NAME, AgentHeartbeatSettings
from cs_exporter.probes.agents.countdown_metrics import AgentCountdownReading
from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.rows import AgentRow
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading, Listening, Own, Served
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.logs.reading import Heard, ManagementLogReading
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.spec import Latest
from tests import world

CAPTURES = Path(__file__).parents[2] / "captures" / "agent"
AGENT = "cloudstack-agent"
WALL = 1_795_250_000.0
LOG_INTERVAL = 15.0


def capture(name: str) -> str:
    """A captured file."""
    return (CAPTURES / f"{name}.txt").read_text(encoding="utf-8")


def host(name: str, address: str, *roles: Role, platform: str = "static", **settings: Any) -> Host:  # noqa: ANN401 (any setting)
    """A host with these roles and settings of the probe."""
    found = AgentHeartbeatSettings.model_validate(settings).for_roles(frozenset(roles))
    return Host(name, address, platform, frozenset(roles), settings={NAME: found})


MS1 = host("ms1", "192.0.2.1", Role.MANAGEMENT)
MS2 = host("ms2", "192.0.2.2", Role.MANAGEMENT)
KVM1 = host("kvm1", "192.0.2.11", Role.HYPERVISOR)
KVM2 = host("kvm2", "192.0.2.12", Role.HYPERVISOR)


def inventory(*hosts: Host) -> Inventory:
    """These hosts."""
    return Inventory({one.name: one for one in hosts})


@dataclass
class FakeShell:
    """ports.Shell: one answer to the section."""

    text: str
    asked: list[SectionCall] = field(default_factory=list)

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        self.asked += calls
        answers = {call: Answer(call, AnswerState.DONE, 0, self.text.encode()) for call in calls}
        return Answers(await self.clock(), answers)

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return ClockSample(WALL, 1e-9, WALL, 0.001)


class Clock:
    """ports.Clock at a given monotonic time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        """See ports.Clock."""
        return WALL + self.now

    def monotonic(self) -> float:
        """See ports.Clock."""
        return self.now


async def poll(
    text: str, asked: Host = MS1, now: float = 1000.0, before: AgentHeartbeatReading | None = None
) -> AgentHeartbeatReading:
    """One run on a host that answers so; `before` is its last reading, 15 s ago."""

    def previous(kind: type[R], /) -> Last[R] | None:
        return Last(before, now - 15) if isinstance(before, kind) else None

    io = world.io(shell=FakeShell(text), clock=Clock(now), previous=previous)
    return await agent_heartbeat.probe(asked, io, agent_heartbeat.settings_of(asked))


def served(
    peer: Host | str, heard: float | None, *, unread: int = 0, port: int = 40000, retransmits: int = 0
) -> Served:
    """A session at its server's end."""
    address = peer if isinstance(peer, str) else peer.address
    return Served(AGENT, address, port, heard, unread, 0.001, retransmits, bool(retransmits))


def own(at: Host | str, server: Host | str, heard: float | None, *, port: int = 40000, retransmits: int = 0) -> Own:
    """A session at its agent's end."""
    local, peer = (one if isinstance(one, str) else one.address for one in (at, server))
    return Own(AGENT, local, port, peer, heard, 1000, 0.002, retransmits, bool(retransmits))


def at_server(*sessions: Served, at: str = "") -> AgentHeartbeatReading:
    """The reading of a server that has these sessions, at an address that the inventory need not know."""
    addresses = frozenset({at} if at else ())
    return AgentHeartbeatReading((Listening(AGENT, True),), sessions, addresses=addresses)  # noqa: FBT003 (it listens)


def closed() -> AgentHeartbeatReading:
    """The reading of a server where nobody listens for agents."""
    return AgentHeartbeatReading((Listening(AGENT, False),))  # noqa: FBT003 (nobody listens)


def at_host(*sessions: Own) -> AgentHeartbeatReading:
    """The reading of a hypervisor that has these sessions."""
    return AgentHeartbeatReading((), (), sessions, frozenset({AGENT}), frozenset(one.local for one in sessions))


def log(
    at: float, heard: Mapping[str, float], *, since: float = 0.0, last: float | None = None
) -> ManagementLogReading:
    """A server's log, read at `at`: agent, by its name in the cloud -> when its newest ping was seen."""
    agents = {number: Heard(number, when, name=name) for number, (name, when) in enumerate(heard.items(), 1)}
    newest = max(heard.values(), default=None) if last is None else last
    return ManagementLogReading(
        path="/var/log/cloudstack/management/management-server.log",
        at=at,
        epoch=WALL,
        cursor=Cursor(1, 0, 0),
        gap_until=since,
        heard=agents,
        last_ping_line=newest,
    )


def endpoint(*hosts: Host) -> Host:
    """The pseudo-host of a cloud that has these hosts; its uuids are their names with a prefix."""
    names = {f"uuid-{one.name}": one.name for one in hosts}
    cloud = CloudTarget(CloudKind.CLOUDSTACK, "cloud")
    return Host("endpoint:static", "192.0.2.250", connection=Connection.NONE, cloud=cloud, names=names)


def states(at: Host, *said: HostState) -> CloudStackStatesReading:
    """A cloud's answer; all management servers that it can name are there, called as in the inventory with a prefix."""
    servers = [ServerState(uuid, f"cloud-{name}", "Up") for uuid, name in at.names.items() if name.startswith("ms")]
    return CloudStackStatesReading(States(cloud_states.Source.DATABASE, said, tuple(servers)), at.names)


def state(
    name: str, word: str = "Up", server: str = "", number: int | None = None, transitions: int | None = None
) -> HostState:
    """A host as the cloud has it; `server` by its name in the inventory."""
    having = f"cloud-{server}" if server else ""
    return HostState(f"uuid-{name}", name, "Routing", word, "Enabled", "KVM", having, number, None, transitions)


@dataclass(frozen=True)
class Seen:
    """A row at its moment: `row` as it is, and what depends on the time."""

    row: AgentRow
    now: float

    @property
    def ages(self) -> dict[Source, float]:
        """By source."""
        return {source: self.row.age(source, self.now) for source in self.row.heard}

    @property
    def left(self) -> float | None:
        """Seconds until the cloud can give it up."""
        return self.row.left(self.now)


def said(found: Seen) -> tuple[bool | None, Source | None, dict[Source, float]]:
    """What the truth table has of a row."""
    return found.row.connected, found.row.evidence, {source: round(age, 6) for source, age in found.ages.items()}


@dataclass
class Fleet:
    """A derived probe through time: each call of `derive` is the next moment."""

    hosts: Sequence[Host]
    before: AgentCountdownReading | None = None
    logs: Mapping[str, ManagementLogReading] = field(default_factory=dict)
    states: Mapping[str, CloudStackStatesReading] = field(default_factory=dict)
    reports: Mapping[str, OpenStackAgentsReading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inventory = inventory(*self.hosts)

    def derive(
        self,
        now: float,
        readings: Mapping[str, AgentHeartbeatReading | None],
        made: Mapping[str, float] | None = None,
        failing: Collection[str] = (),
    ) -> AgentCountdownReading:
        """What is believed at `now` of these readings, made just then unless told; None: that host can't be asked.

        `failing`: hosts whose reading is from before, because their latest run failed. Logs were read when they say.
        """
        there = {name: one for name, one in readings.items() if one is not None}
        read = {name: one.at for name, one in self.logs.items()}
        latest = Latest(
            self.inventory,
            {NAME: there, LOG: self.logs, STATES: self.states, REPORTS: self.reports},
            {NAME: {**dict.fromkeys(there, now), **(made or {})}, LOG: read, STATES: dict.fromkeys(self.states, now)},
            WALL + now,
            self.before,
            unanswered={NAME: frozenset({*(readings.keys() - there.keys()), *failing})},
            intervals={
                NAME: {one.name: agent_heartbeat.settings_of(one).interval for one in self.inventory},
                LOG: dict.fromkeys(self.logs, LOG_INTERVAL),
                REPORTS: dict.fromkeys(self.reports, LOG_INTERVAL),
            },
        )
        self.before = agent_countdown.derive(latest, now)
        return self.before

    def row(
        self, now: float, made: Mapping[str, float] | None = None, /, **readings: AgentHeartbeatReading | None
    ) -> Seen:
        """What is believed of kvm1's agent."""
        return Seen(self.derive(now, readings, made).rows["kvm1", AGENT], now)
