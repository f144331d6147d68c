"""Which agents are of which cell, and of whose verdict there is doubt: what may be muted by what, and by what not."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.probes.openstack.agent_metrics import DOUBTED
from tests.lab.openstack_schema import CINDER
from tests.platforms.openstack.replay.timelines import Who
from tests.probes.openstack.agents_stand import ALL, Fleet, Stand, fleet, samples

INFO = "cs_openstack_agent_info"
COMPUTE, CONDUCTOR = "nova-compute", "nova-conductor"
STORAGE = Who(CINDER, "net1", "cinder-volume")


def about(stand: Stand, agent: str = COMPUTE) -> dict[str, tuple[str, str]]:
    """Host -> cell and verdict, of those agents of which anything is told."""
    assert stand.reading is not None
    return {host: (cell, verdict) for host, name, cell, verdict in samples(stand.reading, INFO) if name == agent}


def in_cells(*rows: AgentState) -> tuple[AgentState, ...]:
    """Nova's rows as of two cells; schedulers are of whichever database has them."""
    return tuple(replace(row, cell="east" if row.host in {"cmp1", "ctl1"} else "west") for row in rows)


def test_a_cloud_without_cells_whose_clocks_are_right() -> None:
    """Nothing is told of anybody, dead or alive."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 300)
    cloud.stop(stand.now, COMPUTE, hosts=("cmp1",))
    assert {} == samples(stand.watch(cloud, 300), INFO)


def test_cells() -> None:
    """Hypervisors and conductors are of one; who works for all of them is of none, wherever its row is."""
    stand = Stand()
    stand.ask(*in_cells(*fleet(computes=2).at(stand.now)))
    assert {"cmp1": ("east", ""), "cmp2": ("west", "")} == about(stand)
    assert {"ctl1": ("east", ""), "ctl2": ("west", ""), "ctl3": ("west", "")} == about(stand, CONDUCTOR)
    assert {} == about(stand, "nova-scheduler") | about(stand, "neutron-openvswitch-agent")


def test_one_cell_silent_and_a_death_in_the_other() -> None:
    """What stopped is named with its cell, who is of it too, and who died elsewhere is of another one."""
    stand, cloud = Stand(), fleet(computes=4)
    while stand.now < 1300:
        stand.ask(*in_cells(*cloud.at(stand.now)))
    cloud.stop(stand.now, CONDUCTOR, hosts=("ctl2", "ctl3"))
    cloud.stop(stand.now, COMPUTE)
    while stand.now < 1390:
        stand.ask(*in_cells(*cloud.at(stand.now)))
    assert stand.reading is not None
    assert {("west", "conductor")} == {labels[1:] for labels in samples(stand.reading, "cs_openstack_agents_stopped")}
    assert {"cmp1": ("east", ""), **dict.fromkeys(("cmp2", "cmp3", "cmp4"), ("west", ""))} == about(stand)


def test_a_wrong_clock_elsewhere_excuses_no_death() -> None:
    """That of a storage node is its own: a hypervisor that dies then is dead beyond any doubt."""
    stand, cloud = Stand(), fleet()
    cloud = Fleet((*cloud.agents, STORAGE), {STORAGE: -40.0})
    stand.watch(cloud, 300)
    died = stand.now
    cloud.stop(died, COMPUTE, hosts=("cmp1",))
    stand.watch(cloud, 300)
    assert "CsOpenStackClocksApart" in stand.told()
    assert {} == about(stand)
    assert {"net1": ("", "doubtful")} == about(stand, "cinder-volume")


def test_a_conductor_with_a_wrong_clock() -> None:
    """All that it writes is doubtful, but not who has ceased to report."""
    cloud, stand = fleet(), Stand()
    cloud.skews = {who: -70.0 for who in cloud.agents if who.binary in {COMPUTE, CONDUCTOR}}
    stand.watch(cloud, 300)
    doubtful = dict.fromkeys(("cmp1", "cmp2", "cmp3"), ("", "doubtful"))
    assert doubtful == about(stand)
    cloud.stop(stand.now, COMPUTE, hosts=("cmp1",))
    stand.watch(cloud, 90)
    assert doubtful.keys() - {"cmp1"} == about(stand).keys()


def test_backends_of_one_machine() -> None:
    """One that is known to be silent leaves no doubt of the service there."""
    gold, silver = Who(CINDER, "net1@gold", "cinder-volume"), Who(CINDER, "net1@silver", "cinder-volume")
    stand, cloud = Stand(), fleet()
    cloud = Fleet((*cloud.agents, gold, silver), {gold: -40.0})
    stand.watch(cloud, 300)
    assert {"net1": ("", "doubtful")} == about(stand, "cinder-volume")
    cloud.silent[silver] = stand.now
    stand.watch(cloud, 90)
    assert {} == about(stand, "cinder-volume")


def by_api(cloud: Fleet, now: float) -> Agents:
    """Nova's verdicts, without ages; the others' ages."""
    rows = (
        replace(row, age=None, beat="", reports=None, up=(row.age or 0.0) <= 60) if row.service is Service.NOVA else row
        for row in cloud.at(now)
    )
    return Agents(Source.API, tuple(rows), ALL)


def test_a_verdict_without_an_age() -> None:
    """While clocks are apart it may be theirs; one that stays is believed, and with right clocks every one is."""
    for skew, expected in ((-40.0, {"cmp1": ("", "doubtful")}), (0.0, {})):
        stand, cloud = Stand(), fleet()
        cloud = Fleet((*cloud.agents, STORAGE), {STORAGE: skew})
        while stand.now < 1300:
            stand.ask(answer=by_api(cloud, stand.now))
        cloud.stop(stand.now, COMPUTE, hosts=("cmp1",))
        while stand.now < 1300 + 90:
            stand.ask(answer=by_api(cloud, stand.now))
        assert expected == about(stand)
        while stand.now < 1300 + 120 + DOUBTED:
            stand.ask(answer=by_api(cloud, stand.now))
        assert {} == about(stand)
