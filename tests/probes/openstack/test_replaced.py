"""Containers that are rolled out under new names: nobody is told of the old ones but by a ticket, when it is time."""

from __future__ import annotations

import pytest

from cs_exporter.probes.agents.reported import Reports, reports
from cs_exporter.probes.openstack.replaced import WITHIN, replaced
from tests.lab.openstack_schema import CINDER, NOVA
from tests.platforms.openstack.replay.timelines import Who
from tests.probes.openstack.agents_stand import CLOUD, Fleet, Stand, fleet

CONTROLLERS = ("ctl1", "ctl2", "ctl3")
SINGLE = {"CsOpenStackAgentSilent", "CsOpenStackAgentDown"}


def rolled_out(cloud: Fleet, at: float, generation: int) -> Fleet:
    """The cloud after all of its controllers' services were replaced at that moment; rows stay."""
    old = [who for who in cloud.agents if who not in cloud.silent and who.service in {NOVA, CINDER}]
    old = [who for who in old if who.binary != "nova-compute"]
    new = [Who(who.service, f"{who.binary}-{generation}-{number}", who.binary) for number, who in enumerate(old)]
    return Fleet((*cloud.agents, *new), cloud.skews, {**cloud.silent, **dict.fromkeys(old, at)})


def test_a_roll_out_pages_nobody() -> None:
    """Of several, one after the other; an hour later the rows are left over, and a ticket."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 300)
    for generation in range(3):
        cloud = rolled_out(cloud, stand.now, generation)
        stand.watch(cloud, 600)
    assert set() == stand.told() & SINGLE
    stand.watch(cloud, 3600)
    assert {"CsOpenStackAgentGone"} == stand.told()


def test_it_is_not_counted_down() -> None:
    """Nobody waits for who was replaced; for all others as ever."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 300)
    reading = stand.watch(rolled_out(cloud, stand.now, 1), 45)
    counted = {key for key, one in reports({CLOUD: reading}, {CLOUD: 15.0}, Reports()).rows.items() if one.counts}
    assert {("cmp1", "nova-compute"), ("net1", "neutron-l3-agent")} <= counted
    assert set() == {(name, "nova-conductor") for name in CONTROLLERS} & counted


def test_one_for_each() -> None:
    """Of three that die where two have come, one is dead."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 300)
    died = stand.now
    cloud.stop(died, "nova-conductor", hosts=CONTROLLERS[:2])
    new = Fleet((*cloud.agents, Who(NOVA, "pod1", "nova-conductor")), {}, cloud.silent)
    reading = stand.watch(new, 90)
    assert 1 == len(replaced(reading))
    assert {("CsOpenStackAgentDown", "nova-conductor")} == {(name, agent) for name, _, agent in stand.red[-1][1]}


def test_who_is_no_substitute() -> None:
    """One that came long before, one of another kind, and a hypervisor that is new."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 300)
    cloud = Fleet((*cloud.agents, Who(NOVA, "pod1", "nova-conductor"), Who(NOVA, "cmp4", "nova-compute")))
    stand.watch(cloud, WITHIN + 60)
    cloud = Fleet((*cloud.agents, Who(NOVA, "pod2", "nova-scheduler"), Who(NOVA, "cmp5", "nova-compute")))
    cloud.stop(stand.now, "nova-conductor", hosts=("ctl1",))
    cloud.stop(stand.now, "nova-compute", hosts=("cmp1",))
    assert frozenset() == replaced(stand.watch(cloud, 60))
    assert {"CsOpenStackAgentSilent"} <= stand.told()


@pytest.mark.parametrize("new", [("ctl4",), ("ctl4", "ctl5")])
def test_nobody_comes_in_his_own_place(new: tuple[str, ...]) -> None:
    """Those that were new, and died within minutes: nor in each other's."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 60)
    cloud = Fleet((*cloud.agents, *(Who(NOVA, host, "nova-conductor") for host in new)))
    stand.watch(cloud, 60)
    cloud.stop(stand.now, "nova-conductor", hosts=new)
    assert frozenset() == replaced(stand.watch(cloud, 60))


def test_after_a_restart_of_the_exporter() -> None:
    """All are new to it then, and nobody came in anybody's place."""
    before, cloud = Stand(), fleet()
    before.watch(cloud, 300)
    cloud.stop(before.now, "nova-conductor", hosts=("ctl1",))
    assert frozenset() == replaced(Stand(now=before.now + 30).watch(cloud, 90))
