"""Agents that report into their cloud's tables: when one is late, pages and is given up, and who is not waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack import agents as openstack
from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.plan import Key
from cs_exporter.probes.agents.reported import OVERDUE, Patience, Report, Reports, reports
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.probes.openstack.rhythm import DEFAULTS, Rhythm
from tests.probes.agents.reported_stand import AT, POLL, Cloud, neutron, nova, volume

NOW = 1000.0
COMPUTE, DHCP = ("compute-1", "nova-compute"), ("network-1", "neutron-dhcp-agent")
VOLUME = ("controller-1", "cinder-volume")


def of(*readings: OpenStackAgentsReading) -> dict[Key, Report]:
    """Who reports, by these answers of as many pseudo-hosts."""
    at = {AT + str(number): reading for number, reading in enumerate(readings)}
    return dict(reports(at, dict.fromkeys(at, POLL), Reports()).rows)


def left(now: float, *agents: AgentState) -> dict[Key, float | None]:
    """What is left of each at `now`, told at NOW."""
    return {key: one.left(now) for key, one in of(Cloud().says(NOW, *agents)).items()}


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (Service.NOVA, (60, 26, 30)),
        (Service.CINDER, (60, 26, 30)),
        (Service.NEUTRON, (75, 46, 50)),
        (Service.HEAT, (120, 90, 95)),
    ],
)
def test_limits_by_default(service: Service, expected: tuple[float, float, float]) -> None:
    """The ages at which an agent is given up, is late, and pages."""
    found = Patience(DEFAULTS[service], POLL)
    assert found.very_late is not None
    assert expected == (found.limit, found.limit - found.late, found.limit - found.very_late)


def test_limits_of_other_settings() -> None:
    """A healthy agent is never late; where it may be silent for as long as the limit nothing pages."""
    slow = Patience(Rhythm(10, 60), poll=60)
    assert slow.late <= 0
    assert slow.very_late is None
    close = Patience(Rhythm(20, 60), POLL)
    assert (24, 24) == (close.late, close.very_late)


@pytest.mark.parametrize("service", Service)
def test_a_healthy_agent_never_warns(service: Service) -> None:
    """Whatever age within its interval a poll meets, and at any moment until the next one."""
    rhythm = DEFAULTS[service]
    patience = Patience(rhythm, POLL)
    ages = [float(age) for age in range(int(rhythm.interval) + 2)]
    counted = [Report(patience, Source.DATABASE, age, NOW, NOW + POLL).left(NOW + 60) for age in ages]
    assert patience.late <= min(found for found in counted if found is not None)


@pytest.mark.parametrize("service", [Service.NOVA, Service.CINDER, Service.NEUTRON])
@pytest.mark.parametrize("phase", range(15))
def test_a_frozen_agent_pages_before_it_is_down(service: Service, phase: int) -> None:
    """By polls alone, however they fall, and with 10 s for whoever asks us for it."""
    patience = Patience(DEFAULTS[service], POLL)
    polled = [float(age) for age in range(phase, 200, int(POLL))]
    pages = next(age for age in polled if patience.limit - age < (patience.very_late or 0))
    assert pages + 10 <= patience.limit


def test_counted_on_between_polls() -> None:
    """On our own clock, and no further than to the next poll: an answer that does not come takes no time off."""
    expected = {0: 56, 10: 46, 15: 41, 600: 41}
    assert expected == {after: left(NOW + after, nova("cmp1", 4))[COMPUTE] for after in expected}


def test_times_in_the_future() -> None:
    """Nova and cinder give up whoever is as far ahead as the limit, neutron never."""
    ahead = left(NOW, nova("cmp1", -50), volume("ctl1@lvm", -50), neutron("net1", -500))
    assert {COMPUTE: 10, VOLUME: 10, DHCP: 575} == ahead


def test_the_verdict_ends_the_count() -> None:
    """What is foretold has come, and its own page with it; how old the report is can still be seen."""
    long = OVERDUE * POLL
    late = {COMPUTE: 0.0, DHCP: 0.0}
    assert late == left(NOW, nova("cmp1", 60), neutron("net1", 75))
    assert dict.fromkeys(late, -long) == left(NOW, nova("cmp1", 60 + long), neutron("net1", 75 + long))
    assert dict.fromkeys(late) == left(NOW, nova("cmp1", 61 + long), neutron("net1", 76 + long))
    assert {COMPUTE: None} == left(NOW, nova("cmp1", -61 - long))
    assert 161 == of(Cloud().says(NOW, nova("cmp1", 161)))[COMPUTE].aged(NOW)


def test_the_apis_verdict() -> None:
    """It counts, whatever its time is by our clock."""
    said = Cloud().says(NOW, neutron("net1", 20, up=False), source=openstack.Source.API)
    assert (None, Source.API) == (of(said)[DHCP].left(NOW), of(said)[DHCP].source)


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ((nova("cmp1", 4, enabled=False),), {COMPUTE: None}),
        ((nova("cmp1", 4, forced_down=True), neutron("cmp1", 4)), {COMPUTE: None, ("compute-1", DHCP[1]): None}),
        ((nova("cmp1", 4, enabled=False), neutron("cmp1", 4)), {COMPUTE: None, ("compute-1", DHCP[1]): 71}),
        ((neutron("net1", 4, enabled=False),), {DHCP: None}),
        ((nova("cmp1", 40, reported=False),), {COMPUTE: 20}),
        ((volume("ctl1@lvm", 40, reported=False),), {VOLUME: None}),
        ((nova("cmp1", None),), {}),
        ((nova("stranger", 4),), {}),
    ],
)
def test_who_is_waited_for(agents: tuple[AgentState, ...], expected: dict[Key, float | None]) -> None:
    """Nobody who is disabled, on a machine that is forced down, or never began; whose age is not told has no row."""
    assert expected == left(NOW, *agents)


def test_heartbeats_kept_elsewhere() -> None:
    """With nova's driver mc the times in its database stand still, and say nothing."""
    said = Cloud().says(NOW, nova("cmp1", 4), neutron("net1", 4), unusable={Service.NOVA: "mc"})
    assert {DHCP} == of(said).keys()


def test_backends_of_one_machine() -> None:
    """The one that matters most, which none does that never began."""
    backends = (volume("ctl1@lvm", 4), volume("ctl1@nfs", 30), volume("ctl1@bad", 50, reported=False))
    assert {VOLUME: 30} == left(NOW, *backends)
    assert {VOLUME: 56} == left(NOW, backends[0], backends[2])


def test_told_twice() -> None:
    """A cell's own database knows better than the API that lists all cells."""
    cell = Cloud().says(NOW, nova("cmp1", 4))
    api = Cloud().says(NOW, nova("cmp1", 30), source=openstack.Source.API)
    for order in ((cell, api), (api, cell)):
        assert (Source.DATABASE, 56) == (of(*order)[COMPUTE].source, of(*order)[COMPUTE].left(NOW))


@pytest.mark.parametrize(("after", "expected"), [(30, 20), (45, None)])
def test_after_a_time_without_answers(after: float, expected: float | None) -> None:
    """One lost poll takes nothing away; after more of them it takes another answer to say who is silent."""
    cloud = Cloud()
    cloud.says(NOW, nova("cmp1", 4))
    assert expected == of(cloud.says(NOW + after, nova("cmp1", 40)))[COMPUTE].left(NOW + after)
    assert 5 == of(cloud.says(NOW + after + 15, nova("cmp1", 55)))[COMPUTE].left(NOW + after + 15)


def test_forced_down_in_a_cell() -> None:
    """The machine's other agents are told by another server."""
    cell = Cloud().says(NOW, nova("cmp1", 4, forced_down=True))
    rest = Cloud().says(NOW, neutron("cmp1", 4), neutron("net1", 4))
    found = of(rest, cell)
    assert (None, 71) == (found["compute-1", DHCP[1]].left(NOW), found[DHCP].left(NOW))


def test_agents_of_ovn_are_the_apis() -> None:
    """Even beside a database."""
    ovn = replace(neutron("net1", 4), binary="ovn-controller", is_ovn=True)
    assert {("network-1", "ovn-controller"): Source.API} == {
        key: one.source for key, one in of(Cloud().says(NOW, ovn)).items()
    }


def test_a_service_that_is_not_told_stays() -> None:
    """As it was, with no time taken off after the poll that was due."""
    cloud = Cloud()
    cloud.says(NOW, nova("cmp1", 4))
    later = of(cloud.says(NOW + 15, told=frozenset({Service.NEUTRON})))[COMPUTE]
    assert (41, 41) == (later.left(NOW + 15), later.left(NOW + 60))


def test_nothing_new() -> None:
    """The same object, for as long as nobody answers."""
    reading = Cloud().says(NOW, nova("cmp1", 4))
    first = reports({AT: reading}, {AT: POLL}, Reports())
    assert first is reports({AT: reading}, {AT: POLL}, first)
    assert first is not reports({}, {}, first)
    assert {} == reports({}, {}, first).rows
