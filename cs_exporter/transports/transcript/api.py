"""ports.CloudApi that writes down what was asked and answered, for `cs-exporter probe`.

Elements are shortened, and URLs of storage lose the accounts and options that may be secrets.
"""

from __future__ import annotations

import re

from cs_exporter.ports import ApiRow, Clock, CloudApi
from cs_exporter.transports.transcript.note import Note, Noting

_ROWS, _CHARACTERS = 20, 200
_SECRET = re.compile(r"(?<=://)[^/@\s]*@|\?\S*")


class NotedApi:
    """ports.CloudApi around another one."""

    def __init__(self, inner: CloudApi, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """See ports.CloudApi."""
        asked = " ".join(["api:", command, *(f"{name}={value}" for name, value in arguments.items())])
        return await self._noted.noted(asked, self._inner.listed(command, deadline, **arguments), _rows)


def _rows(rows: tuple[ApiRow, ...]) -> list[str]:
    lines = [f"{len(rows)} element{'' if len(rows) == 1 else 's'}"]
    lines += ["    " + _row(row) for row in rows[:_ROWS]]
    if len(rows) > _ROWS:
        lines.append(f"    and {len(rows) - _ROWS} more")
    return lines


def _row(row: ApiRow) -> str:
    text = "  ".join(f"{name}={_SECRET.sub('...', ' '.join(str(value).split()))}" for name, value in row.items())
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}..."
