"""The metrics of agent_countdown: under whose name each number stands, and which of them there are."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.model import Role
from cs_exporter.probes.agents import agent_countdown
from cs_exporter.probes.agents.agent_countdown import REPORTS
from cs_exporter.probes.agents.agent_heartbeat import NAME
from cs_exporter.probes.agents.countdown_metrics import METRICS, AgentCountdownReading
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading, Listening
from cs_exporter.spec import Latest
from tests.probes.agents import reported_stand
from tests.probes.agents.agent_stand import (
    AGENT,
    KVM1,
    KVM2,
    MS1,
    WALL,
    Fleet,
    at_host,
    at_server,
    endpoint,
    host,
    log,
    own,
    served,
    state,
    states,
)
from tests.probes.agents.reported_stand import AT, POLL, Cloud, neutron, nova

NOW = 1000.0
NOVA = {"name": "nova-compute", "port": 5672, "runs_on": ["hypervisor"], "served_by": ["message_bus"], "limit": 60}
Values = dict[tuple[str, str | None, tuple[str, ...]], float]


def values(reading: AgentCountdownReading, *names: str) -> Values:
    """(metric, host, labels) -> value; of these metrics only, if any are named."""
    return {
        (metric.name, sample.host, sample.labels): sample.value
        for metric in METRICS
        for sample in metric.read(reading)
        if not names or metric.name in names
    }


def test_every_metric_of_an_agent() -> None:
    """All under the agent's host, whoever told of it; what no host can be given stands under its server."""
    readings = {
        "ms1": at_server(served(KVM1, NOW - 10), served("192.0.2.99", NOW)),
        "kvm1": at_host(own(KVM1, MS1, NOW - 11)),
    }
    found = values(Fleet((KVM1, MS1)).derive(NOW, readings))
    assert {
        ("cs_agent_info", "kvm1", (AGENT, "ms1")): 1.0,
        ("cs_agent_connected", "kvm1", (AGENT,)): 1.0,
        ("cs_agent_rtt_seconds", "kvm1", (AGENT,)): 0.001,
        ("cs_agent_retransmits_total", "kvm1", (AGENT,)): 0.0,
        ("cs_agent_retransmitting", "kvm1", (AGENT,)): 0.0,
        ("cs_agent_last_heartbeat_timestamp_seconds", "kvm1", (AGENT, "server_socket")): WALL + NOW - 10,
        ("cs_agent_last_heartbeat_timestamp_seconds", "kvm1", (AGENT, "agent_socket")): WALL + NOW - 11,
        ("cs_agent_heartbeat_age_seconds", "kvm1", (AGENT, "server_socket")): 10.0,
        ("cs_agent_heartbeat_age_seconds", "kvm1", (AGENT, "agent_socket")): 11.0,
        ("cs_agent_heartbeat_limit_seconds", "kvm1", (AGENT,)): 140.0,
        ("cs_agent_late_seconds_to_alert", "kvm1", (AGENT,)): 50.0,
        ("cs_agent_very_late_seconds_to_alert", "kvm1", (AGENT,)): 35.0,
        ("cs_agent_seconds_to_alert", "kvm1", (AGENT,)): 130.0,
        ("cs_host_seconds_to_alert", "kvm1", ()): 130.0,
        ("cs_management_agent_unmapped_connections", "ms1", (AGENT,)): 1.0,
    } == found


def test_the_host_counts_by_its_worst_agent() -> None:
    """Two clouds' agents on one host, each with its own servers and limit."""
    kvm = host(
        "kvm1", "192.0.2.11", Role.HYPERVISOR, agents=[NOVA, *host("x", "", Role.HYPERVISOR).settings[NAME].agents]
    )
    bus = host("bus1", "192.0.2.5", Role.MESSAGE_BUS, agents=[NOVA])
    nova = replace(served(kvm, NOW - 20), agent="nova-compute")
    at_bus = AgentHeartbeatReading((Listening("nova-compute", True),), (nova,))  # noqa: FBT003 (it listens)
    readings = {"ms1": at_server(served(kvm, NOW - 10)), "bus1": at_bus, "kvm1": None}
    found = values(
        Fleet((kvm, bus, MS1)).derive(NOW, readings), "cs_agent_seconds_to_alert", "cs_host_seconds_to_alert"
    )
    assert [40.0, 40.0, 130.0] == sorted(found.values())


def test_what_a_log_adds() -> None:
    """A source of its own, whether pings have stopped, and agents whose name is nobody's, under their server."""
    fleet = Fleet((KVM1, KVM2, MS1))
    for now in (NOW - 90, NOW - 40, NOW):
        fleet.logs = {"ms1": log(now, {"kvm1": NOW - 90, "kvm2": now, "stranger": now})}
        reading = fleet.derive(now, {"ms1": at_server(served(KVM1, now - 10)), "kvm1": None, "kvm2": None})
    names = ("cs_agent_last_heartbeat_timestamp_seconds", "cs_agent_heartbeat_age_seconds", "cs_agent_pings_stopped")
    found = {key: value for key, value in values(reading, *names).items() if key[1] == "kvm1"}
    assert {
        (names[0], "kvm1", (AGENT, "log")): WALL + NOW - 90,
        (names[0], "kvm1", (AGENT, "server_socket")): WALL + NOW - 10,
        (names[1], "kvm1", (AGENT, "log")): 90.0,
        (names[1], "kvm1", (AGENT, "server_socket")): 10.0,
        (names[2], "kvm1", (AGENT,)): 1.0,
    } == found
    unmapped = "cs_management_log_unmapped_agents"
    assert {(unmapped, "ms1", ()): 1.0} == values(reading, unmapped)


def test_after_the_clouds_verdict() -> None:
    """No time is left to be told, whichever source told of silence before; what was heard is there."""
    at = endpoint(KVM1, MS1)
    fleet = Fleet((KVM1, MS1, at))
    readings = {"ms1": at_server(served(KVM1, NOW - 100)), "kvm1": None}
    told = ("cs_agent_seconds_to_alert", "cs_host_seconds_to_alert")
    assert 2 == len(values(fleet.derive(NOW, readings), *told))
    fleet.states = {at.name: states(at, state("kvm1", "Alert"))}
    after = fleet.derive(NOW + 1, readings)
    assert {} == values(after, *told)
    assert 1 == len(values(after, "cs_agent_heartbeat_age_seconds"))


def reported(now: float, before: AgentCountdownReading | None, cloud: Cloud) -> AgentCountdownReading:
    """What is known at `now` of an OpenStack cloud's agents, by its latest answer."""
    assert cloud.reading is not None
    made, every = {REPORTS: {AT: cloud.reading.now}}, {REPORTS: {AT: POLL}}
    readings = {REPORTS: {AT: cloud.reading}}
    latest = Latest(reported_stand.INVENTORY, readings, made, reported_stand.WALL + now, before, intervals=every)
    return agent_countdown.derive(latest, now)


def test_agents_that_report() -> None:
    """OpenStack's: no server heard them, and no session is theirs; five series each, and the host's own."""
    cloud = Cloud()
    cloud.says(NOW, nova("cmp1", 4), neutron("cmp1", 29))
    compute, dhcp, host = ("nova-compute",), ("neutron-dhcp-agent",), "compute-1"
    wall = reported_stand.WALL + NOW
    assert {
        ("cs_agent_last_heartbeat_timestamp_seconds", host, (*compute, "database")): wall - 4,
        ("cs_agent_last_heartbeat_timestamp_seconds", host, (*dhcp, "database")): wall - 29,
        ("cs_agent_heartbeat_age_seconds", host, (*compute, "database")): 14.0,
        ("cs_agent_heartbeat_age_seconds", host, (*dhcp, "database")): 39.0,
        ("cs_agent_heartbeat_limit_seconds", host, compute): 60.0,
        ("cs_agent_heartbeat_limit_seconds", host, dhcp): 75.0,
        ("cs_agent_seconds_to_alert", host, compute): 46.0,
        ("cs_agent_seconds_to_alert", host, dhcp): 36.0,
        ("cs_agent_late_seconds_to_alert", host, compute): 34.0,
        ("cs_agent_late_seconds_to_alert", host, dhcp): 29.0,
        ("cs_agent_very_late_seconds_to_alert", host, compute): 30.0,
        ("cs_agent_very_late_seconds_to_alert", host, dhcp): 25.0,
        ("cs_host_seconds_to_alert", host, ()): 36.0,
    } == values(reported(NOW + 10, None, cloud))


def test_a_host_that_is_down_has_no_time_left() -> None:
    """Its other agents have, each for itself; an agent of the network is down for itself alone."""
    cloud = Cloud()
    cloud.says(NOW, nova("cmp1", 900), neutron("cmp1", 29), nova("net1", 4), neutron("net1", 900))
    told = ("cs_agent_seconds_to_alert", "cs_host_seconds_to_alert")
    assert {
        (told[0], "compute-1", ("neutron-dhcp-agent",)): 46.0,
        (told[0], "network-1", ("nova-compute",)): 56.0,
        (told[1], "network-1", ()): 56.0,
    } == values(reported(NOW, None, cloud), *told)


def test_a_host_that_is_down_by_a_bare_verdict_has_no_time_left() -> None:
    """Nova's API tells no age; where somebody else knows one, that counts. Nobody misses what is disabled."""
    name = "cs_host_seconds_to_alert"
    for told, left in (
        (nova("cmp1", None, up=False), {}),
        (nova("cmp1", None, up=True), {(name, "compute-1", ()): 46.0}),
        (nova("cmp1", None, up=False, enabled=False), {(name, "compute-1", ()): 46.0}),
        (nova("cmp1", 900, enabled=False), {(name, "compute-1", ()): 46.0}),
    ):
        cloud = Cloud()
        cloud.says(NOW, told, neutron("cmp1", 29))
        assert left == values(reported(NOW, None, cloud), name)


def test_what_openstack_itself_says_counts() -> None:
    """Also where somebody watches the sockets of its agents: these show their session."""
    kvm = host("compute-1", "192.0.2.11", Role.HYPERVISOR, agents=[NOVA])
    bus = host("bus1", "192.0.2.5", Role.MESSAGE_BUS, agents=[NOVA])
    fleet = Fleet((kvm, bus, reported_stand.ENDPOINT))
    session = replace(served(kvm, NOW - 2), agent="nova-compute")
    at_bus = AgentHeartbeatReading((Listening("nova-compute", True),), (session,))  # noqa: FBT003 (it listens)
    fleet.reports = {AT: Cloud().says(NOW, nova("cmp1", 40))}
    names = ("cs_agent_seconds_to_alert", "cs_host_seconds_to_alert", "cs_agent_connected")
    found = values(fleet.derive(NOW, {"bus1": at_bus, "compute-1": None}), *names)
    assert {
        (names[0], "compute-1", ("nova-compute",)): 20.0,
        (names[1], "compute-1", ()): 20.0,
        (names[2], "compute-1", ("nova-compute",)): 1.0,
    } == found


def test_reports_that_have_not_changed() -> None:
    """Nobody goes through thousands of them because some socket was read."""
    cloud = Cloud()
    cloud.says(NOW, nova("cmp1", 4))
    first = reported(NOW, None, cloud)
    assert first.reports is reported(NOW + 5, first, cloud).reports
