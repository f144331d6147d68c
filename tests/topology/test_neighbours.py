"""Who looks at whom: few, evenly, the same everywhere, and little changed by one who comes or goes."""

from __future__ import annotations

from collections import Counter

from cs_exporter.topology.neighbours import chosen, number_of, ring

NAMES = [f"kvm{number:03}" for number in range(200)]
NUMBERS = {name: number_of(name) for name in [*NAMES, "nas1", "nas2"]}


def test_a_ring_is_even() -> None:
    """Everybody looks at three others and is looked at by three, never by himself."""
    looks = ring(NAMES, 3)
    assert {3} == {*Counter(other for others in looks.values() for other in others).values()}
    assert set(NAMES) == set(looks)
    assert not [name for name, others in looks.items() if name in others or len({*others}) != 3]


def test_small_rings() -> None:
    """Fewer than wanted: everybody else, once."""
    assert {"a": ()} == ring(["a"], 3)
    assert {"a": {"b"}, "b": {"a"}} == {name: {*others} for name, others in ring(["a", "b"], 3).items()}
    assert {"b", "c"} == {*ring(["a", "b", "c"], 3)["a"]}


def test_a_newcomer_changes_few() -> None:
    """Only those before him on the ring look at somebody else than before."""
    before, after = ring(NAMES, 3), ring([*NAMES, "new"], 3)
    assert 3 == sum(before[name] != after[name] for name in NAMES)


def test_a_choice_is_stable() -> None:
    """One who leaves is replaced by one other; the order of the candidates is nothing to it."""
    before = {*chosen(NAMES, NUMBERS, "nas1", 20)}
    assert before == {*chosen([*reversed(NAMES)], NUMBERS, "nas1", 20)}
    gone = min(before)
    after = {*chosen([name for name in NAMES if name != gone], NUMBERS, "nas1", 20)}
    assert (20, before - {gone}) == (len(after), after & before)


def test_destinations_choose_differently() -> None:
    """Not all servers are looked at from the same few hosts."""
    assert 10 > len({*chosen(NAMES, NUMBERS, "nas1", 20)} & {*chosen(NAMES, NUMBERS, "nas2", 20)})


def test_few_are_all_chosen() -> None:
    """There is nothing to choose among as many as are wanted."""
    assert ("b", "a") == chosen(["b", "a"], NUMBERS, "nas1", 2)
