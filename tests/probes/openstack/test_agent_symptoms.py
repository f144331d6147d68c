"""Single agents that are silent, down, gone, planned or disabled: which symptom tells it, and which do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.probes.openstack.agent_symptoms import SYMPTOMS
from cs_exporter.spec import Severity
from tests.probes.openstack.agents_stand import Stand, fleet

HOUR = 3600.0


def dead(binary: str, host: str, seconds: float, poll: float = 15.0) -> Stand:
    """A cloud that was well, and an agent that has been silent since."""
    stand, cloud = Stand(interval=poll), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, binary, hosts=(host,))
    stand.watch(cloud, seconds)
    return stand


@pytest.mark.parametrize(
    ("binary", "host", "expected"),
    [
        ("nova-conductor", "ctl1", ["CsOpenStackAgentSilent", "CsOpenStackAgentDown", "CsOpenStackAgentGone"]),
        ("neutron-l3-agent", "net1", ["CsOpenStackAgentSilent", "CsOpenStackAgentDown", "CsOpenStackAgentGone"]),
        ("nova-compute", "cmp1", ["CsOpenStackAgentSilent"]),  # cs_host_state tells that it is down
    ],
)
def test_the_course_of_a_death(binary: str, host: str, expected: list[str]) -> None:
    """Silent, then down, then a ticket after an hour; one of them at a time, and nothing else."""
    stand = dead(binary, host, HOUR + 60, poll=30.0)
    course = [tuple(sorted(found)) for _, found in stand.red if found]
    assert expected == [found[0][0] for found in dict.fromkeys(course)]
    assert {(host, binary)} == {one[1:] for found in course for one in found}


def test_planned_work_is_red_nowhere() -> None:
    """Forced down before its agent was stopped (E8), and while it goes on reporting."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "nova-compute", hosts=("cmp1",))
    for _ in range(20):
        forced = (replace(one, forced_down=one.host in {"cmp1", "cmp2"}) for one in cloud.at(stand.now))
        stand.ask(*forced)
    assert set() == stand.told()


def test_who_is_disabled_and_dead_is_told() -> None:
    """Clouds disable sick hosts themselves. The row's own time of change, which disabling moves, is no report (E8)."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, "nova-compute", hosts=("cmp1",))
    for _ in range(4):
        stand.ask(*(replace(one, enabled=one.host != "cmp1") for one in cloud.at(stand.now)))
    assert {"CsOpenStackAgentSilent"} == stand.told()


def test_who_is_disabled_and_well_is_red_nowhere() -> None:
    """A drained network agent that reports (E8: admin_state_up false, alive)."""
    stand, cloud = Stand(), fleet()
    for _ in range(20):
        stand.ask(*(replace(one, enabled=False) for one in cloud.at(stand.now)))
    assert set() == stand.told()


def test_a_forgotten_row_is_a_ticket_from_the_start() -> None:
    """An exporter that begins does not page for agents that were given away long ago."""
    stand, cloud = Stand(), fleet()
    gone = AgentState(Service.NEUTRON, "neutron-l3-agent", "ctl3", "9", 9 * HOUR, "old")
    for _ in range(10):
        stand.ask(*cloud.at(stand.now), replace(gone, age=9 * HOUR + stand.now))
    assert {"CsOpenStackAgentSilent", "CsOpenStackAgentGone"} == stand.told()


def test_a_cell_that_is_down_kills_nobody() -> None:
    """The API then tells names alone, and after that all of it again."""
    stand, cloud = Stand(), fleet()
    stand.watch(cloud, 60)
    for _ in range(6):
        short = (replace(one, age=None, beat="", reports=None) for one in cloud.at(stand.now))
        stand.ask(*short)
    stand.watch(cloud, 60)
    assert set() == stand.told()


def test_what_pages() -> None:
    """Only what is down, and was not for long."""
    pages = {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {"CsOpenStackAgentDown"} == pages
