"""A list of a cloud's API in pages, whole or not at all: a list that is short would look like hosts that are gone.

Without pages a server gives no more than its own limit, whatever `count` says; so pages are always asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError, ApiRow

LONGEST_PAGE = 500
"""CloudStack's default.page.size as it is installed, which is also the most that it gives."""

MOST = 100_000
"""Rows; a list beyond this is no cloud's."""

_TRIES = 2
_BAD_PARAMETER = 431
_LIMIT = re.compile(r"page size value: (\d+)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `count`: how many rows the list has in all; None where the answer does not say."""

    count: int | None
    rows: tuple[ApiRow, ...]


Ask = Callable[[int, int], Page]
"""Number of a page, from 1, and rows per page -> that page."""


class _IncompleteError(Exception):
    """What came is not the list."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Pages:
    """The lists of one server, which may give smaller pages than we would like; it is told that once."""

    def __init__(self) -> None:
        self._size = LONGEST_PAGE

    def collect(self, ask: Ask, what: str) -> tuple[ApiRow, ...]:
        """All rows. A list that changes meanwhile is read once more. Raises ProbeFailed, and what `ask` raises."""
        tries = 0
        while True:
            size = self._size
            try:
                return _all(ask, size)
            except ApiError as error:
                self._size = _smaller(error, size)
            except _IncompleteError as error:
                tries += 1
                if tries == _TRIES:
                    raise ProbeFailed(error.reason, f"{what}: {error.detail}, twice") from None


def _all(ask: Ask, size: int) -> tuple[ApiRow, ...]:
    page = ask(1, size)
    count = len(page.rows) if page.count is None else page.count
    if count > MOST:
        raise _IncompleteError(Reason.UNPARSABLE, f"a list of {count} elements")
    rows, number = [*page.rows], 1
    while len(rows) < count and page.rows:
        number += 1
        page = ask(number, size)
        if page.count not in (None, count):
            raise _IncompleteError(Reason.NOT_READY, f"the list changed from {count} to {page.count} while it was read")
        rows += page.rows
    if len(rows) < count:
        raise _IncompleteError(Reason.UNPARSABLE, f"{len(rows)} elements came of {count}")
    known = [row["id"] for row in rows if "id" in row]
    if len(set(known)) < len(known):
        raise _IncompleteError(Reason.NOT_READY, "an element came on two pages, so another may be on none")
    return tuple(rows)


def _smaller(error: ApiError, size: int) -> int:
    """The size of page that the server allows, if that is what it complains of. Raises the error otherwise."""
    told = _LIMIT.search(error.detail) if error.code == _BAD_PARAMETER else None
    if told is None or not 0 < int(told[1]) < size:
        raise error
    return int(told[1])
