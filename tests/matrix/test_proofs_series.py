"""What is scraped in a proof: values on either side of the limit, with the labels of targets and of joins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.matrix.proofs_series import World, target, written_series
from cs_exporter.matrix.proofs_timing import BEYOND, pace_of
from tests.matrix.proving import USUAL


def world(name: str) -> World:
    """What the proof of that alert is made from."""
    row = next(row for row in USUAL.rows if row.name == name)
    assert row.symptom
    assert row.limit
    pace = pace_of(row.wait, row.keep, USUAL.rendering.intervals[row.probe])
    return World(row, row.symptom, row.limit, USUAL.rendering, pace)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsNfsServerSlow", (0.51, 0.49)),
        ("CsVxlanHeadroomNegative", (-1, 1)),
        ("CsNfsServerDown", (0, 1)),
        ("CsMysqlSaturated", (1, 0)),
        ("CsNfsRequestsOutstanding", (1, 0)),
        ("CsGaleraTooSmall", (2, 4)),
        ("CsClockLastSyncOld", (4501, 4499)),
    ],
)
def test_either_side_of_the_limit(name: str, expected: tuple[float, float]) -> None:
    """One step away, in the direction in which it matters; what can't be less than 0 is 0."""
    assert expected == (world(name).beyond(), world(name).inside())


def test_an_age_is_a_moment_that_moves_on() -> None:
    """The clock of promtool starts at 0."""
    assert "-4501+60x2" == world("CsClockLastSyncOld").values(((BEYOND, 3),))


def test_alerts_have_the_labels_of_what_they_are_joined_with() -> None:
    """Place and servers, if there is anything to join with."""
    assert {
        "host": "h", "mountpoint": "/mnt/primary", "platform": "cloudstack", "cloud_zone": "zone1",
        "cloud_pod": "pod1", "cloud_cluster": "cluster1", "server": "nfs1", "severity": "warning", "cause": "storage",
    } == world("CsStorageHeartbeatLate").alert("h", placed=True)  # fmt: skip
    assert {"host": "h", "agent": "cloudstack-agent", "severity": "critical", "cause": "agent"} == world(
        "CsAgentSessionGone"
    ).alert("h", placed=False)


def test_series_are_those_of_the_operators_selector() -> None:
    """Else no rule of his would find them; a metric's own label is not replaced by a target's."""
    found = target(replace(USUAL.rendering, selector='job="mine",stage=~"one|two",x!="y"'), "b")
    assert ("mine", "one", "cs-b") == (found["job"], found["stage"], found["pod"])
    assert "x" not in found
    assert 'm{a="1", b="\\""}' == written_series("m", {"a": "1"}, {"a": "2", "b": '"'})
