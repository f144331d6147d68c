"""Who looks at whom: few, the same everywhere, and little changed by one who comes or goes."""

from __future__ import annotations

from cs_exporter.topology.neighbours import chosen, number_of

NAMES = [f"kvm{number:03}" for number in range(200)]
NUMBERS = {name: number_of(name) for name in [*NAMES, "nas1", "nas2"]}


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
