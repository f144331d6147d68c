"""Rows of the APIs mean what the services mean by them, and only what is a heartbeat has an age."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.api import rows
from cs_exporter.platforms.openstack.api.asking import Listed
from tests.lab.openstack_api import captured

NOW = dt.datetime(2026, 11, 21, 5, 26, 12, tzinfo=dt.UTC).timestamp()


def listed(*given: dict[str, Any], took: float = 0.0, begun: float = NOW) -> Listed:
    """That list, begun then, and made in `took` seconds."""
    return Listed(given, begun, begun + took)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("2026-11-21T05:26:05.000000", NOW - 7),
        ("2026-11-21 05:25:42", NOW - 30),
        ("2026-11-21 05:25:42.500000", NOW - 29.5),
        ("2026-11-21T05:26:12.000000Z", NOW),
        ("2026-11-21T06:26:12+01:00", NOW),
        ("", None),
        ("soon", None),
    ],
)
def test_times_of_all_services_are_utc(shown: str, expected: float | None) -> None:
    """Whether or not they say so."""
    assert expected == rows.moment(shown)


@pytest.mark.parametrize(
    ("seconds", "took", "expected"),
    [
        (30.0, 0.0, 30.0),
        (30.0, 4.0, 30.0),
        (-90.0, 0.0, -90.0),
        (-90.0, 4.0, -86.0),
        (-3.0, 4.0, 0.0),
    ],
)
def test_an_age_is_never_made_larger_by_the_asking(seconds: float, took: float, expected: float) -> None:
    """Nobody knows when in between the answer was made; a report that came meanwhile is of no clock that is ahead."""
    when = dt.datetime.fromtimestamp(NOW - seconds, dt.UTC).replace(tzinfo=None).isoformat(" ")
    assert expected == rows.age(when, listed(took=took))


def test_nova_tells_verdicts_and_no_heartbeats() -> None:
    """What its rows call updated_at moves when an operator disables a host that is frozen."""
    captures = captured("disabled_forceddown_nova-os-services-2.69.json", "services")
    found = {(agent.binary, agent.host): agent for agent in rows.nova(listed(*captures))}
    whole = found["nova-compute", "cmp2"]
    expected = AgentState(
        Service.NOVA, "nova-compute", "cmp2", whole.key, enabled=False, forced_down=True, up=False, zone="nova"
    )
    assert expected == whole
    other = found["nova-compute", "cmp1"]
    assert (True, False, True, None, "") == (other.enabled, other.forced_down, other.up, other.age, other.beat)
    assert len({agent.key for agent in found.values()}) == len(captures) == 4


def test_rows_of_a_cell_that_is_down() -> None:
    """They have neither a state nor an id, and tell nothing but that the host exists."""
    short = {"binary": "nova-compute", "host": "cmp9", "status": "UNKNOWN"}
    (agent,) = rows.nova(listed(short))
    assert AgentState(Service.NOVA, "nova-compute", "cmp9", "nova-compute cmp9") == agent


def test_api_servers_of_nova_never_report() -> None:
    """Their rows would look dead for ever."""
    assert [] == list(rows.nova(listed({"binary": "nova-osapi_compute", "host": "ctl1"}, {"binary": "nova-metadata"})))


def test_neutron_tells_real_heartbeats() -> None:
    """And whether an agent is wanted, apart from whether it lives."""
    captures = captured("admin_down_neutron-agents.json", "agents")
    when = dt.datetime(2026, 11, 21, 6, 2, 59, tzinfo=dt.UTC).timestamp()
    found = {(agent.binary, agent.host): agent for agent in rows.neutron(listed(*captures, begun=when))}
    agent = found["neutron-l3-agent", "net1"]
    assert (21.0, "2026-11-21 06:02:38") == (agent.age, agent.beat)
    assert (False, True, "L3 agent", "l3_agent") == (agent.enabled, agent.up, agent.kind, agent.topic)
    assert 9.0 == found["neutron-linuxbridge-agent", "cmp2"].age


def test_tunnel_endpoints_come_with_neutrons_agents() -> None:
    """Where the agent makes tunnels."""
    row = {"agent_type": "Open vSwitch agent", "host": "cmp1", "configurations": {"tunneling_ip": "10.0.0.5"}}
    assert ["10.0.0.5", "", ""] == [
        agent.tunnel_address
        for agent in rows.neutron(listed(row, {**row, "configurations": {}}, {**row, "configurations": None}))
    ]


@pytest.mark.parametrize("kind", ["OVN Controller agent", "OVN Controller Gateway agent", "OVN Metadata agent"])
def test_agents_of_ovn_have_a_verdict_only(kind: str) -> None:
    """What stands where others have their heartbeat is the time of the answer: a dead one would look fresh for ever."""
    row = {
        "agent_type": kind,
        "binary": "ovn-controller",
        "host": "cmp1",
        "id": "c1",
        "alive": False,
        "admin_state_up": True,
        "topic": "n/a",
        "heartbeat_timestamp": "2026-11-21 05:26:12.123456",
    }
    (agent,) = rows.neutron(listed(row))
    assert (None, "", False, True) == (agent.age, agent.beat, agent.up, agent.is_ovn)


def test_cinder_tells_reports_of_each_backend() -> None:
    """By what it calls updated_at; rows have no id."""
    captures = captured("cinder-os-services-3.70.json", "services")
    found = {agent.host: agent for agent in rows.cinder(listed(*captures))}
    assert {"ctl1": 2.0, "ctl1@fake1": 1.0, "ctl1@badlvm": 152.0} == {name: one.age for name, one in found.items()}
    assert (True, True, False) == tuple(found[name].up for name in ("ctl1", "ctl1@fake1", "ctl1@badlvm"))
    assert ("cinder-volume ctl1@badlvm", "2026-11-21T05:23:40.000000") == (
        found["ctl1@badlvm"].key,
        found["ctl1@badlvm"].beat,
    )
