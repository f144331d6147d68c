"""Planned work that begins or ends calls for a census; whatever else changes can wait for the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.discovery.urgency import calls_for_census
from cs_exporter.model import Census
from cs_exporter.platforms.cloudstack.states import Source, States
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading, compared
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
    assert expected is calls_for_census(reading(before), reading(after))


def test_other_readings_call_for_nothing() -> None:
    """Nor does the first one: a census is made at the start anyway."""
    for before, after in ((None, reading(MAINTAINED)), (reading(MAINTAINED), Census(())), (None, None)):
        assert not calls_for_census(before, after)
