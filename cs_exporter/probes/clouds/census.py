"""Who is asked which machines a cloud has: its database first, which tells more; its API where that can't be asked.

The same for every platform, so that a stand-in is marked as one, and the more telling of two failures is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pydantic import Field

from cs_exporter.model import Census, ProbeFailed, Reason, UnsupportedError
from cs_exporter.spec import LONGEST_RUN, ProbeSettings, Seconds

TELLING = (
    *(Reason.DENIED, Reason.UNPARSABLE, Reason.COMMAND, Reason.EXHAUSTED, Reason.REFUSED, Reason.RESET, Reason.MUTE),
    *(Reason.TIMEOUT, Reason.UNREACHABLE, Reason.NOT_READY),
)
"""Reasons, those first that an operator can do most about: of two failures the one further ahead is told."""

LONGEST = 30.0
"""Seconds that a run takes at most: a large cloud's API takes its time."""

Ask = Callable[[float], Awaitable[Census]]
"""One source's census, within so many seconds. Raises ProbeFailed."""


class CensusSettings(ProbeSettings):
    """Settings of a probe that asks which machines a cloud has."""

    interval: Seconds = Field(default=60.0, gt=0, description="within it a new host is watched")
    timeout: Seconds | None = Field(
        default_factory=lambda given: min(LONGEST, given.get("interval", LONGEST)),
        gt=0,
        description="of one run; default: 30s, at most the interval",
    )
    deadline: Seconds = Field(default=10.0, gt=0, description="of the database's answer, and of the API's")

    def patience(self) -> float:
        """Seconds for either source, so that both fit into one run."""
        return min(self.deadline, LONGEST_RUN * self.interval / 2)


async def asked(database: Ask | None, api: Ask | None, patience: float) -> Census:
    """The database's census, or, where it is not configured or can't be asked, the API's. Raises ProbeFailed.

    None stands for a source that is not configured.
    """
    if database is None:
        if api is None:
            raise UnsupportedError("not the pseudo-host of a cloud")
        return await api(patience)
    try:
        return await database(patience)
    except ProbeFailed as failure:
        if api is None:
            raise
        return await _instead(api, patience, failure)


async def _instead(api: Ask, patience: float, failure: ProbeFailed) -> Census:
    """The API's census in place of the database's, which failed."""
    try:
        census = await api(patience)
    except ProbeFailed as second:
        reason = min(failure.reason, second.reason, key=_rank)
        raise ProbeFailed(reason, f"{failure.detail}; nor does the API: {second.detail}") from second
    instead = f"the database can't be asked ({failure.reason.value}), so the API was"
    return replace(census, stand_in=True, lacking=(instead, *census.lacking))


def _rank(reason: Reason) -> int:
    return TELLING.index(reason) if reason in TELLING else len(TELLING)
