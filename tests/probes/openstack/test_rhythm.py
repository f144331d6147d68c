"""How long agents may be silent: by the defaults of each service, and by settings that leave little time."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.probes.openstack.rhythm import DEFAULTS, Rhythm

NOVA, NEUTRON, HEAT = (DEFAULTS[service] for service in (Service.NOVA, Service.NEUTRON, Service.HEAT))


@pytest.mark.parametrize(("rhythm", "stopped", "late"), [(NOVA, 22, 25), (NEUTRON, 45, 50), (HEAT, 72, 80)])
def test_what_stops_together_is_known_before_anybody_is_late(rhythm: Rhythm, stopped: float, late: float) -> None:
    """By the defaults, in seconds; all of it before the service's own limit."""
    assert stopped == pytest.approx(rhythm.stopped)
    assert late == pytest.approx(rhythm.late)
    assert rhythm.interval < rhythm.stopped < rhythm.late < rhythm.limit


def test_a_limit_that_is_hardly_longer_than_the_interval() -> None:
    """Nobody is late before a report was missed."""
    assert 12 == Rhythm(10, 13).late
    assert pytest.approx(12.5 * 2 / 3) == Rhythm(5, 12.5).late


@pytest.mark.parametrize(
    ("rhythm", "age", "over"), [(NOVA, 70, 10), (NOVA, -70, 10), (NOVA, 5, -55), (NEUTRON, 80, 5), (NEUTRON, -80, -155)]
)
def test_a_report_from_the_future(rhythm: Rhythm, age: float, over: float) -> None:
    """Nova minds it as much as an old one, neutron takes it for fresh."""
    assert over == rhythm.overage(age)
