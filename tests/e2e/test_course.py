"""The course of faults: in which turn, and what a symptom's hold is at the pace of the tests."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.spec import BETWEEN_RUNS
from tests.demo.expressions import SYMPTOMS
from tests.demo.pace import TEST
from tests.e2e.course import holds, in_turn
from tests.e2e.test_placed import fault


def test_what_takes_long_begins() -> None:
    """By itself, then as many must wait for each other; else the catalogue's order. What must be alone is last."""
    alone = replace(fault("alone", "kvm3"), alone=True)
    slow = replace(fault("slow", "kvm1"), slack=lambda pace: pace.limit)
    shared = [replace(fault(name, "kvm2"), part="router") for name in ("one", "two")]
    slowest = replace(fault("slowest", "kvm1"), slack=lambda pace: 9 * pace.limit)
    found = in_turn([alone, fault("quick", "kvm3"), fault("other", "kvm3"), slow, *shared, slowest], TEST)
    assert ["slowest", "slow", "one", "two", "quick", "other", "alone"] == [one.name for one in found]


def test_a_hold_shrinks_with_the_pace() -> None:
    """Three runs in a row are those of a slow host; what the first one is believed needs not hold here either."""
    found = holds(TEST)
    assert {2 * BETWEEN_RUNS * TEST.slow_interval} == {found[one.name] for one in SYMPTOMS if one.runs == 3}
    assert {0.0} == {found[one.name] for one in SYMPTOMS if one.runs == 1 and not one.hold}
