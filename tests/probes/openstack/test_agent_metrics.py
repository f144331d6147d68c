"""What is exported of agents: two series for each, what is wrong while it is, and what concerns all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.probes.openstack.agent_metrics import METRICS
from cs_exporter.probes.openstack.stops import Suspect
from tests.lab.openstack_schema import CINDER, NEUTRON
from tests.platforms.openstack.replay.timelines import Who
from tests.probes.openstack.agents_stand import ALL, CLOUD, Stand, fleet, samples

AGE, REPORTS, DEAD = (f"cs_openstack_agent_{name}" for name in ("age_seconds", "reports_total", "dead"))


def test_a_healthy_agent_has_two_series() -> None:
    """Its age and its reports, of the machine it runs on."""
    stand, cloud = Stand(), fleet()
    found = stand.watch(cloud, 90)
    ours = {name.name for name in METRICS if any(key[0] == "cmp1" for key in samples(found, name.name))}
    assert {AGE, REPORTS} == ours
    assert 0 <= samples(found, AGE)["cmp1", "nova-compute", ""] <= 11


def test_reports_are_a_counter() -> None:
    """Nova's own count, and what was seen of neutron's: six and two in a minute."""
    stand, cloud = Stand(), fleet()
    before = samples(stand.watch(cloud, 90), REPORTS)
    after = samples(stand.watch(cloud, 60), REPORTS)
    grown = {key[:2]: after[key] - before[key] for key in after}
    assert (6, 2) == (grown["cmp1", "nova-compute"], grown["net1", "neutron-l3-agent"])
    assert ["cs_openstack_agent_reports_total"] == [one.name for one in METRICS if one.kind == "counter"]


def test_ages_are_signed() -> None:
    """A report from the future has one below 0, and its writer's clock is told."""
    stand, cloud = Stand(), fleet()
    cloud.skews[Who(CINDER, "ctl1", "cinder-scheduler")] = 70.0
    found = stand.watch(cloud, 60)
    assert -60 > samples(found, AGE)["ctl1", "cinder-scheduler", ""]
    assert 55 < samples(found, "cs_openstack_writer_clock_skew_seconds")["ctl1", "cinder-scheduler"] <= 70


def test_a_clock_that_several_share_is_the_clouds() -> None:
    """No machine is blamed for neutron-server's; one that is not in the inventory has no series."""
    stand, cloud = Stand(), fleet()
    cloud.skews |= {who: -50.0 for who in cloud.agents if who.service == NEUTRON}
    elsewhere = Who(CINDER, "elsewhere", "cinder-volume")
    cloud.agents = (*cloud.agents, elsewhere)
    cloud.skews[elsewhere] = -50.0
    found = stand.watch(cloud, 120)
    assert {(CLOUD, "neutron-server")} == samples(found, "cs_openstack_writer_clock_skew_seconds").keys()


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (("nova-compute", "nova-conductor"), {(CLOUD, "", Suspect.CONDUCTOR.value): 6}),
        (
            ("neutron-openvswitch-agent", "neutron-dhcp-agent", "neutron-l3-agent", "neutron-metadata-agent"),
            {(CLOUD, "", Suspect.NEUTRON_SERVER.value): 6},
        ),
        (("nova-compute", "neutron-openvswitch-agent"), {(CLOUD, "", Suspect.COMPUTES.value): 3}),
        ((), {}),
    ],
)
def test_who_stopped_together_is_counted(stop: tuple[str, ...], expected: dict[tuple[str, ...], float]) -> None:
    """All kinds that one suspect explains are one series; without a suspect there is none."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *stop)
    assert expected == samples(stand.watch(cloud, 60), "cs_openstack_agents_stopped")


def test_a_dead_agent_has_its_outage() -> None:
    """With its backend; while it is well there is none."""
    stand = Stand()
    said = [AgentState(Service.CINDER, "cinder-volume", f"ctl1@{name}", name, 5, "a", reports=9) for name in ("a", "b")]
    for age in (5, 20, 35):
        found = stand.ask(said[0], replace(said[1], age=5, beat=str(age), reports=9 + age), said[0])
        stand.reading = found
        said[0] = replace(said[0], age=age + 15)
    assert {("ctl1", "cinder-volume", "a", "silent"): 1} == samples(found, DEAD)


def test_where_only_a_verdict_is_told() -> None:
    """Of nova's API: who goes down is down, who was so from the start may have been given away."""
    stand = Stand()
    said = [
        AgentState(Service.NOVA, "nova-scheduler", host, host, reports=None, up=host != "ctl3")
        for host in ("ctl1", "ctl2", "ctl3")
    ]
    compute = AgentState(Service.NOVA, "nova-compute", "cmp1", "c", up=False)
    stand.ask(answer=Agents(Source.API, (*said, compute), ALL))
    said[0] = replace(said[0], up=False)
    found = stand.ask(answer=Agents(Source.API, (*said, compute), ALL))
    expected = {("ctl1", "nova-scheduler", "", "recent"): 1, ("ctl3", "nova-scheduler", "", "lasting"): 1}
    assert expected == samples(found, DEAD)
    stand.now += 3700
    found = stand.ask(answer=Agents(Source.API, (*said, compute), ALL))
    assert {"lasting"} == {key[-1] for key in samples(found, DEAD)}


def test_how_many_there_are_of_each() -> None:
    """By service and sign; only those that there are."""
    stand, cloud = Stand(), fleet()
    found = samples(stand.watch(cloud, 60), "cs_openstack_agents")
    assert {(CLOUD, "nova", "well"): 9, (CLOUD, "neutron", "well"): 6, (CLOUD, "cinder", "well"): 3} == found


def test_clocks_of_the_answer() -> None:
    """The database's against ours, and against those who report; of an API there is no such clock."""
    stand, cloud = Stand(ahead=70.0), fleet()
    found = stand.watch(cloud, 120)
    assert {(CLOUD,): 70} == samples(found, "cs_openstack_database_clock_offset_seconds")
    assert 70 == pytest.approx(samples(found, "cs_openstack_reference_clock_skew_seconds")[CLOUD,], abs=12)
    assert {(CLOUD,): 0} == samples(found, "cs_openstack_clocks_apart_seconds")
    assert {(CLOUD,): 30} == samples(found, "cs_openstack_clocks_apart_limit_seconds")
    of_api = stand.ask(answer=Agents(Source.API, (), ALL))
    assert {} == samples(of_api, "cs_openstack_database_clock_offset_seconds")


@pytest.mark.parametrize(
    ("database", "unasked", "expected"), [(True, "", {0.0}), (True, "refused: x", {1.0}), (False, "", set())]
)
def test_whether_the_database_is_asked(database: bool, unasked: str, expected: set[float]) -> None:  # noqa: FBT001
    """Where none is configured nobody misses it."""
    found = replace(Stand().ask(), database=database, unasked=unasked)
    assert expected == set(samples(found, "cs_openstack_database_unasked").values())


def test_what_an_answer_lacks_is_named() -> None:
    """And whose ages mean nothing."""
    answer = Agents(Source.DATABASE, (), ALL, {Service.CINDER: "denied"}, {Service.NOVA: "mc"})
    found = Stand().ask(answer=answer)
    assert {(CLOUD, "cinder"): 1} == samples(found, "cs_openstack_service_untold")
    assert {(CLOUD, "nova"): 1} == samples(found, "cs_openstack_ages_unusable")
