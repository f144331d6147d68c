"""A routine restart pages nobody, and what is no restart pages as soon as that is known.

A conductor, or neutron-server, that is the only one: while it is away nobody's report is written, and those that wait
are as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import pytest

from cs_exporter.platforms.openstack.agents import AgentState
from cs_exporter.probes.agents.countdown_metrics import METRICS, AgentCountdownReading
from cs_exporter.probes.agents.reported import Reports, reports
from cs_exporter.probes.openstack.cause_symptoms import SYMPTOMS
from cs_exporter.spec import Symptom
from tests.probes.openstack.agents_stand import CLOUD, Fleet, Stand, fleet

POLL = 15.0
BY_NAME = {symptom.name: symptom for symptom in SYMPTOMS}
CONDUCTOR, NEUTRON = BY_NAME["CsOpenStackConductorSilent"], BY_NAME["CsOpenStackNeutronServerSilent"]
PHASES = range(15)
BEGINNINGS = (1200, 1205, 1215)
"""Against the rhythm of the reports, of which intervals are 10 and 30 s."""
CLOUDS = pytest.mark.parametrize("computes", [2, 3, 20])


def silent(cloud: Fleet, symptom: Symptom) -> Iterable[str]:
    """The agents whose reports are written by who is away."""
    ours = {"nova-compute", "nova-conductor"}
    binaries = {who.binary for who in cloud.agents}
    return binaries & ours if symptom is CONDUCTOR else {name for name in binaries if name.startswith("neutron-")}


def looked(symptom: Symptom, computes: int, began: int, phase: int, away: float) -> Stand:
    """The looks at a cloud in which whoever writes was away for so long, and two minutes more."""
    cloud, stand = fleet(computes), Stand(POLL, began - 300 + phase)
    back = began + away
    stand.watch(cloud, 300 - phase)
    cloud.stop(began, *silent(cloud, symptom))
    gone = {f"{who}" for who in cloud.silent}
    while stand.now < back:
        stand.ask(*cloud.at(stand.now))
    cloud.silent.clear()
    while stand.now < back + 120:
        stand.ask(*(_caught_up(one, stand.now - back) if one.key in gone else one for one in cloud.at(stand.now)))
    return stand


def _caught_up(said: AgentState, since: float) -> AgentState:
    """A report that waited is written the moment that somebody is back."""
    return said if (said.age or 0) < since else replace(said, age=since, beat="back")


def pages(stand: Stand, symptom: Symptom) -> float | None:
    """When it is heard: `runs` looks in a row have seen it, and the time between them has passed."""
    seen = [any(name == symptom.name for name, *_ in found) for _, found in stand.red]
    for place in range(len(seen) - symptom.runs + 1):
        if all(seen[place : place + symptom.runs]):
            return stand.red[place][0] + symptom.wait(POLL)
    return None


@CLOUDS
@pytest.mark.parametrize(("symptom", "away"), [(CONDUCTOR, 28), (NEUTRON, 38)], ids=["conductor", "neutron"])
def test_a_restart_pages_nobody(symptom: Symptom, away: int, computes: int) -> None:
    """Whenever it begins, and the looks fall. Neutron has agents as down from 45 s on: that is no restart any more."""
    seen = [looked(symptom, computes, began, phase, away) for began, phase in product(BEGINNINGS, PHASES)]
    assert {None} == {pages(stand, symptom) for stand in seen}


@CLOUDS
@pytest.mark.parametrize(("symptom", "within"), [(CONDUCTOR, 52), (NEUTRON, 72)], ids=["conductor", "neutron"])
def test_whoever_stays_away_is_told(symptom: Symptom, within: int, computes: int) -> None:
    """Before nova has half of its hypervisors as down (50 to 60 s), and neutron all of its agents (75 s)."""
    for began, phase in product(BEGINNINGS, PHASES):
        heard = pages(looked(symptom, computes, began, phase, 200), symptom)
        assert heard is not None
        assert began + within >= heard


def values(stand: Stand, name: str, after: float = 0.0) -> dict[tuple[str | None, str], float]:
    """What a metric of agent_countdown has so long after the latest look, by host and agent."""
    assert stand.reading is not None
    found = reports({CLOUD: stand.reading}, {CLOUD: POLL}, Reports())
    reading = AgentCountdownReading(reports=found, now=stand.reading.now + after)
    read = (one for metric in METRICS if metric.name == name for one in metric.read(reading))
    return {(one.host, one.labels[0]): one.value for one in read}


def counted(stand: Stand, name: str) -> set[tuple[str | None, str]]:
    """Host and agent of all that it has."""
    return set(values(stand, name))


def paging(stand: Stand) -> set[tuple[str | None, str]]:
    """Host and agent of all whose countdown pages by the latest look, or will before the next one."""
    left, limits = (
        values(stand, "cs_agent_seconds_to_alert", POLL),
        values(stand, "cs_agent_very_late_seconds_to_alert"),
    )
    return {key for key, limit in limits.items() if left.get(key, limit) < limit}


@pytest.mark.parametrize("name", ["cs_agent_late_seconds_to_alert", "cs_agent_very_late_seconds_to_alert"])
def test_nor_does_the_countdown_of_each(name: str) -> None:
    """It goes on, and has no limit while it is known that it is not their own; nobody else's is touched."""
    stand, cloud, compute = Stand(POLL), fleet(), ("cmp1", "nova-compute")
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *silent(cloud, CONDUCTOR))
    assert compute in counted(stand, name)
    stand.watch(cloud, 45)
    assert compute in counted(stand, "cs_agent_seconds_to_alert")
    assert {compute, ("ctl1", "nova-conductor")}.isdisjoint(counted(stand, name))
    assert {("cmp1", "neutron-openvswitch-agent"), ("ctl1", "nova-scheduler")} <= counted(stand, name)
    cloud.silent.clear()
    stand.watch(cloud, 60)
    assert compute in counted(stand, name)


@pytest.mark.parametrize("away", [20, 30, 40, 150])
@pytest.mark.parametrize("symptom", [CONDUCTOR, NEUTRON], ids=["conductor", "neutron"])
def test_whoever_waits_pages_for_none(symptom: Symptom, away: int) -> None:
    """Long before it is known that they stopped together: of nobody is it known that he is silent alone."""
    began = BEGINNINGS[0]
    for phase in range(0, 30, 2):
        cloud, stand = fleet(5), Stand(POLL, began - 300 + phase)
        stand.watch(cloud, 300 - phase)
        cloud.stop(began, *silent(cloud, symptom))
        waiting, back = {f"{who}" for who in cloud.silent}, began + away
        while stand.now < began + 150:
            if stand.now >= back:
                cloud.silent.clear()
            rows, since = cloud.at(stand.now), stand.now - back
            stand.ask(*(_caught_up(one, since) if since >= 0 and one.key in waiting else one for one in rows))
            assert set() == paging(stand)


@pytest.mark.parametrize(
    ("host", "binary", "limit"),
    [("net1", "neutron-l3-agent", 75), ("cmp1", "nova-compute", 60), ("ctl1", "cinder-scheduler", 60)],
)
def test_who_is_silent_alone_pages_before_the_verdict(host: str, binary: str, limit: float) -> None:
    """As soon as anybody of its kind has reported since it was due; with 10 s for whoever asks us for it."""
    for phase in range(0, 30, 2):
        cloud, stand = fleet(), Stand(POLL, BEGINNINGS[0] - 300 + phase)
        stand.watch(cloud, 300)
        cloud.stop(stand.now, binary, hosts=(host,))
        while (stand.row(host, binary).age or 0) <= limit - 10 and (host, binary) not in paging(stand):
            stand.watch(cloud, POLL)
        assert {(host, binary)} == paging(stand)
        assert (stand.row(host, binary).age or 0) <= limit - 10


def test_what_all_need_has_no_countdown_of_anybody() -> None:
    """Nobody writes: the first who are known to be silent tell of those, too, who are not silent for long yet."""
    stand, cloud = Stand(1.0), fleet(controllers=1)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *(who.binary for who in cloud.agents))
    while not stand.watch(cloud, 1).stops:
        assert counted(stand, "cs_agent_late_seconds_to_alert")
    assert set() == counted(stand, "cs_agent_late_seconds_to_alert")
