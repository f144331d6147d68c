"""The derived probe clock_fleet: from the skews of a fleet to who is wrong, and to nobody where nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Host, Inventory, Mount, Role
from cs_exporter.probes.clocks import clock_fleet
from cs_exporter.probes.clocks.clock_fleet import QUORUM, ClockFleetReading
from cs_exporter.probes.clocks.time_drift import TimeDriftReading
from cs_exporter.spec import Latest


def reading(skew: float | None) -> TimeDriftReading:
    """A host of which only the skew is known."""
    return TimeDriftReading(None, None, skew, 0.001)


def derive(*skews: float | None) -> ClockFleetReading:
    """The reading of a fleet h0, h1, ... with these skews."""
    readings = {f"h{number}": reading(skew) for number, skew in enumerate(skews)}
    return clock_fleet.derive(Latest(Inventory(), {"time_drift": readings}), 0.0)


def test_one_host_is_wrong() -> None:
    """It stands out from the others, which do not stand out from it."""
    found = derive(0.001, 2.5, 0.0, -0.001)
    assert (4, 0.0005) == (found.hosts, found.median)
    assert pytest.approx({"h0": 0.0005, "h1": 2.4995, "h2": -0.0005, "h3": -0.0015}) == found.from_median


@pytest.mark.parametrize("skews", [(), (9.0,), (9.0, 0.0), (9.0, None, 0.0)])
def test_too_few_to_accuse_anybody(skews: tuple[float | None, ...]) -> None:
    """Of two clocks that differ, either may be right; a host without a known skew does not count."""
    assert ClockFleetReading(sum(skew is not None for skew in skews), None, {}, {}) == derive(*skews)


def test_hosts_of_a_pool_are_compared_by_the_fleets_time() -> None:
    """And by the exporter's where the fleet is too small to have one; less what is not known exactly."""
    mounts = (Mount("/mnt/primary", "nfs1", "192.0.2.9", "/export/primary"),)
    hosts = {name: Host(name, "192.0.2.1", roles=frozenset({Role.HYPERVISOR}), mounts=mounts) for name in ("h0", "h1")}
    for skews, expected in (((0.0, 3.0, 3.0), {"h0": 2.998, "h1": 0.0}), ((0.0, 3.0), {"h0": 0.0, "h1": 2.998})):
        readings = {f"h{number}": reading(skew) for number, skew in enumerate(skews)}
        found = clock_fleet.derive(Latest(Inventory(hosts), {"time_drift": readings}), 0.0)
        assert pytest.approx(expected) == found.in_pool


def test_rows_stand_under_their_hosts() -> None:
    """The distance belongs to the host it is about; the median and the number to the fleet, without a host label."""
    metrics = {metric.name: metric for metric in clock_fleet.METRICS}
    found = derive(0.0, 1.0, 5.0)
    rows = metrics["cs_clock_skew_from_fleet_seconds"].read(found)
    assert {"h0": -1.0, "h1": 0.0, "h2": 4.0} == {row.host: row.value for row in rows}
    pooled = metrics["cs_clock_skew_from_pool_seconds"].read(replace(found, in_pool={"h2": 4.0}))
    assert {"h2": 4.0} == {row.host: row.value for row in pooled}
    assert ([1.0], [3.0]) == tuple(
        [sample.value for sample in metrics[name].read(found)]
        for name in ("cs_clock_fleet_skew_seconds", "cs_clock_fleet_hosts")
    )
    assert {"cs_clock_fleet_skew_seconds", "cs_clock_fleet_hosts"} == {
        name for name, metric in metrics.items() if not metric.per_host
    }


def test_readings_of_other_probes_do_not_count() -> None:
    """Nor what is no reading of time_drift."""
    latest = Latest(Inventory(), {"time_drift": {"h0": reading(1.0), "h1": "else"}, "other": {"h2": reading(1.0)}})
    assert 1 == clock_fleet.derive(latest, 0.0).hosts


@given(st.lists(st.floats(-1e6, 1e6), min_size=QUORUM))
def test_at_most_half_of_the_fleet_is_on_either_side(skews: list[float]) -> None:
    """However wrong some are, the middle is the middle."""
    distances = derive(*skews).from_median.values()
    assert len(skews) / 2 >= sum(distance > 0 for distance in distances)
    assert len(skews) / 2 >= sum(distance < 0 for distance in distances)
