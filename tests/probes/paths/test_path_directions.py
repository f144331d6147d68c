"""Paths measured both ways: only one that fails in one direction, and passes in the other, is an asymmetry."""

from __future__ import annotations

import pytest

from cs_exporter.model import Inventory, Peer, Traffic
from cs_exporter.probes.paths.metrics import PathMtuReading
from cs_exporter.probes.paths.path_directions import SPEC, PathDirectionsReading, derive
from cs_exporter.probes.paths.verdicts import PathRow, PathState
from cs_exporter.spec import Latest, Sample

OK, HOLE, REDUCED = PathState.OK, PathState.BLACK_HOLE, PathState.REDUCED


def row(name: str, state: PathState, traffic: Traffic = Traffic.OVERLAY) -> PathRow:
    """A path to that peer."""
    return PathRow(Peer(name, f"address of {name}", traffic), state)


def derived(**hosts: tuple[PathRow, ...]) -> PathDirectionsReading:
    """What is made of these hosts' paths."""
    readings = {host: PathMtuReading(rows) for host, rows in hosts.items()}
    return derive(Latest(Inventory(), {"path_mtu": readings}), 0.0)


def samples(reading: PathDirectionsReading) -> list[Sample]:
    """Those of cs_path_asymmetric."""
    (metric,) = [metric for metric in SPEC.metrics if metric.name == "cs_path_asymmetric"]
    return list(metric.read(reading))


@pytest.mark.parametrize("bad", [HOLE, REDUCED])
def test_the_worse_way_is_named(bad: PathState) -> None:
    """On the host whose packets do not pass."""
    found = derived(a=(row("b", bad), row("c", OK)), b=(row("a", OK),), c=(row("a", OK),))
    assert [Sample(1.0, ("b", "overlay"), host="a")] == samples(found)
    assert 4 == len(found.directions)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (OK, OK),
        (HOLE, HOLE),
        (HOLE, REDUCED),
        (HOLE, PathState.UNKNOWN),
        (PathState.UNREACHABLE, OK),
        (PathState.CACHED, OK),
    ],
)
def test_what_is_no_asymmetry(there: PathState, back: PathState) -> None:
    """Both bad, both well, or one without a verdict about sizes: a dead way is dead for echoes of both ends."""
    assert [] == samples(derived(a=(row("b", there),), b=(row("a", back),)))


def test_only_the_same_network_is_compared() -> None:
    """And only pairs of which both ends are known."""
    found = derived(a=(row("b", HOLE), row("nfs", HOLE)), b=(row("a", OK, Traffic.MANAGEMENT),))
    assert () == found.directions


def test_how_many_are_compared() -> None:
    """So that silence of the symptom can be told from having nothing to compare."""
    metric = SPEC.metrics[1]
    assert [Sample(2.0)] == list(metric.read(derived(a=(row("b", OK),), b=(row("a", OK),))))
    assert [Sample(0.0)] == list(metric.read(derived()))
