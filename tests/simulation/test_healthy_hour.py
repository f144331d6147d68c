"""A whole hour of a healthy cloud at default settings: nobody is told of anything, nothing turns red, nothing vanishes.

The hour is not a kind one: packets, polls and connections get lost, clocks wander, agents move, the exporter stalls.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.simulation import jitter
from tests.simulation.cloud import HYPERVISORS
from tests.simulation.hour import HOUR, LOOK, watch

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(240)]

LEAST_RUNS, LEAST_SERIES = 15_000, 60
"""Of all probes together, and of each hypervisor: so many were looked at, or the hour proves nothing."""
FEW_MINUTES = 300.0
MOVED = {"kvm05", "kvm09", "kvm11"}
"""Hosts whose agents change servers: nobody can say for a moment whether they are connected, and then by whom."""


@pytest.mark.parametrize("seed", [1, 2])
def test_no_red_at_all(tmp_path: Path, seed: int) -> None:
    """Not even for a moment; and every series that was there once stays, whatever single poll was lost."""
    report = watch(tmp_path, seed, jitter.EVENTS)
    assert [] == [str(spell) for spell in report.told()]
    assert [] == [str(spell) for spell in report.red()]
    assert {} == report.silent
    gone = {(name, *labels[:1]) for name, labels in (*report.gaps(), *report.ended())}
    assert {(name, host) for name in ("cs_agent_connected", "cs_agent_info") for host in MOVED} >= gone
    assert HOUR / LOOK - 1 == len(report.looks)
    assert report.runs > LEAST_RUNS
    assert report.failures > HYPERVISORS, "polls get lost"
    series = Counter(labels[0] for _, labels in report.seen if labels)
    assert all(series[f"kvm{number:02}"] > LEAST_SERIES for number in range(1, HYPERVISORS + 1))


def test_an_hour_is_the_same_again_by_its_seed(tmp_path: Path) -> None:
    """What fails once can be looked at as often as one likes."""
    first, second, other = (watch(tmp_path, seed, (), FEW_MINUTES) for seed in (5, 5, 6))
    assert (first.runs, first.failures, first.seen) == (second.runs, second.failures, second.seen)
    assert (first.failures, first.seen) != (other.failures, other.seen)
