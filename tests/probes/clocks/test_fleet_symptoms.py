"""Clocks that are compared with each other, as symptoms: who is told of, and who is not."""

from __future__ import annotations

import pytest

from cs_exporter.board import FLEET, Board
from cs_exporter.derive import latest_of
from cs_exporter.model import Host, Inventory, Mount, Outcome, Role
from cs_exporter.probes.clocks import clock_fleet
from cs_exporter.probes.clocks.time_drift import TimeDriftReading
from cs_exporter.symptoms import holding


def symptoms(*skews: float | None, pooled: bool = False) -> set[tuple[str, str]]:
    """(host, symptom) of a fleet h0, h1, ... with these skews, as they hold on a board; perhaps all of one pool."""
    mounts = (Mount("/mnt/primary", "nfs1", "192.0.2.9", "/export/primary"),) if pooled else ()
    roles = frozenset({Role.HYPERVISOR})
    hosts = [Host(f"h{number}", "192.0.2.1", roles=roles, mounts=mounts) for number in range(len(skews))]
    board = Board(Inventory({host.name: host for host in hosts}))
    for host, skew in zip(hosts, skews, strict=True):
        board.land(Outcome("time_drift", host.name, 0.0, 1000.0, 0.1, TimeDriftReading(None, None, skew, 0.001)), 60.0)
    derived = clock_fleet.SPEC.derive(latest_of(board, clock_fleet.SPEC, 1000.0, 0.0), 1000.0)
    board.land(Outcome("clock_fleet", FLEET, 0.0, 1000.0, 0.0, derived), 60.0)
    return {(held.host, held.symptom.name) for held in holding(board.snapshot(1000.0), (clock_fleet.SPEC,), 0.0)}


def test_one_host_is_wrong() -> None:
    """It stands out from the others, which do not stand out from it."""
    assert {("h1", "CsClockSkewFromFleet")} == symptoms(0.001, 2.5, 0.0, -0.001)


def test_the_exporter_is_wrong() -> None:
    """All hosts differ from it by the same, and none from the others."""
    assert {(FLEET, "CsExporterClockWrong")} == symptoms(-6.0, -6.001, -5.999)


def test_the_exporter_and_a_host_are_wrong() -> None:
    """Each is told apart from the other, though the host agrees with the exporter."""
    expected = {(FLEET, "CsExporterClockWrong"), ("h0", "CsClockSkewFromFleet")}
    assert expected == symptoms(0.0, -6.0, -6.0, -6.0)


def test_hosts_of_a_pool_are_apart() -> None:
    """The one that is wrong is named by its size, however wrong the exporter is; the others of the pool are not."""
    warned = {("h0", "CsClockSkewFromFleet"), ("h0", "CsClockSkewInPool")}
    assert warned == symptoms(3.0, 0.0, 0.0, pooled=True)
    assert {*warned, ("h0", "CsClockSkewInPoolCritical")} == symptoms(6.0, 0.0, 0.0, pooled=True)
    expected = {*warned, ("h0", "CsClockSkewInPoolCritical"), (FLEET, "CsExporterClockWrong")}
    assert expected == symptoms(0.0, -6.0, -6.0, pooled=True)
    assert {("h0", "CsClockSkewInPool")} == symptoms(3.0, 0.0, pooled=True), "below the quorum by the exporter's clock"


@pytest.mark.parametrize("skews", [(), (9.0,), (9.0, 0.0), (9.0, None, 0.0)])
def test_too_few_to_accuse_anybody(skews: tuple[float | None, ...]) -> None:
    """Of two clocks that differ, either may be right."""
    assert set() == symptoms(*skews)
