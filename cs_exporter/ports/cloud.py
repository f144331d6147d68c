"""The API of one cloud as a probe asks it: lists, complete or not at all.

Signing, paging and the account's keys are the transport's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cs_exporter.model import ProbeFailed, Reason

ApiRow = Mapping[str, Any]
"""One element of a list, as the API's JSON has it; what is empty there is missing here."""


class ApiError(ProbeFailed):
    """The API answered with an error of its own. `code` is its number (401, 431, 432, 530, 531, 534, ...)."""

    def __init__(self, reason: Reason, detail: str, code: int) -> None:
        super().__init__(reason, detail)
        self.code = code


class CloudApi(Protocol):
    """The API of one cloud. All errors are ProbeFailed; one that the cloud itself gave is ApiError."""

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """All elements that a list command has, page by page, within `deadline` seconds in all."""
