"""A hypervisor on its way down, as the status has it: what foretold it stands until the cloud's verdict is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.board import FLEET, Board
from cs_exporter.derive import latest_of
from cs_exporter.model import Host, Inventory, Outcome
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.probes.openstack import openstack_agents
from cs_exporter.runner import run_derived
from cs_exporter.spec import ProbeSettings
from cs_exporter.web.picture import State, state_of
from cs_exporter.web.watch import Watch
from tests.platforms.openstack.replay.stage import StageClock, settings
from tests.probes.openstack.agents_stand import CLOUD, ENDPOINT, Stand, fleet

PROBE = openstack_agents.SPEC.name
DERIVED_FROM_IT = tuple(sheet for sheet in DERIVED if PROBE in sheet.inputs)


def states(phase: int) -> list[State]:
    """The hypervisor's state, second by second from when it dies on, by polls that fall so."""
    given: dict[str, object] = settings()
    assert isinstance(given[PROBE], ProbeSettings)
    hosts = {CLOUD: replace(ENDPOINT, settings=given), "cmp1": Host("cmp1", "192.0.2.1", "os", settings=given)}
    board, watch, clock = Board(Inventory(hosts)), Watch(PROBES, DERIVED), StageClock()
    stand, cloud = Stand(now=1000.0), fleet()
    stand.watch(cloud, 300)
    died = stand.now - phase
    cloud.stop(died, "nova-compute", hosts=("cmp1",))
    found = []
    for second in range(120):
        clock.now = died + second - 1000.0
        if clock.monotonic() >= stand.now:
            stand.ask(*cloud.at(stand.now))
            board.land(Outcome(PROBE, CLOUD, clock.time(), clock.monotonic(), 0.1, stand.reading), 15.0)
            for sheet in DERIVED_FROM_IT:
                latest = latest_of(board, sheet, clock.monotonic(), clock.time())
                board.land(run_derived(sheet, latest, FLEET, clock), 15.0)
        seen = watch.look(board.snapshot(clock.monotonic(), clock.time()), clock.time())
        found.append(min((state_of(one, clock.time()) for one in seen if one.held.host == "cmp1"), default=State.OK))
    return found


@pytest.mark.parametrize("phase", range(0, 15, 2))
def test_once_it_is_critical_it_stays_so(phase: int) -> None:
    """From the page that foretells to that of the verdict, which takes two looks: nobody takes it for better."""
    course = states(phase)
    first = course.index(State.CRITICAL)
    assert first < 60
    assert {State.CRITICAL} == set(course[first:])
