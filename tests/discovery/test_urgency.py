"""Planned work that begins or ends calls for a census; whatever else changes can wait for the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cs_exporter.discovery.urgency import census_called_for
from cs_exporter.model import Census
from cs_exporter.platforms.cloudstack.states import Source, States
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service
from cs_exporter.platforms.openstack.agents import Source as OpenStackSource
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading, compared
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.probes.openstack.reading import compared as compared_agents
from cs_exporter.probes.openstack.rhythm import DEFAULTS
from tests.probes.cloudstack.states_stand import KVM1, MS1, NAMES, PING

WELL = States(Source.DATABASE, (KVM1,), (MS1,))
PREPARES = replace(WELL, hosts=(replace(KVM1, resource_state="PrepareForMaintenance"),))
MAINTAINED = replace(WELL, hosts=(replace(KVM1, resource_state="Maintenance", state="Disconnected"),))


def reading(states: States) -> CloudStackStatesReading:
    """Of one answer."""
    return compared(states, NAMES, None, 0.0, PING)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (WELL, PREPARES, True),
        (MAINTAINED, WELL, True),
        (PREPARES, MAINTAINED, False),
        (WELL, replace(WELL, hosts=(replace(KVM1, state="Alert"),)), False),
        (WELL, replace(WELL, servers=(replace(MS1, state="PreparingForShutDown"),)), True),
        (WELL, replace(WELL, servers=(replace(MS1, state="Down"),)), False),
    ],
)
def test_planned_work(before: States, after: States, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """Of a host or a management server."""
    assert ("cloudstack_census" if expected else None) == census_called_for(reading(before), reading(after))


def test_other_readings_call_for_nothing() -> None:
    """Nor does the first one: a census is made at the start anyway."""
    for before, after in ((None, reading(MAINTAINED)), (reading(MAINTAINED), Census(())), (None, None)):
        assert census_called_for(before, after) is None


def agents(before: OpenStackAgentsReading | None = None, **fields: Any) -> OpenStackAgentsReading:  # noqa: ANN401  # any field of a row
    """Of an answer with one nova-compute."""
    row = replace(AgentState(Service.NOVA, "nova-compute", "cmp1", "1", age=5.0, reports=7), **fields)
    answer = Agents(OpenStackSource.DATABASE, (row,), told=frozenset({Service.NOVA}))
    return compared_agents(answer, {"cmp1": "cmp1"}, before, 0.0, 0.0, DEFAULTS, 15.0)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"forced_down": True}, "openstack_census"),
        ({"forced_down": True}, {}, "openstack_census"),
        ({"forced_down": True}, {"forced_down": True, "age": 80.0}, None),
        ({}, {"enabled": False}, None),
        ({}, {"age": 80.0}, None),
    ],
)
def test_planned_work_of_openstack(before: dict[str, Any], after: dict[str, Any], expected: str | None) -> None:
    """Somebody has forced a host down; that one is disabled, or late, is no planned work."""
    first = agents(**before)
    assert expected == census_called_for(first, agents(first, **after))


def test_an_answer_without_nova_ends_no_planned_work() -> None:
    """What was told before stays known."""
    first = agents(forced_down=True)
    without = Agents(OpenStackSource.DATABASE, (), lacking={Service.NOVA: "denied"})
    after = compared_agents(without, {"cmp1": "cmp1"}, first, 15.0, 15.0, DEFAULTS, 15.0)
    assert census_called_for(first, after) is None
    assert census_called_for(first, reading(WELL)) is None
