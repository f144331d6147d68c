"""What several answers tell together: whose clock is wrong, what a lost answer leaves, what another source changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.probes.openstack.reading import KEPT
from cs_exporter.probes.openstack.rows import Sign
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.probes.openstack.agents_stand import ALL, NAMES, Stand, fleet


def seconds(stand: Stand) -> set[str]:
    """What is red at the latest look."""
    return {name for name, *_ in stand.red[-1][1]}


@pytest.mark.parametrize("poll", [1.0, 5.0, 15.0, 30.0])
@pytest.mark.parametrize("computes", [1, 2, 5])
def test_what_is_well_is_red_nowhere(poll: float, computes: int) -> None:
    """Ages of 0 to 11 s of nova and cinder and 0 to 31 s of neutron, from the first look on."""
    stand, cloud = Stand(interval=poll), fleet(computes)
    stand.watch(cloud, 300)
    assert set() == stand.told()
    assert stand.reading is not None
    oldest = {
        row.said.service: row.said.age for row in sorted(stand.reading.rows.values(), key=lambda row: row.age or 0)
    }
    assert 31 >= (oldest[Service.NEUTRON] or 99)


@pytest.mark.parametrize("ahead", [-300.0, -70.0, 70.0, 300.0])
def test_a_database_host_whose_clock_is_wrong_skews_nobody(ahead: float) -> None:
    """All who report agree with each other, and ages are by theirs; the database's clock is what is told."""
    stand, cloud = Stand(ahead=ahead), fleet()
    stand.watch(cloud, 60)
    first = stand.told()
    stand.watch(cloud, 240)
    assert not {name for name in first | stand.told() if name.startswith("CsOpenStackAgent") or "Silent" in name}
    assert {"CsOpenStackDatabaseClock"} == seconds(stand)
    assert all(-12 < (row.age or 0) < 43 for row in stand.reading.rows.values()) if stand.reading else False


@pytest.mark.parametrize("step", [-70.0, 70.0])
def test_a_step_of_the_databases_clock_kills_nobody(step: float) -> None:
    """At no look: how far it went is seen from the moment that each answer tells."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 120)
    stand.ahead = step
    stand.watch(cloud, 120)
    assert {"CsOpenStackDatabaseClock"} == stand.told()


def test_a_slow_database_tells_no_steps_of_its_clock() -> None:
    """Its clock is known to two seconds or so: it seems to leap ahead and to creep back, and does neither."""
    stand, cloud = Stand(), fleet()
    for known in (-1.9, 1.9, 0.0) * 10:
        stand.ask(answer=Agents(Source.DATABASE, cloud.at(stand.now), ALL, clock=(known, 1.9)))
    assert set() == stand.told()


def test_an_exporter_whose_clock_is_wrong_changes_nothing() -> None:
    """Ages are the database's own."""
    stand, cloud = Stand(), fleet()
    for _ in range(20):
        stand.ask(answer=Agents(Source.DATABASE, cloud.at(stand.now), ALL, clock=(-500.0, 0.001)))
    assert set() == stand.told()


def test_an_exporter_whose_clock_is_wrong_and_an_api() -> None:
    """There the ages are by ours: what all of them have in common is our own fault."""
    stand, cloud = Stand(), fleet()
    for _ in range(20):
        agents = (one for one in cloud.at(stand.now, 200.0) if one.service is not Service.NOVA)
        stand.ask(answer=Agents(Source.API, tuple(agents), ALL))
    assert {"CsOpenStackDatabaseClock"} == stand.told()


def test_a_service_that_is_not_told_stays_as_it_was() -> None:
    """Its rows are there, nobody dies meanwhile, and the dead are no less so; for ten minutes."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "neutron-l3-agent")
    stand.watch(cloud, 90)
    told, without = ALL - {Service.NEUTRON}, {Service.NEUTRON: "timeout: no answer"}
    before = stand.row("net1", "neutron-l3-agent"), stand.row("net1", "neutron-dhcp-agent")
    while stand.now < 1180 + KEPT:
        agents = tuple(one for one in cloud.at(stand.now) if one.service is not Service.NEUTRON)
        stand.ask(answer=Agents(Source.DATABASE, agents, told, without, clock=(0.0, 0.001)))
        assert {"CsOpenStackAgentDown", "CsOpenStackServiceUntold"} == seconds(stand)
    assert before == (stand.row("net1", "neutron-l3-agent"), stand.row("net1", "neutron-dhcp-agent"))
    for _ in range(3):
        stand.ask(answer=Agents(Source.DATABASE, agents, told, without, clock=(0.0, 0.001)))
    assert stand.reading is not None
    assert set() == {row.agent for row in stand.reading.rows.values() if row.said.service is Service.NEUTRON}


def test_who_is_no_longer_told_by_a_full_answer_is_gone() -> None:
    """An agent that was removed from the cloud."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 60)
    cloud.agents = cloud.agents[1:]
    stand.watch(cloud, 15)
    assert stand.reading is not None
    assert (Service.NOVA, "cmp1", "nova-compute") not in stand.reading.rows


def test_after_a_time_without_answers_it_takes_one_more() -> None:
    """Nobody could write while the database was away: the first answer shows old reports, the next one new ones."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *{who.binary for who in cloud.agents})
    stand.now += 75
    stand.ask(*cloud.at(stand.now))
    cloud.silent.clear()
    stand.watch(cloud, 60)
    assert set() == stand.told()


def test_who_died_meanwhile_is_told_by_the_second_answer() -> None:
    """One whose reports do not come when those of others do."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "nova-compute", hosts=("cmp1",))
    stand.now += 75
    stand.watch(cloud, 15)
    assert Sign.WELL is stand.row("cmp1").sign
    stand.watch(cloud, 15)
    assert Sign.DEAD is stand.row("cmp1").sign


def test_the_dead_stay_dead_over_a_time_without_answers() -> None:
    """What was known before is not forgotten."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "nova-compute", hosts=("cmp1",))
    stand.watch(cloud, 45)
    stand.now += 75
    stand.watch(cloud, 15)
    assert Sign.DEAD is stand.row("cmp1").sign


def test_another_source_knows_nothing_of_the_first_ones_times() -> None:
    """The database fails, the APIs answer: neutron's dead agent is dead, the others live, and counts go on."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "neutron-l3-agent")
    stand.watch(cloud, 60)
    beats = stand.row("net1", "neutron-dhcp-agent").beats
    for _ in range(4):
        agents = tuple(_as_api(one) for one in cloud.at(stand.now))
        stand.ask(answer=Agents(Source.API, agents, ALL))
        assert Sign.DEAD is stand.row("net1", "neutron-l3-agent").sign
    assert beats < stand.row("net1", "neutron-dhcp-agent").beats
    assert {"CsOpenStackAgentSilent", "CsOpenStackAgentDown"} == stand.told()
    stand.watch(cloud, 60)
    assert {"CsOpenStackAgentDown"} == seconds(stand)


def test_of_several_with_one_name_the_latest_counts() -> None:
    """Rows that a worker left behind, and one that does not tell its age."""
    old = AgentState(Service.HEAT, "heat-engine", "ctl1", "1", 9000)
    for others in ((9, 9000), (9000, 9), (9, None), (None, 9)):
        stand = Stand()
        stand.ask(*(replace(old, key=str(age), age=age) for age in others))
        assert 9 == stand.row("ctl1", "heat-engine").age


def test_only_machines_of_the_inventory_have_series() -> None:
    """A backend's machine is the one that it runs on."""
    stand = Stand()
    found = stand.ask(
        *(AgentState(Service.CINDER, "cinder-volume", host, host, 5) for host in ("ctl1@lvm", "else@lvm"))
    )
    assert ["ctl1"] == [name for name, _ in found.own]
    assert NAMES is found.names
    assert {NOVA, NEUTRON, CINDER} == {service.value for service in found.told}


def _as_api(one: AgentState) -> AgentState:
    """Nova's API tells verdicts, others what they have."""
    if one.service is Service.NOVA:
        return replace(one, age=None, beat="", reports=None, up=True)
    return replace(one, reports=None, key=f"api-{one.key}", beat=f"{one.beat}Z")


def test_what_two_looks_at_once_can_not_tell() -> None:
    """Who is late is named, and rows that were left behind apart from them; who is well is not, nor who is judged."""
    stand, cloud = Stand(interval=0.007, now=9000.0), fleet()
    stand.ask(*cloud.at(stand.now))
    assert () == stand.ask(*cloud.at(stand.now)).lacking
    cloud.stop(9000.0 - 210, "nova-conductor")
    cloud.stop(9000.0 - 200, "nova-compute", hosts=("cmp1", "cmp2"))
    cloud.stop(9000.0 - 4000, "neutron-l3-agent")
    stand = Stand(interval=0.007, now=9000.0)
    first, second = (stand.ask(*cloud.at(stand.now)).lacking for _ in range(2))
    assert first == second
    assert [
        "3 nova-conductor (ctl1, ctl2, ctl3), 2 nova-compute (cmp1, cmp2)",
        "1 neutron-l3-agent (net1)",
    ] == [line.partition(":")[0] for line in second]
    assert ["20 s", "60 s"] == [line.partition("look again in ")[2].partition(",")[0] for line in second]
    assert set() == stand.told()
    stand.interval = 15.0
    assert () == stand.watch(cloud, 90).lacking
    assert {"CsOpenStackAgentSilent", "CsOpenStackAgentGone"} & stand.told()


def test_who_was_left_behind_is_nobody_who_reports() -> None:
    """Told for the first time while its kind is due: whether the others are silent alone stays undecided."""
    cloud, stand = fleet(), Stand(interval=5.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "nova-compute")
    stand.watch(cloud, 15)
    old = AgentState(Service.NOVA, "nova-compute", "old", "old", 5000.0, "never", reports=7)
    stand.ask(*cloud.at(stand.now), old)
    assert (True, True) == (stand.row("cmp1").undecided, stand.row("old").alone)
