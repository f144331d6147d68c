"""Whose agents are expected where, and whose address is whose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.model import Host, Place, Role, Traffic
from cs_exporter.probes.agents import plan as agent_plan
from tests.probes.agents.agent_stand import AGENT, KVM1, KVM2, MS1, MS2, at_host, at_server, host, inventory, own

NOVA = {"name": "nova-compute", "port": 5672, "runs_on": ["hypervisor"], "served_by": ["message_bus"], "limit": 60}


def test_expected_where_a_server_is() -> None:
    """On hosts that run it, if the same platform has a server; with the host's own limit."""
    slow = host("kvm3", "192.0.2.13", Role.HYPERVISOR, limit=300)
    other = host("kvm4", "192.0.2.14", Role.HYPERVISOR, platform="openstack")
    off = host("kvm5", "192.0.2.15", Role.HYPERVISOR, enabled=False)
    found = agent_plan.plan(inventory(KVM1, slow, other, off, MS1, MS2)).expected
    assert {("kvm1", AGENT), ("kvm3", AGENT)} == {*found}
    assert [140.0, 300.0] == [one.limit for one in found.values()]
    assert {("ms1", "ms2")} == {one.servers for one in found.values()}
    assert {} == agent_plan.plan(inventory(KVM1, KVM2)).expected


def test_several_agents() -> None:
    """Each with its own servers and limit."""
    nova = host("kvm1", "192.0.2.11", Role.HYPERVISOR, agents=[NOVA])
    bus = host("bus1", "192.0.2.5", Role.MESSAGE_BUS, agents=[NOVA])
    plan = agent_plan.plan(inventory(nova, bus, MS1))
    assert [("kvm1", "nova-compute", 60.0, ("bus1",))] == [
        (one.host, one.agent, one.limit, one.servers) for one in plan.expected.values()
    ]
    assert {("nova-compute", ("bus1",))} == plan.shared


def test_addresses_of_the_inventory() -> None:
    """All that are addresses, in the form in which sockets show them; of two hosts with one, the first."""
    named = Host("kvm3", "kvm3.example.org", addresses={Traffic.STORAGE: "2001:DB8:0::7"})
    twin = Host("twin", "192.0.2.11")
    plan = agent_plan.plan(inventory(KVM1, named, twin))
    assert {"192.0.2.11": "kvm1", "2001:db8::7": "kvm3"} == plan.addresses


def test_addresses_that_hosts_tell() -> None:
    """Local ends of their own sessions; kept when the reading has gone, forgotten with the host."""
    hosts = inventory(KVM1, KVM2, MS1)
    told = {"kvm1": at_host(own("10.0.0.1", MS1, 1.0))}
    first = agent_plan.learned({}, told, hosts)
    assert {"10.0.0.1": "kvm1"} == first
    assert first is agent_plan.learned(first, told, hosts)
    assert first is agent_plan.learned(first, {}, hosts)
    moved = {"kvm2": at_host(own("10.0.0.1", MS1, 1.0))}
    assert {"10.0.0.1": "kvm2"} == agent_plan.learned(first, moved, hosts)
    assert {} == agent_plan.learned(first, {}, inventory(KVM2, MS1))
    assert {"10.0.0.9": "ms1"} == agent_plan.learned({}, {"ms1": at_server(at="10.0.0.9")}, hosts)


def test_nothing_to_learn() -> None:
    """The same hosts tell the same addresses; another host, none any more, or another address is news."""
    here, there = at_host(own("10.0.0.1", MS1, 1.0)), at_host(own("10.0.0.2", MS1, 1.0))
    again = at_host(own("10.0.0.1", MS1, 2.0))
    said = {"kvm1": here, "kvm2": there}
    assert agent_plan.told_alike({"kvm1": again, "kvm2": there}, said)
    for news in ({"kvm1": here}, {**said, "kvm1": there}, {**said, "kvm3": here}):
        assert not agent_plan.told_alike(news, said)


def test_an_address_of_two_hosts_is_nobodys() -> None:
    """As of a network that is there behind each of them."""
    same = {name: at_host(own("10.0.0.1", MS1, 1.0)) for name in ("kvm1", "kvm2")}
    assert {"10.0.0.1": ""} == agent_plan.learned({}, same, inventory(KVM1, KVM2, MS1))


def test_an_address_that_a_host_gave_up() -> None:
    """It has told of another one: the old one is nobody's until somebody tells of it."""
    hosts = inventory(KVM1, KVM2, MS1)
    first = agent_plan.learned({}, {"kvm1": at_host(own("10.0.0.1", MS1, 1.0)), "kvm2": at_host()}, hosts)
    moved = agent_plan.learned(first, {"kvm1": at_host(own("10.0.0.2", MS1, 1.0))}, hosts)
    assert {"10.0.0.2": "kvm1"} == moved
    assert moved is agent_plan.learned(moved, {"kvm1": at_host()}, hosts)


def test_hosts_without_an_agent() -> None:
    """Of a hypervisor that the cloud asks directly no agent is expected."""
    xen = replace(host("xen1", "192.0.2.30", Role.HYPERVISOR), place=Place(hypervisor="XenServer"))
    plan = agent_plan.plan(inventory(KVM1, xen, MS1))
    assert {("kvm1", AGENT)} == {*plan.expected}
    assert {("kvm1", AGENT): True, ("ms1", AGENT): False} == plan.ends


@pytest.mark.parametrize(
    ("interval", "timeout", "late", "very_late"),
    [
        (60, 2.5, 50, 35),
        (300, 2.5, 290, 215),
        (60, 3.0, 80, 65),
        (60, 2.0, 20, 20),
        (120, 1.5, 20, 20),
        (60, 1.5, -10, None),
        (30, 2.5, 0, None),
        (10, 2.0, -30, None),
    ],
)
def test_when_an_agent_is_late(interval: float, timeout: float, late: float, very_late: float | None) -> None:
    """By the cloud's settings: no healthy one ever is, and a page comes before the limit, or never."""
    kvm = host("kvm1", "192.0.2.11", Role.HYPERVISOR, ping_interval=interval, ping_timeout=timeout)
    found = agent_plan.plan(inventory(kvm, MS1)).expected["kvm1", AGENT]
    assert (late, very_late) == (found.late, found.very_late)
    assert found.limit - found.late >= interval + 30


def test_an_agent_that_is_seldom_asked() -> None:
    """Its pings are seen that much later."""
    kvm = host("kvm1", "192.0.2.11", Role.HYPERVISOR, interval=60)
    found = agent_plan.plan(inventory(kvm, MS1)).expected["kvm1", AGENT]
    assert (20, 20) == (found.late, found.very_late)
