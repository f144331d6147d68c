"""What a large cloud costs at every look, in work that any machine counts alike: calls of functions for each agent.

Seconds would say how busy the machine is; calls say what a change of the code adds.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import pytest

from cs_exporter.platforms.openstack.agents import Agents, Source
from cs_exporter.probes.agents.reported import Reports, reports
from cs_exporter.probes.openstack.clocks import Bounds, agreed
from cs_exporter.probes.openstack.reading import compared
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.platforms.openstack.replay.timelines import Who
from tests.probes.openstack.agents_stand import ALL, NAMES, RHYTHMS, WALL, Fleet, Stand

COMPUTES = 300
"""Each with three agents; what they cost must not depend on how many there are."""

BUDGET = 80
"""Calls for each agent and look. With 144, ten thousand hypervisors took most of a second of a core each time."""

PER_REPORT = 16
"""Calls for each agent of which it is told how long is left to it."""

OBJECTS = 6
"""For each agent that the garbage collector has to look at: what was said, its row and key, what its clock is."""

PER_CLOCK = 30
"""Calls for each clock that is compared with all others."""


def cloud(computes: int) -> Fleet:
    """Hypervisors as they are with Open vSwitch, and three controllers."""
    names = [f"cmp{number}" for number in range(computes)]
    heads = ("ctl1", "ctl2", "ctl3")
    return Fleet(
        (
            *(Who(NOVA, name, "nova-compute") for name in names),
            *(Who(NEUTRON, name, f"neutron-{kind}-agent") for kind in ("openvswitch", "metadata") for name in names),
            *(Who(NOVA, head, f"nova-{kind}") for kind in ("conductor", "scheduler") for head in heads),
            *(Who(CINDER, head, "cinder-scheduler") for head in heads),
        )
    )


def calls(work: Callable[[], object]) -> int:
    """How many functions, also those of C, are called for it."""
    number, before = 0, sys.getprofile()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number


@pytest.mark.parametrize("dead", [0.0, 0.7])
def test_a_look_at_many_agents(dead: float) -> None:
    """Most have reported since the last look; or most hypervisors have died, and each of them is weighed."""
    stand, agents = Stand(), cloud(COMPUTES)
    before = stand.watch(agents, 90)
    agents.stop(stand.now, "nova-compute", hosts=tuple(f"cmp{number}" for number in range(int(dead * COMPUTES))))
    stand.now += 45
    answer = Agents(Source.DATABASE, agents.at(stand.now), ALL, clock=(0.0, 0.001))

    def look() -> None:
        compared(answer, NAMES, before, stand.now, WALL + stand.now, RHYTHMS, 45.0)

    assert BUDGET * len(agents.agents) > calls(look)


def test_how_long_is_left_to_many_agents() -> None:
    """It is derived in the event loop, after each look."""
    agents = cloud(COMPUTES)
    reading = replace(Stand().watch(agents, 90), names={who.host: who.host for who in agents.agents})
    assert len(agents.agents) == len(reading.own)
    assert PER_REPORT * len(agents.agents) > calls(lambda: reports({"": reading}, {"": 15.0}, Reports()))


def test_what_is_kept_of_many_agents() -> None:
    """Little of it can be part of a cycle: the garbage collector stops everybody for as long as it looks through it."""
    stand, agents = Stand(), cloud(COMPUTES)
    gc.collect()
    before = len(gc.get_objects())
    reading = stand.watch(agents, 90)
    gc.collect()
    assert OBJECTS * len(reading.rows) > len(gc.get_objects()) - before


def test_many_clocks() -> None:
    """Each of a thousand machines stamps its own reports, as cinder's volumes do: no pair of them is looked at."""
    clocks = [Bounds(-10.0 - number / 1000, 8.0 + number / 1000) for number in range(1000)]
    assert PER_CLOCK * len(clocks) > calls(lambda: agreed(clocks, 3.0))
