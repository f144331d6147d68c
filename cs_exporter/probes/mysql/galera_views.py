"""What members of a Galera cluster say of it, compared: into how many parts their words show it to have fallen.

They are not asked at one moment, and a cluster changes in between: only words about one time contradict each other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.parsers.mysql_galera import GaleraNode

View = tuple[str | None, str, int, bool]
"""wsrep_cluster_state_uuid, _conf_id and _size, and whether it says Primary."""

AT_ONCE = 1.0
"""Seconds for which a word counts as said: members that see each other take on a change in far less."""


@dataclass(frozen=True, slots=True)
class Word:
    """One member's latest view, and the monotonic times at which it was first and last heard to have it."""

    member: str
    view: View
    first: float
    last: float


def words(nodes: Mapping[str, GaleraNode], at: Mapping[str, float], before: Iterable[Word]) -> tuple[Word, ...]:
    """What each node says now, asked `at`; who says what it said `before` has said so since then."""
    known = {(word.member, word.view): word.first for word in before}
    views = {name: (node.uuid, node.change, node.size, node.primary) for name, node in sorted(nodes.items())}
    return tuple(Word(name, view, known.get((name, view), at[name]), at[name]) for name, view in views.items())


def parts(said: Iterable[Word]) -> int:
    """The most parts that there were at any one time, as far as what was heard about that time tells; 0 of nobody."""
    heard = tuple(said)
    moments = {word.first for word in heard}
    return max((_apart(word.view for word in heard if _holds(word, moment)) for moment in moments), default=0)


def _holds(word: Word, moment: float) -> bool:
    return word.first <= moment <= word.last + AT_ONCE


def _apart(views: Iterable[View]) -> int:
    """Parts in which nodes with these views are, at least: more than a part's size can't be in one, though they agree.

    Nodes without a majority all have the same number of their last change, and so may two that were each begun anew.
    """
    return sum(math.ceil(number / max(1, size)) for (_, _, size, _), number in Counter(views).items())
