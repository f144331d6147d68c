"""Who does some work: the thread of the event loop, for which everybody waits meanwhile, or another one.

Work that grows with a cloud is to be done beside the loop, and nothing that it gives tells where it was done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Aside:
    """Notes it, for tests whose own thread is the event loop's."""

    def __init__(self) -> None:
        self._loop = threading.get_ident()
        self.done: list[bool] = []
        """For each time that the work was done: whether the loop went on meanwhile."""

    def watched(self, work: Callable[P, T]) -> Callable[P, T]:
        """The same work, noted."""

        def noted(*arguments: P.args, **named: P.kwargs) -> T:
            self.done.append(threading.get_ident() != self._loop)
            return work(*arguments, **named)

        return noted
