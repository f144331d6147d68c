"""The lists of one answer, one after the other within one deadline, of which none can take what the others need.

Each service has a server of its own: one that hangs is no reason to know nothing of the rest.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiRow, CloudApi

_SHORTEST = 0.05
"""Seconds that any list is given, however late it is: who waits so briefly hears of the deadline, not of a hang."""

NO_SUCH_SERVICE = 0
"""The number in an ApiError where the cloud's catalog has no such service at all."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, and between which moments of the exporter's wall clock it was made (seconds since the epoch)."""

    rows: tuple[ApiRow, ...]
    begun: float
    ended: float


class Asking:
    """So many lists within `deadline` seconds. What one leaves of its share, the next ones have."""

    def __init__(self, api: CloudApi, deadline: float, lists: int) -> None:
        self._api = api
        self._ends = asyncio.get_running_loop().time() + deadline
        self._waiting = lists

    async def listed(self, command: str) -> Listed:
        """The next list. Raises ProbeFailed."""
        left = self._ends - asyncio.get_running_loop().time()
        share, self._waiting = left / max(self._waiting, 1), self._waiting - 1
        if share < _SHORTEST:
            raise ProbeFailed(Reason.TIMEOUT, f"{command}: the lists before took all the time that there was")
        begun = time.time()
        rows = await self._api.listed(command, share)
        return Listed(rows, begun, time.time())
