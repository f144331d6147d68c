"""What any cloud's API is to the machinery of calls: lists, asked for in a thread, over one connection.

Each platform's own module makes them of its client library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cs_exporter.ports import ApiRow


class Lists(Protocol):
    """One cloud's. Nothing is opened before the first list; `listed` is called by one thread at a time."""

    @property
    def place(self) -> str:
        """Where it asks, for a human; without secrets. Any thread may read it."""

    @property
    def answering(self) -> bool:
        """Whether the head of an answer has come to the last request. Any thread may read it."""

    def listed(
        self, command: str, arguments: dict[str, str], ends: float, sent: Callable[[], None]
    ) -> tuple[ApiRow, ...]:
        """All elements, by monotonic time `ends`; `sent` is told of each request. Raises ProbeFailed."""

    def close(self) -> None:
        """Close the connection; not while a list is under way."""
