"""The sheet of the probe `agent_heartbeat`: when the sockets of agents' sessions last moved, at both their ends.

What it says of one host is half the truth: agent_countdown puts the readings of all servers and hosts together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Self

from pydantic import Field, model_validator

from cs_exporter.model import Host, Role
from cs_exporter.parsers import ss
from cs_exporter.ports import Io
from cs_exporter.probes.agents import sessions as agent_sessions
from cs_exporter.probes.agents.sessions import CLOUDSTACK_AGENT, SECTION, AgentDeclaration, AgentHeartbeatReading
from cs_exporter.probes.agents.symptoms import SERVER_SYMPTOMS
from cs_exporter.spec import Metric, Need, ProbeSettings, ProbeSpec, Sample, Seconds, rows

NAME = "agent_heartbeat"
TICK = 10
"""Seconds. CloudStack stamps pings, and looks at their age, by a clock that stands still for so long."""

SERVER_INTERVAL = 15.0
"""Seconds. One question to a server tells of all agents, so it can be asked often."""


class AgentHeartbeatSettings(ProbeSettings):
    """Settings of the probe agent_heartbeat. A host's own are those of its agents; ports are those of both ends."""

    interval: Seconds = Field(
        default=30.0,
        gt=0,
        description="rounded up to a multiple of global.interval; default on management servers: 15 s",
    )
    agents: tuple[AgentDeclaration, ...] = (CLOUDSTACK_AGENT,)
    ping_interval: Seconds = Field(default=60.0, gt=0, description="the cloud's ping.interval")
    ping_timeout: float = Field(default=2.5, gt=0, description="the cloud's ping.timeout, in ping intervals")
    limit: Seconds | None = Field(
        default=None, gt=0, description="age at which the cloud can give the host up; default: by the two above"
    )

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names, ports = [one.name for one in self.agents], [one.port for one in self.agents]
        for what, given in (("name", names), ("port", ports)):
            if len(set(given)) < len(given):
                raise ValueError(f"two agents have the same {what}; their sessions could not be told apart")
        return self

    def for_roles(self, roles: frozenset[Role]) -> Self:
        """A management server is asked more often, unless an interval was given."""
        if Role.MANAGEMENT in roles and "interval" not in self.model_fields_set:
            return self.model_copy(update={"interval": SERVER_INTERVAL})
        return self

    def limit_of(self, agent: AgentDeclaration) -> float:
        """Seconds of silence after which the cloud can give a host up, at the earliest.

        CloudStack looks for pings older than the whole part of ping.timeout x ping.interval, and both the ping's stamp
        and its own time may lag by almost a tick. A host that sends pings is never given up between two of them.
        """
        given = agent.limit or self.limit
        if given is not None:
            return given
        timeout = int(self.ping_timeout * self.ping_interval)
        return max(float(timeout // TICK * TICK - TICK), self.ping_interval)


def settings_of(host: Host) -> AgentHeartbeatSettings:
    """The probe's settings for that host."""
    found = host.settings.get(NAME)
    return found if isinstance(found, AgentHeartbeatSettings) else AgentHeartbeatSettings().for_roles(host.roles)


def applies(host: Host) -> bool:
    """Whether the host has one of the two ends of an agent's sessions."""
    return any(agent_sessions.ends(settings_of(host).agents, host))


async def probe(host: Host, io: Io, settings: AgentHeartbeatSettings) -> AgentHeartbeatReading:
    """Read the sockets of both ends that the host has, in one question. No session at all is a reading."""
    serves, runs = agent_sessions.ends(settings.agents, host)
    call = agent_sessions.call(serves, runs)
    answers = await io.shell.ask(call)
    arrived = io.clock.monotonic()

    def before() -> AgentHeartbeatReading | None:
        last = io.previous(AgentHeartbeatReading)
        return last.reading if last else None

    return agent_sessions.read(ss.sockets(answers[call].text()), serves, runs, arrived, before)


def _of_ports(
    name: str, help_text: str, value: Callable[[AgentHeartbeatReading, agent_sessions.Listening], float]
) -> Metric[AgentHeartbeatReading]:
    def read(reading: AgentHeartbeatReading) -> Iterable[Sample]:
        return [Sample(float(value(reading, port)), (port.agent,)) for port in reading.ports]

    return rows(name, help_text, ("agent",), read)


METRICS = (
    _of_ports(
        "cs_management_agent_port_listening",
        "1 if a process listens for agents on this server (by ss: state LISTEN), else 0.",
        lambda _, port: port.listening,
    ),
    _of_ports(
        "cs_management_agent_queued_connections",
        "Connections of agents that the server has not accepted yet (ss: Recv-Q of the listening socket).",
        lambda _, port: port.queued,
    ),
    _of_ports(
        "cs_management_agent_connections",
        "Established sessions to the agents' port of this server, other servers' included (from ss).",
        lambda reading, port: sum(1 for one in reading.served if one.agent == port.agent),
    ),
    _of_ports(
        "cs_management_agent_unread_connections",
        "Sessions of agents with data that the server had not read at two looks in a row (ss: Recv-Q above 0).",
        lambda reading, port: sum(1 for one in reading.served if one.agent == port.agent and one.left_unread),
    ),
)

NEEDS = (
    Need(
        key="ss",
        lost="agents' sessions: how long ago the management servers heard each host",
        mend="apt-get install iproute2 (or dnf install iproute)",
        check="command -v ss",
        applies=applies,
    ),
)

SPEC: ProbeSpec[AgentHeartbeatSettings, AgentHeartbeatReading] = ProbeSpec(
    name=NAME,
    question="When did agents and servers last hear each other, by the sockets of their sessions?",
    settings=AgentHeartbeatSettings,
    reading=AgentHeartbeatReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SERVER_SYMPTOMS,
    sections=(SECTION,),
    needs=NEEDS,
    applies=applies,
)
