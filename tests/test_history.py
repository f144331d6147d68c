"""History is bounded, folds equal outcomes, and keeps failures that a flood of successes would push out."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from cs_exporter.history import DETAIL_LENGTH, KEPT_FAILURES, KEPT_STRETCHES, History, Past, State, Stretch
from cs_exporter.model import Failure, Outcome, Reason, Unsupported

PROBE = "weight"


def outcome(result: object, at: float, host: str = "kvm1") -> Outcome:
    """An outcome of a run that began at `at` and took a tenth of it."""
    return Outcome(PROBE, host, started=at, finished_monotonic=at, duration=at / 10, result=result)


def late(detail: str = "late") -> Failure:
    """A failure for want of an answer."""
    return Failure(Reason.TIMEOUT, detail)


def past(*results: object) -> Past:
    """What is remembered of kvm1 after these results, at 1, 2, 3 ... seconds."""
    history = History()
    for at, result in enumerate(results, 1):
        history.record(outcome(result, float(at)))
    return history.past("kvm1", PROBE)


def test_each_state_keeps_its_own_facts() -> None:
    """Newest first: a success, an unsupported question with its detail, a failure with reason and detail."""
    assert (
        Stretch(State.SUCCESS, None, "", 3.0, 3.0, 0.3),
        Stretch(State.UNSUPPORTED, None, "no tool", 2.0, 2.0, 0.2),
        Stretch(State.FAILURE, Reason.TIMEOUT, "late", 1.0, 1.0, 0.1),
    ) == past(late(), Unsupported("no tool"), "reading").latest


def test_equal_outcomes_in_a_row_fold_into_one() -> None:
    """First and last time, how many, and the last one's duration; another detail begins another stretch."""
    assert (
        Stretch(State.FAILURE, Reason.TIMEOUT, "later", 6.0, 6.0, 0.6),
        Stretch(State.FAILURE, Reason.TIMEOUT, "late", 4.0, 5.0, 0.5, 2),
        Stretch(State.SUCCESS, None, "", 1.0, 3.0, 0.3, 3),
    ) == past("a", "b", "c", late(), late(), late("later")).latest


def test_failures_survive_what_comes_after_them() -> None:
    """Changes of state push old stretches out of the ring, but not out of the failures."""
    old = [late(f"old {number}") for number in range(3)]
    flood: list[object] = [Unsupported(str(number)) for number in range(2 * KEPT_STRETCHES)]
    remembered = past(*old, *flood)
    assert (KEPT_STRETCHES, {State.UNSUPPORTED}) == (len(remembered.latest), {one.state for one in remembered.latest})
    assert ["old 2", "old 1", "old 0"] == [one.detail for one in remembered.failures]


def test_failures_are_bounded_too_and_details_are_cut() -> None:
    """A broken host may say something new, and long, every time."""
    remembered = past(*(late(f"{number} " + "x" * 10_000) for number in range(100)))
    assert (KEPT_STRETCHES, KEPT_FAILURES) == (len(remembered.latest), len(remembered.failures))
    assert {DETAIL_LENGTH} == {len(one.detail) for one in remembered.latest}


def test_what_was_given_out_does_not_follow_the_history() -> None:
    """A page that is being written shows one moment."""
    history = History()
    history.record(outcome("a", 1.0))
    given = history.past("kvm1", PROBE)
    history.record(outcome("b", 2.0))
    assert (1, 2) == (given.latest[0].count, history.past("kvm1", PROBE).latest[0].count)


def test_a_forgotten_host_has_no_past_and_the_others_keep_theirs() -> None:
    """A host that leaves the inventory takes its history with it."""
    history = History()
    for host in ("kvm1", "kvm2"):
        history.record(outcome("a", 1.0, host))
    history.forget("kvm1")
    history.forget("never known")
    assert (Past(), 1) == (history.past("kvm1", PROBE), len(history.past("kvm2", PROBE).latest))


def memory_of(hosts: int, results: list[object]) -> float:
    """Bytes per host and probe after each host gave these results, 30 s apart."""
    names = [f"kvm{number}" for number in range(hosts)]
    tracemalloc.start()
    try:
        history = History()
        for turn, result in enumerate(results):
            for name in names:
                history.record(outcome(result, 1e9 + 30.5 * turn, name))
        return tracemalloc.get_traced_memory()[0] / hosts
    finally:
        tracemalloc.stop()


def test_memory_per_host_is_small_and_bounded(record_property: Callable[[str, object], None]) -> None:
    """Healthy: under 1 kB for a host and probe. Failing anew each time: bounded, however long it lasts."""
    healthy = memory_of(500, ["reading"] * 50)
    flapping: list[object] = [late(str(turn)) if turn % 2 else "reading" for turn in range(60)]
    once, twice = memory_of(100, flapping), memory_of(100, flapping * 2)
    for name, size in (("healthy", healthy), ("flapping", once), ("flapping twice as long", twice)):
        record_property(f"bytes per host and probe, {name}", round(size))
    assert healthy < 1000
    assert twice < min(1.05 * once, 10_000)
