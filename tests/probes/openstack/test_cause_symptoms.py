"""What agents have in common: one page for it, before any of them is late; and what can't be known is said."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.openstack.agents import Agents, Service, Source
from cs_exporter.probes.openstack.cause_symptoms import SYMPTOMS
from cs_exporter.probes.openstack.stops import Suspect
from cs_exporter.spec import Severity
from tests.probes.openstack.agents_stand import ALL, Stand, fleet

STOPPED = {symptom.labels["suspect"]: symptom for symptom in SYMPTOMS if "suspect" in symptom.labels}


def test_every_suspect_has_its_symptom() -> None:
    """All of them page: a minute later the whole cloud is down."""
    assert {suspect.value for suspect in Suspect} == STOPPED.keys()
    assert {Severity.CRITICAL} == {symptom.severity for symptom in STOPPED.values()}


@pytest.mark.parametrize("poll", [1.0, 5.0, 15.0])
@pytest.mark.parametrize("computes", [2, 3, 5])
def test_it_is_told_before_any_hypervisor_is_late(poll: float, computes: int) -> None:
    """A frozen conductor: at the look before the first row is 25 s old, or at that one."""
    stand, cloud = Stand(interval=poll), fleet(computes)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "nova-compute", "nova-conductor")
    stand.watch(cloud, poll)
    while not any(name == "CsOpenStackConductorSilent" for name, *_ in stand.red[-1][1]):
        assert 25 >= max(stand.row(f"cmp{number}").age or 0 for number in range(1, computes + 1))
        stand.watch(cloud, poll)
    assert not any(
        name.startswith("CsOpenStackAgent") and host != "ctl1" for _, found in stand.red for name, host, _ in found
    )


def test_ages_that_mean_nothing() -> None:
    """Nova with servicegroup_driver = mc: its rows stand still for ever, and nobody is called dead for it."""
    stand, cloud = Stand(), fleet()
    cloud.stop(stand.now, "nova-compute", "nova-conductor", "nova-scheduler")
    for _ in range(20):
        answer = Agents(
            *(Source.DATABASE, cloud.at(stand.now), ALL),
            unusable={Service.NOVA: "servicegroup_driver = mc"},
            clock=(0.0, 0.001),
        )
        stand.ask(answer=answer)
    assert {"CsOpenStackAgesUnusable"} == stand.told()
    assert stand.row("cmp1").age is None


def test_a_service_that_is_lacking_is_named() -> None:
    """What of it was told is as good as ever."""
    stand, cloud = Stand(), fleet()
    for _ in range(4):
        answer = Agents(*(Source.DATABASE, cloud.at(stand.now), ALL, {Service.NOVA: "cell2: denied"}), clock=(0.0, 0.1))
        stand.ask(answer=answer)
    assert {("CsOpenStackServiceUntold", "", "nova")} == stand.red[-1][1]
