"""The course of faults: in which turn, a hold at the pace of the tests, what the lab failed, how long it waits."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from cs_exporter.spec import BETWEEN_RUNS
from tests.demo.expressions import SYMPTOMS
from tests.demo.fault import Fault
from tests.demo.pace import TEST
from tests.e2e import course
from tests.e2e.course import ALONE, RESOLVED, Course, holds, in_turn
from tests.e2e.fake_stand import BREAKING, SHOWS, Fails, FakeStand
from tests.e2e.judge import Failing, of_fault, seen, stories_that_count, strangers
from tests.e2e.paging import RED
from tests.e2e.stand import LOOK
from tests.e2e.test_paging import CRITICAL, alert, notified
from tests.e2e.test_placed import HERE_ONLY, fault


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


FAILING = Failing("kvm1", "time_drift", "host_key")


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> FakeStand:
    """On a machine that has time."""
    monkeypatch.setattr(course, "PAUSE", 0)
    monkeypatch.setattr(course, "overload", lambda: 1.0)
    return FakeStand()


@pytest.mark.parametrize("fails", ["break", "mend"])
def test_what_the_lab_failed_was_there_all_the_same(stand: FakeStand, fails: Fails) -> None:
    """What was seen of it is its own. It is tried again by itself, and that counts."""
    tried = Course(stand, [stand.fault("a", "kvm1", fails, 1)])
    evidence = tried.run()
    assert {"a": [f"LabError: it did not {fails}"]} == tried.again
    first, last = evidence.stories
    assert any(first.broken.begin < at < last.broken.begin for at in evidence.failing[FAILING])
    assert [] == [*of_fault(last, evidence), *strangers(evidence)]
    assert ({}, (last,)) == (tried.errors, stories_that_count(evidence))


@pytest.mark.parametrize("fails", ["break", "mend"])
def test_what_the_lab_fails_again_is_an_error(stand: FakeStand, fails: Fails) -> None:
    """And not one of what else was seen."""
    tried = Course(stand, [stand.fault("a", "kvm1", fails, 2)])
    assert [] == list(strangers(tried.run()))
    assert {"a": f"LabError: it did not {fails}"} == tried.errors


@pytest.mark.parametrize("fails", ["break", "mend"])
def test_too_many_that_the_lab_failed_stay_errors(stand: FakeStand, fails: Fails) -> None:
    """None is tried again then."""
    every = [stand.fault(f"fault {number}", f"kvm{number}", fails, 1) for number in range(ALONE + 1)]
    tried = Course(stand, every)
    assert [] == list(strangers(tried.run()))
    assert {} == tried.again
    assert {fault.name for fault in every} == set(tried.errors)


def test_a_fault_has_the_time_of_its_own_overload(stand: FakeStand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The highest since it was broken. What the machine had to do before is the course's only."""

    def load() -> float:
        return 4.0 if [math.inf] == [span.end for span in stand.broken["kvm1"]] else 1.5

    monkeypatch.setattr(course, "overload", load)
    where = {"first": "kvm1", "beside": "kvm2", "later": "kvm1"}
    evidence = Course(stand, [stand.fault(name, host) for name, host in where.items()]).run()
    found = {story.placed.fault.name: (story.overload, story.limit) for story in evidence.stories}
    assert {"first": (4.0, 4 * RED), "beside": (4.0, 4 * RED), "later": (1.5, 1.5 * RED)} == found
    assert 4.0 == evidence.overload


@pytest.fixture
def paged(stand: FakeStand) -> Fault:
    """One of which somebody is told."""
    return replace(stand.fault("a", "kvm1"), also=(HERE_ONLY,), pages=(CRITICAL,))


def test_it_goes_on_until_what_it_brought_is_resolved(stand: FakeStand, paged: Fault) -> None:
    """Whoever got it hears so later than Prometheus knows, and may hear of the last fault when nothing else waits."""
    begin = stand.clock + BREAKING + SHOWS
    end = begin + RESOLVED - RED
    stand.under_way = [notified(begin, alert("CsA", begin)), notified(end, alert("CsA", begin, fires=False))]
    tried = Course(stand, [paged])
    evidence = tried.run()
    assert ({}, [end]) == (tried.again, [one.resolved for one in seen(evidence.stories[-1], evidence).told.values()])


def test_it_waits_for_no_end_that_never_comes(stand: FakeStand, paged: Fault) -> None:
    """For so long only; then it is tried again by itself, and the judge says what was not resolved."""
    begin = stand.clock + BREAKING + SHOWS
    stand.under_way = [notified(begin, alert("CsA", begin))]
    tried = Course(stand, [paged])
    evidence = tried.run()
    first, again = evidence.stories
    assert RESOLVED < again.broken.begin - first.gone <= RESOLVED + 2 * LOOK
    assert f"{CRITICAL}: never resolved" in tried.again["a"]
