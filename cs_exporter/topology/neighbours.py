"""Which few of many machines look at which others: the same choice in every process, little changed by a newcomer.

Nobody looks at all others: that would be the number of hosts squared, in packets and in series.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b
from heapq import nsmallest

_MASK = 2**64 - 1


def number_of(name: str) -> int:
    """A name's place among all: 64 bits that look random and are the same everywhere."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest())


def chosen(candidates: Collection[str], numbers: Mapping[str, int], name: str, most: int) -> tuple[str, ...]:
    """At most so many of the candidates, by rendezvous hashing: their numbers mixed with that of `name`.

    One that leaves is replaced by one other; the rest stay.
    """
    if len(candidates) <= most:
        return tuple(candidates)
    own = numbers[name]
    return tuple(nsmallest(most, candidates, key=lambda other: mixed(numbers[other] ^ own)))


def mixed(number: int) -> int:
    """The finishing steps of splitmix64: numbers that differ in a bit come out far apart."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)
