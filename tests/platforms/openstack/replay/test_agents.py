"""E1, E2, E3 and E3b: whoever is dead is told alone, what all have in common is told once, a wrong clock is no death.

Each timeline is replayed second by second at several phases of the polls; what is heard is all that is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from tests.lab.mysql import MysqlServer
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.platforms.openstack.replay.agents_stage import CLOUD, agents_stage
from tests.platforms.openstack.replay.stage import Course
from tests.platforms.openstack.replay.timelines import Story, Who, joined, read, steady, story

LEAD = 90.0
PHASES = pytest.mark.parametrize("phase", [0, 4, 7, 11])

CONDUCTOR = Who(NOVA, "ctl1", "nova-conductor")
COMPUTES = CMP1, CMP2 = tuple(Who(NOVA, name, "nova-compute") for name in ("cmp1", "cmp2"))
SCHEDULER = Who(CINDER, "ctl1", "cinder-scheduler")
DHCP, L3, METADATA = (Who(NEUTRON, "net1", f"neutron-{name}-agent") for name in ("dhcp", "l3", "metadata"))

LATE = ("CsHostAlertImminent", "CsHostAlertImminentCritical", "CsOpenStackAgentSilent")
"""Stages on the way down: which of them are heard depends on the second at which the poll falls."""

SECOND_LOOK = 19
"""Seconds after which a page that takes two runs is heard: those of a shared cause, which a restart may be."""

UNSTARTED = "CsOpenStackBackendUnstarted"
CLOCKS = "CsOpenStackClocksApart"


def frozen_conductor() -> Story:
    """E2, whose recording has no ages of neutron's agents: one was frozen besides, all others were well."""
    told = story(joined(*read("E2")), lead=LEAD)
    well = {who: steady(who, told.seconds, first=7.0) for who in (L3, METADATA)}
    stopped = (*steady(DHCP, LEAD - 18, first=12.0), *steady(DHCP, told.seconds, first=told.looks[-6].at))
    return replace(told, beats={**told.beats, **well, DHCP: stopped})


def shifted(number: int, ahead: float) -> Callable[[], Story]:
    """A block of E3 in which the conductor's clock is that far ahead: its own rows, and those that it writes."""
    return lambda: story(read("E3")[number], lead=LEAD, ahead=dict.fromkeys((CONDUCTOR, *COMPUTES), ahead))


@dataclass(frozen=True)
class Case:
    """`heard`: name -> hosts, of pages and tickets, stages on the way down left out; these may be of `late` hosts.

    `first`: names of which one is red about a host so many seconds at most after the fault began, and then heard.
    `ahead`: whom the cloud itself called down, and so many seconds before it that was.
    """

    told: Callable[[], Story]
    heard: Mapping[str, set[str]]
    first: tuple[tuple[str, ...], str, float]
    late: frozenset[str] = frozenset()
    ahead: tuple[Who, float] | None = None


CASES = {
    "E1 compute and DHCP agent frozen": Case(
        lambda: story(joined(*read("E1")), lead=LEAD),
        {"CsComputeDown": {"cmp1"}, "CsOpenStackAgentDown": {"net1"}},
        (LATE, "cmp1", 36),
        late=frozenset({"cmp1", "net1"}),
        ahead=(CMP1, 15),
    ),
    "E2 conductor frozen": Case(
        frozen_conductor,
        {"CsOpenStackConductorSilent": {CLOUD}, "CsOpenStackAgentDown": {"net1"}},
        (("CsOpenStackConductorSilent",), CLOUD, 31),
        late=frozenset({"net1"}),
        ahead=(CMP1, 7),
    ),
    "E3 crashed, and a report that the server drops": Case(
        lambda: story(read("E3")[0], lead=LEAD),
        {"CsComputeDown": {"cmp2"}, "CsOpenStackAgentDown": {"net1", "ctl1"}, UNSTARTED: {"ctl1"}},
        (LATE, "cmp2", 36),
        late=frozenset({"cmp2", "net1", "ctl1"}),
        ahead=(CMP2, 15),
    ),
    "E3 conductor 70 s behind": Case(shifted(1, -70), {CLOCKS: {CLOUD}}, ((CLOCKS,), CLOUD, 25)),
    "E3 conductor 70 s ahead": Case(shifted(2, 70), {CLOCKS: {CLOUD}}, ((CLOCKS,), CLOUD, 25)),
    "E3 conductor 55 s behind": Case(shifted(3, -55), {CLOCKS: {CLOUD}}, ((CLOCKS,), CLOUD, 25)),
    "E3b compute 120 s behind, cinder-scheduler 90 s": Case(
        lambda: story(read("E3b")[0], lead=LEAD, ahead={SCHEDULER: -90.0}),
        {CLOCKS: {CLOUD}, UNSTARTED: {"ctl1"}},
        ((CLOCKS,), CLOUD, 30),
    ),
}

TICKET = {"CsOpenStackWriterClock": {"ctl1"}}
"""Which clock it is: a ticket beside the page, where the recording lasts for as long as that takes."""


def without_stages(course: Course, case: Case) -> dict[str, set[str]]:
    """What was heard, less the stages on the way down, each of which must be about a host that went down."""
    heard = course.told()
    for name in LATE:
        assert heard.pop(name, set()) <= case.late, name
    if CLOCKS in heard:
        assert heard.pop("CsOpenStackWriterClock", set()) <= TICKET["CsOpenStackWriterClock"]
    return heard


@PHASES
@pytest.mark.parametrize("name", CASES)
async def test_a_timeline(name: str, phase: int, mariadb: MysqlServer) -> None:
    """What is heard is what was wrong, first things first, before the cloud's own verdict; and nothing else."""
    case = CASES[name]
    told = case.told()
    async with agents_stage(mariadb, told, phase=phase) as playing:
        course = await playing.play()
        assert {} == playing.stage.failures()
    assert case.heard == without_stages(course, case)
    names, host, until = case.first
    first = min(course.first(one, host) for one in names if host in course.told().get(one, set()))
    seen = min(seconds[0] for one, seconds in course.red.items() if one.name in names and one.host == host)
    assert seen - LEAD <= until
    assert first - seen <= SECOND_LOOK
    if case.ahead is not None:
        who, lead = case.ahead
        assert told.down(who) - first >= lead


@PHASES
@pytest.mark.parametrize("name", ["E1", "E2"])
async def test_it_ends_with_its_cause(name: str, phase: int, mariadb: MysqlServer) -> None:
    """One poll after the last report that was missing nothing is red any more."""
    blocks = read(name)
    told = story(joined(*blocks), lead=LEAD)
    async with agents_stage(mariadb, told, phase=phase) as playing:
        course = await playing.play()
    begun = told.looks[-len(blocks[-1].looks)].at
    late = {one: seconds[-1] for one, seconds in course.red.items() if seconds[-1] > begun + 22}
    assert {} == late


async def test_all_is_well(mariadb: MysqlServer) -> None:
    """Ten minutes in which everybody reports: no symptom is red, not for a second."""
    agents = (CONDUCTOR, Who(NOVA, "ctl1", "nova-scheduler"), *COMPUTES, SCHEDULER, DHCP, L3, METADATA)
    beats = {who: steady(who, 600, first=float(3 * number)) for number, who in enumerate(agents)}
    async with agents_stage(mariadb, Story(600, beats), phase=7) as playing:
        course = await playing.play()
    assert {} == course.red


@pytest.mark.parametrize(("number", "ahead"), [(1, -70.0), (2, 70.0)])
async def test_ages_are_told_with_their_sign(number: int, ahead: float, mariadb: MysqlServer) -> None:
    """A row of the future is as far from now as nova sees it, and reports are still counted."""
    told = shifted(number, ahead)()
    async with agents_stage(mariadb, told, phase=7) as playing:
        await playing.play()
        age = playing.stage.value("cs_openstack_agent_age_seconds", "cmp1", "nova-compute", "")
        limit = playing.stage.value("cs_agent_heartbeat_limit_seconds", "cmp1", "nova-compute")
    assert age is not None
    assert 12 >= abs(age + ahead)
    assert 60 == limit
