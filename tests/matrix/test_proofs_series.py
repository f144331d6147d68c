"""What is scraped in a proof: values on either side of the limit, with the labels of targets and of joins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.matrix.proofs_series import World, target, written_series
from cs_exporter.matrix.proofs_timing import BEYOND, pace_of
from cs_exporter.matrix.rows import Row
from tests.matrix.proving import RENDERING, stub


def world(row: Row) -> World:
    """What the proof of that row is made from."""
    assert row.symptom
    assert row.limit
    return World(row, row.symptom, row.limit, RENDERING, pace_of(row.wait, row.keep, RENDERING.intervals[row.probe]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsAbove", (0.51, 0.49)),
        ("CsAboveNothing", (1, 0)),
        ("CsAge", (4501, 4499)),
        ("CsAtOnce", (1, 0)),
        ("CsBelow", (-1, 1)),
        ("CsBelowSeries", (2, 4)),
        ("CsFalse", (0, 1)),
    ],
)
def test_either_side_of_the_limit(name: str, expected: tuple[float, float]) -> None:
    """One step away, in the direction in which it matters; what can't be less than 0 is 0."""
    assert expected == (world(stub(name)).beyond(), world(stub(name)).inside())


def test_an_age_is_a_moment_that_moves_on() -> None:
    """The clock of promtool starts at 0."""
    assert "-4501+30x2" == world(stub("CsAge")).values(((BEYOND, 3),))


PLACED = {"platform": "cloudstack", "cloud_zone": "zone1", "cloud_pod": "pod1", "cloud_cluster": "cluster1"}


@pytest.mark.parametrize(
    ("name", "placed", "more"),
    [
        ("CsMount", True, {"mountpoint": "/mnt/primary", "server": "nfs1", **PLACED}),
        ("CsCountdown", False, {"agent": "cloudstack-agent"}),
        ("CsCountdown", True, {"agent": "cloudstack-agent", "management_server": "management1", **PLACED}),
        ("CsDatabase", True, {"management_server": "management1", **PLACED}),
        ("CsServer", False, {"server": "h"}),
        ("CsPort", False, {"port_name": "management-agent", "management_server": "h"}),
    ],
)
def test_alerts_have_the_labels_of_what_they_are_joined_with(name: str, placed: bool, more: dict[str, str]) -> None:  # noqa: FBT001 - a parameter of the table
    """Place and servers, if there is anything to join with; a cause names itself."""
    expected = {"host": "h", "severity": "critical", "cause": "storage", **more}
    assert expected == world(stub(name)).alert("h", placed=placed)


def test_series_are_those_of_the_operators_selector() -> None:
    """Else no rule of his would find them; a metric's own label is not replaced by a target's."""
    found = target(replace(RENDERING, selector='job="mine",stage=~"one|two",x!="y"'), "b")
    assert ("mine", "one", "cs-b") == (found["job"], found["stage"], found["pod"])
    assert "x" not in found
    assert 'm{a="1", b="\\""}' == written_series("m", {"a": "1"}, {"a": "2", "b": '"'})
