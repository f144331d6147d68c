"""A poll's work keeps its budgets, and regressions that are planted break them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.budgets import BUDGETS, Budget, complaints
from tests.bench.plants import PLANTS
from tests.bench.work import Call, Stand, calls, stand

HELD = {budget.name: budget.measured for budget in BUDGETS}

PROVEN = {
    "second_round_trip": {"requests", "host_forks"},  # the host shows its clock by date(1) each time
    "one_more_fork": {"host_forks"},
    "longer_answer": {"answer_bytes", "wire_in"},
}
"""Which budgets each planted regression breaks."""

TRACE = """\
41 1795251429.000001 read(3, ""..., 4096) = 12
40 1795251429.000001 <... vfork resumed>) = ? ERESTARTNOINTR (To be restarted)
41 1795251429.000002 vfork() = ? ERESTARTNOINTR (To be restarted)
41 1795251429.000002 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>
42 1795251429.000002 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>
42 1795251429.000003 <... clone resumed>, child_tidptr=0x7f) = ? ERESTARTNOINTR (To be restarted)
42 1795251429.000003 set_robust_list(0x7f, 24) = 0
41 1795251429.000004 <... clone resumed>, child_tidptr=0x7f) = 42
42 1795251429.000005 clone3({flags=CLONE_VM|CLONE_THREAD|CLONE_SIGHAND, stack_size=0x7fff}, 88) = 43
42 1795251429.000006 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---
42 1795251429.000007 +++ exited with 0 +++
"""

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def hypervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One that is well, for all tests here."""
    with stand(tmp_path_factory.mktemp("work")) as made:
        yield made


@pytest.mark.lab
def test_a_poll_keeps_its_budgets(hypervisor: Stand) -> None:
    """Calls, round trips, bytes and forks of a poll of everything are what they were measured at."""
    assert {} == complaints(hypervisor.measure())


@pytest.mark.lab
@pytest.mark.parametrize(("plant", "broken"), PROVEN.items())
def test_a_planted_regression_breaks_them(hypervisor: Stand, plant: str, broken: set[str]) -> None:
    """Each in the counts that it concerns, and in no other."""
    assert broken == complaints(hypervisor.measure(plant)).keys()


def test_every_plant_is_proven() -> None:
    """None lies about that no test sees, and no budget can be missed by more than a fifth."""
    assert PLANTS.keys() == PROVEN.keys()
    assert all(budget.margin <= 0.2 for budget in BUDGETS)


@pytest.mark.parametrize(
    ("found", "words"),
    [(100.0, None), (125.0, None), (126.0, "calls is 126"), (50.0, None), (49.0, "lower the budget")],
)
def test_a_budget_is_held_from_both_sides(found: float, words: str | None) -> None:
    """More than its margin is too much, and under half of it says that the number is out of date."""
    said = Budget("calls", 100, 0.25, "calls of something").complaint(found)
    assert said is None if words is None else words in (said or "")


def test_every_count_has_a_budget() -> None:
    """A count that nobody holds and a budget that nobody counts are both said."""
    assert {} == complaints(HELD)
    assert {"naps": "has no budget"} == complaints({**HELD, "naps": 1})
    assert {"requests": "was not counted"} == complaints({k: v for k, v in HELD.items() if k != "requests"})


def test_calls_are_counted_once() -> None:
    """One that was interrupted is not counted again, signals and ends are none, and a thread is no process."""
    found = calls(TRACE)
    assert ["read", "clone", "set_robust_list", "clone3"] == [call.name for call in found]
    assert [False, True, False, False] == [call.forks for call in found]
    assert Call(1795251429.000001, "read", '3, ""..., 4096) = 12') == found[0]
