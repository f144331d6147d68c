"""The sheet agent_heartbeat: settings and their limits, who is asked what, and the metrics of a server's port."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cs_exporter.model import Host, Role, UnparsableError
from cs_exporter.ports import SectionCall
from cs_exporter.probes.agents import agent_heartbeat
from cs_exporter.probes.agents.agent_heartbeat import METRICS, NEEDS, SPEC, AgentHeartbeatSettings
from cs_exporter.probes.agents.sessions import CLOUDSTACK_AGENT
from tests import world
from tests.probes.agents.agent_stand import AGENT, KVM1, MS1, FakeShell, capture, host, poll

NOVA = {"name": "nova-compute", "port": 5672, "runs_on": ["hypervisor"], "served_by": ["message_bus"], "limit": 60}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 140.0),
        ({"ping_interval": "30s"}, 60.0),
        ({"ping_timeout": 3.9, "ping_interval": 61}, 220.0),
        ({"ping_interval": 10, "ping_timeout": 2.0}, 10.0),  # the cloud's developers' own setting
        ({"ping_interval": 4}, 4.0),
        ({"limit": "45s"}, 45.0),
    ],
)
def test_the_limit(given: dict[str, object], expected: float) -> None:
    """The earliest age at which CloudStack can find a ping late, by clocks that tick every 10 s; or what is given."""
    assert expected == AgentHeartbeatSettings.model_validate(given).limit_of(CLOUDSTACK_AGENT)


def test_an_agents_own_limit() -> None:
    """Other agents' clouds have other rules."""
    settings = AgentHeartbeatSettings.model_validate({"agents": [NOVA], "limit": 100})
    assert 60.0 == settings.limit_of(settings.agents[0])


def test_management_servers_are_asked_more_often() -> None:
    """Where no interval was given: one question to them tells of all agents."""
    management, hypervisor = frozenset({Role.MANAGEMENT}), frozenset({Role.HYPERVISOR})
    assert 15.0 == AgentHeartbeatSettings().for_roles(management).interval
    assert 30.0 == AgentHeartbeatSettings().for_roles(hypervisor).interval
    assert 20.0 == AgentHeartbeatSettings(interval=20).for_roles(management).interval
    given = AgentHeartbeatSettings(limit=77.0).for_roles(management)
    assert (15.0, 77.0) == (given.interval, given.limit)


@pytest.mark.parametrize(
    "agents",
    [
        [NOVA, {**NOVA, "port": 1}],
        [NOVA, {**NOVA, "name": "other"}],
        [{**NOVA, "port": 0}],
        [{**NOVA, "port": 65536}],
        [{**NOVA, "name": "a b"}],
        [{**NOVA, "runs_on": []}],
        [{**NOVA, "served_by": ["nobody"]}],
        [{**NOVA, "ports": 1}],
    ],
)
def test_agents_that_make_no_sense(agents: list[dict[str, object]]) -> None:
    """Two of a name or a port could not be told apart; the rest is misspelt."""
    with pytest.raises(ValidationError):
        AgentHeartbeatSettings.model_validate({"agents": agents})


def test_who_is_asked() -> None:
    """Hosts with either end of an agent's sessions, by the host's own settings."""
    assert agent_heartbeat.applies(MS1)
    assert agent_heartbeat.applies(KVM1)
    assert agent_heartbeat.applies(Host("v-2-VM", "192.0.2.3", roles=frozenset({Role.CONSOLE_PROXY})))
    assert not agent_heartbeat.applies(host("nfs1", "192.0.2.4", Role.STORAGE))
    bus = host("bus1", "192.0.2.5", Role.MESSAGE_BUS, agents=[NOVA])
    assert agent_heartbeat.applies(bus)
    assert not agent_heartbeat.applies(host("ms3", "192.0.2.6", Role.MANAGEMENT, agents=[NOVA]))
    assert ["command -v ss"] == [need.check for need in NEEDS if need.applies(bus)]


async def test_one_question_for_both_ends() -> None:
    """A host with both roles is asked once."""
    shell = FakeShell(capture("v6-scope"))
    both = host("all1", "192.0.2.7", Role.MANAGEMENT, Role.HYPERVISOR)
    io = world.io(shell=shell)
    reading = await SPEC.probe(both, io, agent_heartbeat.settings_of(both))
    assert [SectionCall("agent_sessions", ("s8250", "u8250"))] == shell.asked
    assert (3, 3) == (len(reading.served), len(reading.own))


async def test_metrics_of_a_server() -> None:
    """By agent: whether anybody listens, who waits, sessions, and those with something unread, look after look."""
    first = await poll(capture("server-frozen"))
    [unread] = [metric for metric in METRICS if metric.name == "cs_management_agent_unread_connections"]
    assert [0.0] == [one.value for one in unread.read(first)]
    reading = await poll(capture("server-frozen"), before=first)
    found = {metric.name: [(one.labels, one.value) for one in metric.read(reading)] for metric in METRICS}
    assert {
        "cs_management_agent_port_listening": [((AGENT,), 1.0)],
        "cs_management_agent_queued_connections": [((AGENT,), 0.0)],
        "cs_management_agent_connections": [((AGENT,), 2.0)],
        "cs_management_agent_unread_connections": [((AGENT,), 1.0)],
    } == found
    assert [] == [one for metric in METRICS for one in metric.read(await poll(capture("agent"), KVM1))]


async def test_no_session_is_a_reading_and_nonsense_is_not() -> None:
    """Nobody listening and nobody connected is the answer; an error of ss is none."""
    assert ((), ()) == ((reading := await poll("", MS1)).served, reading.own)
    with pytest.raises(UnparsableError):
        await poll("RTNETLINK answers: Invalid argument\n", MS1)
