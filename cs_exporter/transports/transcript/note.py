"""How one call is noted: what was asked, the seconds it took, what came back or why nothing did.

What the transcripts of all ports share.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Clock

T = TypeVar("T")
Note = Callable[[str], None]


class Noting:
    """Notes every call with the seconds it took, and its failure if it failed."""

    def __init__(self, note: Note, clock: Clock) -> None:
        self._note = note
        self._clock = clock

    async def noted(self, asked: str, answer: Awaitable[T], shown: Callable[[T], list[str]]) -> T:
        """Await `answer`; note what was asked and the lines that show it."""
        began = self._clock.monotonic()
        try:
            result = await answer
        except ProbeFailed as failure:
            self._lines(asked, began, [f"failed: {failure}"])
            raise
        self._lines(asked, began, shown(result))
        return result

    def _lines(self, asked: str, began: float, answered: list[str]) -> None:
        self._note(f"> {asked}   ({self._clock.monotonic() - began:.3f} s)")
        for line in answered:
            self._note(f"< {line}")
