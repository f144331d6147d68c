"""Safe discovery: what an answer of the cloud can take away, and what no answer can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.discovery.keeping import FEWEST, LOSS, PATIENCE, Keeping, kept
from cs_exporter.model import Census, CloudMount, Traffic
from tests.discovery.census import answer, machine


def after(*answers: Census, of: int = 10) -> Keeping:
    """What is kept of so many hosts after these answers."""
    keeping = Keeping().take(answer(range(of)))
    for census in answers:
        keeping = keeping.take(census)
    return keeping


def numbers(keeping: Keeping) -> list[int]:
    """Whom it keeps."""
    return [int(uuid[1:]) for uuid in keeping.hosts]


WITHOUT_3 = [0, 1, 2, *range(4, 10)]
ONE_LESS = answer(WITHOUT_3)
ALL = answer(range(10))
EMPTY = answer(())
PARTIAL = answer(range(5), complete=False)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([ONE_LESS] * 2, range(10), id="missing twice"),
        pytest.param([ONE_LESS] * 3, WITHOUT_3, id="missing three times"),
        pytest.param([ONE_LESS, ONE_LESS, ALL, ONE_LESS, ONE_LESS], range(10), id="back in between"),
        pytest.param([ONE_LESS, ONE_LESS, PARTIAL, ONE_LESS], range(10), id="a partial answer has it in between"),
        pytest.param([ONE_LESS, ONE_LESS, answer((), complete=False), ONE_LESS], WITHOUT_3, id="one that lacks it"),
        pytest.param([PARTIAL] * 9, range(10), id="partial answers only"),
        pytest.param([replace(EMPTY, stand_in=True)] * 9, range(10), id="a stand-in's answers only"),
        pytest.param([EMPTY] * 9, range(10), id="empty answers"),
        pytest.param([answer(WITHOUT_3, removed=frozenset({"u3"}))], WITHOUT_3, id="removed, says the cloud"),
        pytest.param([answer((), complete=False, removed=frozenset({"u3"}))], WITHOUT_3, id="in a partial answer too"),
        pytest.param([answer((), removed=frozenset(f"u{n}" for n in range(10)))], [], id="all removed is no loss"),
        pytest.param([answer(range(10), removed=frozenset({"u3"}))], range(10), id="it is there nevertheless"),
        pytest.param([answer(range(12))], range(12), id="two more"),
        pytest.param([answer([12], complete=False)], [*range(10), 12], id="one more in a partial answer"),
        pytest.param([answer(range(8))] * 9, range(10), id="two of ten are held"),
    ],
)
def test_who_is_kept(answers: Sequence[Census], expected: Iterable[int]) -> None:
    """Ten hosts, and then these answers of their cloud."""
    assert list(expected) == numbers(after(*answers))


@pytest.mark.parametrize(
    ("of", "left", "held"),
    [
        (500, 0, True),
        (500, 449, True),
        (500, 450, False),
        (30, 27, False),
        (30, 26, True),
        (20, 17, True),
        (20, 18, False),
        (4, 3, False),
        (8, 7, False),
        (4, 2, True),
        (4, 1, True),
        (2, 1, False),
        (2, 0, True),
        (1, 0, True),
    ],
)
def test_what_a_loss_is(of: int, left: int, held: bool) -> None:  # noqa: FBT001
    """More than a tenth, and at least two; or all, however few they were."""
    keeping = after(*[answer(range(left))] * PATIENCE, of=of)
    assert (of - left if held else 0, of if held else left) == (len(keeping.held), len(keeping.hosts))


def test_a_loss_that_comes_bit_by_bit_is_one_too() -> None:
    """What counts is who is missing, not who has just gone."""
    keeping = after(*(answer(range(500 - gone)) for gone in (20, 40, 60, 60, 60)), of=500)
    assert (60, 500) == (len(keeping.held), len(keeping.hosts))


def test_who_is_held_stays_until_he_is_back() -> None:
    """Even where the others of the loss are back, so that it is small by now; and another one may go meanwhile."""
    keeping = after(*[answer(range(60))] * 4, *[answer(range(1, 98))] * 4, of=100)
    assert [*range(1, 100)] == numbers(keeping)
    assert {"u98", "u99"} == keeping.held
    back = keeping.take(answer(range(1, 100)))
    assert (frozenset(), {}) == (back.held, back.absent)


def test_what_the_operator_accepts_leaves() -> None:
    """At once, where it has been missing for long enough; else as soon as it has."""
    few = answer(range(50))
    late = after(*[few] * 3, of=100)
    assert 50 == len(late.accept(late.held).hosts)
    early = after(few, of=100)
    early = early.accept(early.held)
    assert (100, frozenset()) == (len(early.hosts), early.held)
    assert [100, 50, 50] == [len(early.take(few).hosts), *(len(early.take(few).take(one).hosts) for one in (few, few))]


def test_only_what_was_seen_is_accepted() -> None:
    """An answer that came while the configuration was loaded again takes nobody with it."""
    first = after(*[answer(range(80))] * 3, of=100)
    later = first.take(answer(())).accept(first.held)
    assert (80, 80) == (len(later.hosts), len(later.held))


def test_that_nobody_is_left_is_never_accepted() -> None:
    """A reload for another reason, while the cloud's database is empty, must not blind us."""
    empty = after(*[answer(())] * 5, of=100)
    assert empty == empty.accept(empty.held)


def test_what_is_accepted_and_comes_back_is_as_before() -> None:
    """The next loss is held anew."""
    few, all_of_them = answer(range(50)), answer(range(100))
    lost = after(few, of=100)
    keeping = lost.accept(lost.held).take(all_of_them)
    assert 50 == len(keeping.take(few).held)


def test_a_host_that_is_renamed_is_the_same() -> None:
    """Its uuid tells; nobody is missing."""
    renamed = replace(machine(3), name="kvm3-new")
    keeping = after(Census((*answer(WITHOUT_3).hosts, renamed)))
    assert renamed == keeping.hosts["u3"]
    assert ({}, 10) == (keeping.absent, len(keeping.hosts))


def test_a_host_that_is_replaced_leaves_at_once() -> None:
    """Two machines can't have one name; but two that have had it always are no replacement of each other."""
    another = replace(machine(30), name="kvm3")
    keeping = after(Census((*answer(WITHOUT_3).hosts, another)))
    assert ("u3" in keeping.hosts, keeping.hosts["u30"]) == (False, another)
    twins = after(Census((*ALL.hosts, another)))
    assert "u3" in twins.take(Census((*answer(WITHOUT_3).hosts, another))).hosts


@pytest.mark.parametrize("lesser", [Census((), stand_in=True), PARTIAL], ids=["stand-in", "partial"])
def test_what_a_lesser_answer_does_not_know_stays(lesser: Census) -> None:
    """The whole word outlives it, mounts and the cloud's own limits with it; what the lesser one does tell counts."""
    mount = CloudMount("/mnt/a", "nfs1", "/export/a")
    addresses, settings = {Traffic.STORAGE: "198.51.100.1"}, {"time_drift": {"interval": 60.0}}
    told = replace(machine(1), mounts=(mount,), secured=True, addresses=addresses, settings=settings)
    poorer = replace(machine(1), name="renamed", maintenance=True)
    keeping = Keeping().take(Census((told,))).take(replace(lesser, hosts=(poorer,)))
    assert replace(told, name="renamed", maintenance=True) == keeping.hosts["u1"]
    assert poorer == keeping.take(Census((poorer,))).hosts["u1"]


@pytest.mark.parametrize("lesser", [Census((), stand_in=True), PARTIAL], ids=["stand-in", "partial"])
def test_a_machine_stays_one_where_a_lesser_answer_has_only_its_name(lesser: Census) -> None:
    """The rows that show that somebody can log in there may be those that were refused."""
    known, named = machine(1), replace(machine(1), address="", asked=False)
    keeping = Keeping().take(Census((known,))).take(replace(lesser, hosts=(named,)))
    assert known == keeping.hosts["u1"]
    assert named == keeping.take(Census((named,))).hosts["u1"]
    moved = replace(known, address="198.51.100.7", asked=False)
    assert moved == keeping.take(replace(lesser, hosts=(moved,))).hosts["u1"]


def test_a_stand_ins_mounts_are_a_guess() -> None:
    """They count where none were told, and never against what was; a whole answer's count always."""
    told, guess = (CloudMount(f"/mnt/{name}", name, "/export") for name in ("nfs1", "nfs2"))
    known, guessed = replace(machine(1), mounts=(told,)), replace(machine(1), mounts=(guess,))
    for before, expected in ((known, (told,)), (machine(1), (guess,))):
        keeping = Keeping().take(Census((before,))).take(Census((guessed,), stand_in=True))
        assert expected == keeping.hosts["u1"].mounts
        assert (guess,) == keeping.take(Census((guessed,))).hosts["u1"].mounts


def test_a_detail_that_is_lacking_takes_nothing_away() -> None:
    """All machines are told, and mounts of one are not: it keeps them."""
    known = replace(machine(1), mounts=(CloudMount("/mnt/a", "nfs1", "/export"),))
    keeping = Keeping().take(Census((known,))).take(Census((machine(1),), lacking=("NFS mounts of hosts: refused",)))
    assert known == keeping.hosts["u1"]


def test_a_host_without_an_address_protects_itself_only() -> None:
    """It stays as it was, for as long as the cloud has it; another one that is missing leaves."""
    others = Census(answer(range(2, 10)).hosts, nowhere=frozenset({"u0", "u99"}))
    assert [0, *range(2, 10)] == numbers(after(*[others] * PATIENCE))


def test_an_unchanged_answer_changes_nothing() -> None:
    """Not even the objects: comparing them then costs nothing."""
    before = after()
    keeping = before.take(answer(range(10)))
    assert before == keeping
    assert all(one is keeping.hosts[uuid] for uuid, one in before.hosts.items())


def test_who_is_told_of_elsewhere_is_forgotten_here() -> None:
    """With all that was noted of it: a loss that others account for is none."""
    lost = after(*[answer(range(5))] * 4)
    assert (5, 5) == (len(lost.held), len(lost.absent))
    found = lost.without({"u5", "u6", "u7", "u8", "u9", "u99"})
    assert (list(range(5)), frozenset(), {}) == (numbers(found), found.held, found.absent)
    assert lost is lost.without({"u99"})


def test_after_a_restart_it_goes_on() -> None:
    """With those that were kept, and nobody missing yet."""
    keeping = kept(tuple(after().hosts.values()))
    assert after() == keeping
    assert 10 == len(keeping.take(EMPTY).held)


ANSWERS = st.lists(st.builds(answer, st.sets(st.integers(0, 39)), complete=st.booleans(), stand_in=st.booleans()))


@given(ANSWERS)
def test_nobody_leaves_unseen(answers: list[Census]) -> None:
    """Whoever leaves has been missing from three complete answers in a row, without being part of a loss."""
    keeping = Keeping()
    for number, census in enumerate(answers):
        before, keeping = keeping, keeping.take(census)
        gone = before.hosts.keys() - keeping.hosts.keys()
        deciding = [one for one in answers[: number + 1] if one.complete and not one.stand_in][-PATIENCE:]
        assert not gone or PATIENCE == len(deciding)
        assert all(host.uuid not in gone for one in deciding for host in one.hosts)
        assert len(gone) < FEWEST or len(gone) <= LOSS * len(before.hosts)
        assert {host.uuid for host in census.hosts} <= keeping.hosts.keys()
        assert keeping.held <= keeping.absent.keys() <= keeping.hosts.keys()


@given(ANSWERS)
def test_three_equal_answers_settle_it(answers: list[Census]) -> None:
    """Whatever came before: who is still there and missing is held, and an operator's word ends that."""
    keeping = Keeping()
    for census in (*answers, *[answer(range(5))] * PATIENCE):
        keeping = keeping.take(census)
    assert keeping.absent.keys() == keeping.held
    assert set(range(5)) == set(numbers(keeping.accept(keeping.held)))
