"""The derived probe agent_countdown: whose session is whose, its metrics, what it forgets, and what it costs."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cs_exporter.model import Host, Inventory, Role
from cs_exporter.probes.agents.agent_countdown import derive
from cs_exporter.probes.agents.agent_heartbeat import NAME
from cs_exporter.probes.agents.countdown_metrics import METRICS, AgentCountdownReading
from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading, Listening, Own, Served
from cs_exporter.spec import Latest
from tests.probes.agents.agent_stand import (
    AGENT,
    KVM1,
    KVM2,
    MS1,
    MS2,
    WALL,
    Fleet,
    at_host,
    at_server,
    host,
    inventory,
    log,
    own,
    served,
)

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


def test_another_machine_under_the_same_name_inherits_nothing() -> None:
    """Neither how long the one before it has been silent nor the addresses that one had; others keep theirs."""
    fleet = Fleet((KVM1, KVM2, MS1))
    both = at_server(served("10.0.0.1", NOW - 40), served(KVM2, NOW - 10))
    fleet.derive(NOW, {"ms1": both, "kvm1": at_host(own("10.0.0.1", MS1, NOW - 40))})
    fleet.inventory = inventory(replace(KVM1, address="192.0.2.111"), KVM2, MS1)
    names = ("cs_agent_heartbeat_age_seconds", "cs_management_agent_unmapped_connections")
    assert {
        ("cs_agent_heartbeat_age_seconds", "kvm2", (AGENT, "server_socket")): 11.0,
        ("cs_management_agent_unmapped_connections", "ms1", (AGENT,)): 1.0,
    } == values(fleet.derive(NOW + 1, {"ms1": both}), *names), "whose the old session is can't be told"
    found = values(fleet.derive(NOW + 2, {"ms1": at_server(served(KVM2, NOW - 10))}), *names)
    assert 0.0 == found["cs_agent_heartbeat_age_seconds", "kvm1", (AGENT, "unseen")]
    assert ("cs_agent_heartbeat_age_seconds", "kvm1", (AGENT, "server_socket")) not in found


@pytest.mark.parametrize("lost", ["ms1", "kvm1"])
def test_a_lost_poll_ends_no_series(lost: str) -> None:
    """What only one of the two ends can say is as it was, for as long as its reading is fresh."""
    fleet = Fleet((KVM1, MS1, MS2))

    def readings() -> dict[str, AgentHeartbeatReading | None]:
        """As every poll makes them anew."""
        at_both = served(KVM1, NOW - 10), served("192.0.2.99", NOW - 10)
        return {"ms1": at_server(*at_both), "ms2": at_server(), "kvm1": at_host(own(KVM1, MS1, NOW - 8))}

    before = values(fleet.derive(NOW, readings())).keys()
    for later in (15, 30):
        assert before == values(fleet.derive(NOW + later, readings(), {lost: NOW}, failing=[lost])).keys()
    ended = before - values(fleet.derive(NOW + 90, {**readings(), lost: None})).keys()
    teller = {"ms1": "server_socket", "kvm1": "agent_socket"}[lost]
    assert ("cs_agent_last_heartbeat_timestamp_seconds", "kvm1", (AGENT, teller)) in ended


def test_a_lost_poll_of_sockets_ends_no_series_where_a_log_tells() -> None:
    """The log counts down alone meanwhile; whether it is connected, and how, is as it was."""
    fleet = Fleet((KVM1, KVM2, MS1))

    def series(now: float, heard: float, *failing: str) -> set[tuple[str, str | None, tuple[str, ...]]]:
        fleet.logs = {"ms1": log(now, {"kvm1": heard, "kvm2": now})}
        both = {"ms1": at_server(served(KVM1, NOW)), "kvm1": None}
        return {key for key in values(fleet.derive(now, both, {"ms1": NOW}, failing)) if key[1] == "kvm1"}

    before = series(NOW, NOW)
    assert before == series(NOW + 20, NOW, "ms1")
    assert before == series(NOW + 40, NOW - 60, "ms1")


def test_the_latest_hearing_of_all_servers() -> None:
    """A remnant at the old one does not count against the new one."""
    readings = {"ms1": at_server(served(KVM1, NOW - 90)), "ms2": at_server(served(KVM1, NOW - 3)), "kvm1": None}
    found = Fleet((KVM1, MS1, MS2)).derive(NOW, readings).rows["kvm1", AGENT]
    assert ("ms2", 137.0) == (found.server, found.left(NOW))


def test_servers_among_themselves_are_no_agents() -> None:
    """A session of another management server is neither an agent's nor unmapped."""
    readings = {"ms1": at_server(served(MS2, NOW)), "ms2": at_server(), "kvm1": None}
    reading = Fleet((KVM1, MS1, MS2)).derive(NOW, readings)
    assert {("ms1", AGENT): 0, ("ms2", AGENT): 0} == reading.unmapped
    assert {("kvm1", AGENT)} == {*reading.rows}


def test_everything_on_one_host() -> None:
    """Its agent talks to itself, by the loopback address."""
    both = host("all1", "192.0.2.7", Role.MANAGEMENT, Role.HYPERVISOR)
    ends = (served("127.0.0.1", NOW - 2),), (own("127.0.0.1", "127.0.0.1", NOW - 2),)
    listening = (Listening(AGENT, True),)  # noqa: FBT003 (it listens)
    reading = AgentHeartbeatReading(listening, *ends, frozenset({AGENT}))
    found = Fleet((both,)).derive(NOW, {"all1": reading})
    row = found.rows["all1", AGENT]
    assert (True, 138.0, "all1") == (row.connected, row.left(NOW), row.server)
    assert {("all1", AGENT): 0} == found.unmapped


def test_an_address_that_only_the_host_knows() -> None:
    """A host that is named, and heard by an address nobody wrote down: its own session tells, and that is kept."""
    named = Host("kvm1", "kvm1.example.org", roles=KVM1.roles, settings=KVM1.settings)
    fleet = Fleet((named, MS1))
    heard = at_server(served("10.0.0.5", NOW - 5))
    first = fleet.derive(NOW, {"ms1": heard})
    assert ({("ms1", AGENT): 1}, None) == (first.unmapped, first.rows["kvm1", AGENT].connected)
    told = fleet.derive(NOW, {"ms1": heard, "kvm1": at_host(own("10.0.0.5", MS1, NOW - 5))})
    assert ({("ms1", AGENT): 0}, True) == (told.unmapped, told.rows["kvm1", AGENT].connected)
    kept = fleet.derive(NOW + 60, {"ms1": heard, "kvm1": None})
    assert ({("ms1", AGENT): 0}, 65.0) == (kept.unmapped, kept.rows["kvm1", AGENT].age(Source.SERVER, kept.now))


def test_steps_of_the_wall_clock_change_no_age() -> None:
    """Ages come from the monotonic clock; the timestamps follow the wall clock, so that their age stays right."""
    there = {NAME: {"ms1": at_server(served(KVM1, NOW - 10))}}
    fleet = Fleet((KVM1, MS1))
    for step in (0.0, 3600.0, -3600.0):
        latest = Latest(fleet.inventory, there, {NAME: {"ms1": NOW}}, WALL + step, fleet.before)
        found = values(
            derive(latest, NOW), "cs_agent_heartbeat_age_seconds", "cs_agent_last_heartbeat_timestamp_seconds"
        )
        assert sorted((10.0, WALL + step - 10)) == sorted(found.values())


def test_who_left_is_forgotten() -> None:
    """A host that comes under a new name, or comes back, is a new one; those that stay keep their past."""
    fleet = Fleet((KVM1, KVM2, MS1))
    fleet.derive(NOW, {"ms1": at_server(served(KVM1, NOW), served(KVM2, NOW)), "kvm1": None, "kvm2": None})
    fleet.inventory = Inventory({"kvm2": KVM2, "ms1": MS1})
    left = fleet.derive(NOW + 10, {"ms1": at_server(), "kvm2": None})
    assert [("kvm2", 130.0)] == [(name, row.left(left.now)) for (name, _), row in left.rows.items()]
    fleet.inventory = Inventory({"kvm1": KVM1, "kvm2": KVM2, "ms1": MS1})
    back = fleet.derive(NOW + 20, {"ms1": at_server(), "kvm1": None, "kvm2": None})
    assert {("kvm1", 140.0), ("kvm2", 120.0)} == {(name, row.left(back.now)) for (name, _), row in back.rows.items()}


def test_a_new_limit_takes_effect() -> None:
    """With the inventory that has it, and without losing what was heard."""
    fleet = Fleet((KVM1, MS1))
    assert 130.0 == fleet.row(NOW, ms1=at_server(served(KVM1, NOW - 10)), kvm1=None).left
    quick = host("kvm1", "192.0.2.11", Role.HYPERVISOR, limit=60)
    fleet.inventory = Inventory({"kvm1": quick, "ms1": MS1})
    assert 40.0 == fleet.row(NOW + 10, ms1=at_server(), kvm1=None).left


def test_what_has_not_changed_is_kept() -> None:
    """A landing concerns few hosts: the others' rows are the same objects, and their ages go on."""
    fleet = Fleet((KVM1, KVM2, MS1, MS2))
    one, two = at_server(served(KVM1, NOW)), at_server(served(KVM2, NOW))
    ends = {"kvm1": at_host(own(KVM1, MS1, NOW)), "kvm2": at_host(own(KVM2, MS2, NOW))}
    first = fleet.derive(NOW, {"ms1": one, "ms2": two, **ends})
    second = fleet.derive(NOW + 5, {"ms1": one, "ms2": two, **ends}, dict.fromkeys(("ms1", "ms2"), NOW))
    third = fleet.derive(NOW + 9, {"ms1": at_server(served(KVM1, NOW + 8)), "ms2": two, **ends}, {"ms2": NOW})
    key1, key2 = ("kvm1", AGENT), ("kvm2", AGENT)
    assert first.rows[key1] is second.rows[key1] is not third.rows[key1]
    assert first.rows[key2] is third.rows[key2]
    assert [140.0, 135.0, 131.0] == [reading.rows[key2].left(reading.now) for reading in (first, second, third)]
    blind = fleet.derive(NOW + 12, {"ms1": None, "ms2": None, "kvm1": None, "kvm2": None})
    assert [None, None] == [row.connected for row in blind.rows.values()]


def test_a_large_cloud_is_quick() -> None:
    """5,000 agents with four servers, both ends known: a small part of the 100 ms that the event loop may be held."""
    servers = [host(f"ms{number}", f"192.0.2.{number}", Role.MANAGEMENT) for number in range(1, 5)]
    kvms = [host(f"kvm{number}", f"10.0.{number >> 8}.{number & 255}", Role.HYPERVISOR) for number in range(5000)]
    fleet = Fleet((*servers, *kvms))
    readings: dict[str, AgentHeartbeatReading | None] = {
        server.name: at_server(*(_served(kvm) for kvm in kvms[number::4])) for number, server in enumerate(servers)
    }
    readings |= {kvm.name: at_host(_own(kvm, servers[number % 4])) for number, kvm in enumerate(kvms)}
    fleet.derive(NOW, readings)
    spent = []
    for _ in range(3):
        began = time.process_time()
        reading = fleet.derive(NOW + 1, readings)
        spent.append(time.process_time() - began)
    assert (5000, {True}) == (len(reading.rows), {row.connected for row in reading.rows.values()})
    assert min(spent) < 0.1, f"{min(spent) * 1000:.0f} ms"


def _served(kvm: Host) -> Served:
    return served(kvm, NOW - 10)


def _own(kvm: Host, server: Host) -> Own:
    return own(kvm, server, NOW - 10)


@pytest.mark.parametrize("before", [None, "another reading"])
def test_no_reading_is_no_host(before: object) -> None:
    """Before the first outcome nothing is said of anybody."""
    fleet = Fleet((KVM1, MS1))
    found = derive(Latest(fleet.inventory, {NAME: {}}, before=before), NOW)
    limits = {"heartbeat_limit_seconds": 140.0, "late_seconds_to_alert": 50.0, "very_late_seconds_to_alert": 35.0}
    assert {(f"cs_agent_{name}", "kvm1", (AGENT,)): value for name, value in limits.items()} == values(found)
