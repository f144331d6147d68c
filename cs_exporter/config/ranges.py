"""Numeric ranges in brackets, `kvm[001-500].example`: how one block of the configuration stands for many hosts.

Several ranges in one text count like an odometer, the last one fastest. Zero padding is kept.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_MEMBERS = 100_000
"""A typing slip such as [1-99999999] must not fill the memory."""

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_BOUNDS = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_EXAMPLE = "a range is written like [001-500]"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The inside of one pair of brackets: first to last, both included, padded with zeros to `width`."""

    first: int
    last: int
    width: int = 0

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __iter__(self) -> Iterator[str]:
        return (f"{number:0{self.width}}" for number in range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with ranges: `literals` stand before, between and after the `ranges`, so they are one more."""

    literals: tuple[str, ...]
    ranges: tuple[Numbers, ...]

    def __len__(self) -> int:
        return math.prod(len(numbers) for numbers in self.ranges)

    def __iter__(self) -> Iterator[str]:
        for chosen in itertools.product(*self.ranges):
            yield self._filled(chosen)

    @property
    def ends(self) -> tuple[str, str]:
        """The first and the last member: between them nothing is longer or larger."""
        first = tuple(f"{numbers.first:0{numbers.width}}" for numbers in self.ranges)
        last = tuple(f"{numbers.last:0{numbers.width}}" for numbers in self.ranges)
        return self._filled(first), self._filled(last)

    def _filled(self, chosen: tuple[str, ...]) -> str:
        return "".join(itertools.chain(*zip(self.literals, chosen, strict=False), (self.literals[-1],)))


def parse_pattern(text: str) -> Pattern:
    """A text with any number of ranges, none included.

    Raises ValueError with the mend for brackets that hold no range, run backwards, or make more than MAX_MEMBERS.
    """
    pieces = _BRACKETS.split(text)
    literals, insides = tuple(pieces[0::2]), pieces[1::2]
    if any(bracket in literal for literal in literals for bracket in "[]"):
        raise ValueError(f"{text!r} has a bracket without its other half; {_EXAMPLE}")
    pattern = Pattern(literals, tuple(_numbers(inside) for inside in insides))
    if math.prod(len(numbers) for numbers in pattern.ranges) > MAX_MEMBERS:
        raise ValueError(f"{text!r} stands for more than {MAX_MEMBERS} hosts; make the range smaller")
    return pattern


def _numbers(inside: str) -> Numbers:
    bounds = _BOUNDS.fullmatch(inside)
    if bounds is None:
        raise ValueError(f"[{inside}] is not a range of numbers; {_EXAMPLE}")
    first, last = bounds.groups()
    if int(first) > int(last):
        raise ValueError(f"[{inside}] runs backwards; write the smaller number first")
    padded = len(first) > 1 and first.startswith("0")
    if padded and len(first) != len(last):
        raise ValueError(f"[{inside}] pads with zeros, but its ends differ in length; write both with the same digits")
    return Numbers(int(first), int(last), len(first) if padded else 0)
