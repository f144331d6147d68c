"""The lists of one answer, all of them within one deadline; what the account, or the version, may not list is noted.

A list that fails otherwise fails the answer: half an answer would look like machines that are gone.
"""

from __future__ import annotations

import asyncio

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError, ApiRow, CloudApi

_SHORTEST = 0.05
"""Seconds that any list is given, however late it is: who waits so briefly hears of the deadline, not of a hang."""

_OF_ONE_LIST = frozenset({Reason.DENIED, Reason.COMMAND})
"""Reasons of an API's error that say nothing of other lists: a role without the command, a version without it."""


class Asking:
    """The lists of one census or one look at states."""

    def __init__(self, api: CloudApi, deadline: float) -> None:
        self._api = api
        self._ends = asyncio.get_running_loop().time() + deadline
        self.lacking: list[str] = []

    async def needed(self, command: str, **arguments: str) -> tuple[ApiRow, ...]:
        """A list without which there is no answer. Raises ProbeFailed."""
        left = self._ends - asyncio.get_running_loop().time()
        if left < _SHORTEST:
            raise ProbeFailed(Reason.TIMEOUT, f"{command}: the lists before took all the time that there was")
        return await self._api.listed(command, left, **arguments)

    async def part(self, command: str, what: str, **arguments: str) -> tuple[ApiRow, ...] | None:
        """A list; None, and noted in `lacking` as `what`, where only that one is refused. Raises ProbeFailed."""
        try:
            return await self.needed(command, **arguments)
        except ApiError as error:
            if error.reason not in _OF_ONE_LIST:
                raise
            self.lacking.append(f"{what}: {error.detail}")
            return None
