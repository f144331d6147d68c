"""Words of a cluster's members compared: only those about one time contradict each other."""

from __future__ import annotations

import pytest

from cs_exporter.probes.mysql.galera_views import AT_ONCE, View, Word, parts, words
from tests.probes.mysql.mysql_stand import Server, galera

THREE: View = ("u", "3", 3, True)
TWO: View = ("u", "4", 2, True)
ALONE: View = ("u", "18446744073709551615", 1, False)
BEGUN: View = ("u", "1", 1, True)

Heard = tuple[View, float, float]


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([], 0),
        ([(THREE, 0.0, 15.0), (THREE, 5.0, 20.0), (THREE, 10.0, 10.0)], 1),
        # The third one has gone: the first knows it, the second has not been asked since.
        ([(TWO, 15.0, 15.0), (THREE, -10.0, 5.0)], 1),
        ([(TWO, 15.0, 15.0), (TWO, 20.0, 20.0)], 1),
        # It goes on saying what it said, after the other was heard to say something else.
        ([(TWO, 15.0, 15.0), (THREE, -10.0, 20.0)], 2),
        ([(TWO, 15.0, 15.0), (THREE, 15.0 + AT_ONCE, 20.0)], 2),
        # Asked at once.
        ([(ALONE, 3.0, 3.0), (TWO, 3.1, 3.1), (THREE, 3.2, 3.2)], 3),
        # Two that are alone are not together, though they say the same; nor two that were each begun anew.
        ([(ALONE, 0.0, 15.0), (ALONE, 5.0, 20.0)], 2),
        ([(BEGUN, 0.0, 15.0), (BEGUN, 5.0, 20.0)], 2),
        ([(TWO, 0.0, 15.0), (TWO, 5.0, 20.0), (TWO, 6.0, 21.0)], 2),
        ([(ALONE, 0.0, 15.0), (("u", "2", 0, False), 5.0, 20.0)], 2),
    ],
)
def test_parts(heard: list[Heard], expected: int) -> None:
    """At any one time, as far as what was heard of it tells."""
    assert expected == parts(Word(f"db{number}", *word) for number, word in enumerate(heard))


async def test_who_repeats_itself_has_said_so_since_then() -> None:
    """A view that has changed is a new word, and so is that of a node that was silent meanwhile."""
    node = (await Server(galera()).poll()).galera
    assert node is not None
    first = words({"db1": node, "db2": node}, {"db1": 1.0, "db2": 2.0}, ())
    assert [("db1", 1.0, 1.0), ("db2", 2.0, 2.0)] == [(word.member, word.first, word.last) for word in first]
    again = words({"db1": node}, {"db1": 16.0}, first)
    assert [("db1", 1.0, 16.0)] == [(word.member, word.first, word.last) for word in again]
    back = words({"db1": node, "db2": node}, {"db1": 31.0, "db2": 32.0}, again)
    assert [("db1", 1.0, 31.0), ("db2", 32.0, 32.0)] == [(word.member, word.first, word.last) for word in back]
