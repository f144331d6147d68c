"""The lists of one answer share its time, and only a refusal of one list leaves the others what they are."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack.api.asking import Asking
from cs_exporter.ports import ApiError, ApiRow


class Lists:
    """An API that gives what it is told, and keeps the deadlines that it was asked with."""

    def __init__(self, answer: tuple[ApiRow, ...] | ProbeFailed) -> None:
        self._answer = answer
        self.deadlines: list[float] = []

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """See ports.CloudApi."""
        del command, arguments
        self.deadlines.append(deadline)
        if isinstance(self._answer, ProbeFailed):
            raise self._answer
        return self._answer


async def test_each_list_has_what_is_left() -> None:
    """Of one deadline for all."""
    lists = Lists(({"id": "u1"},))
    asking = Asking(lists, 5.0)
    assert [({"id": "u1"},)] * 2 == [await asking.needed("listHosts"), await asking.part("listPods", "pods")]
    assert 5.0 >= lists.deadlines[0] > lists.deadlines[1] > 4.0


async def test_when_no_time_is_left_nothing_is_asked() -> None:
    """The API would only be said to be mute."""
    lists = Lists(())
    with pytest.raises(ProbeFailed) as caught:
        await Asking(lists, 0.0).needed("listHosts")
    assert (Reason.TIMEOUT, []) == (caught.value.reason, lists.deadlines)


@pytest.mark.parametrize(
    "error", [ApiError(Reason.DENIED, "not for you (401)", 401), ApiError(Reason.COMMAND, "no such command (432)", 432)]
)
async def test_a_list_that_is_refused_is_noted(error: ApiError) -> None:
    """With the API's words."""
    asking = Asking(Lists(error), 5.0)
    assert await asking.part("listPods", "pods") is None
    assert [f"pods: {error.detail}"] == asking.lacking


@pytest.mark.parametrize(
    "error",
    [
        ApiError(Reason.NOT_READY, "internal error (530)", 530),
        ApiError(Reason.EXHAUSTED, "too often (429)", 429),
        ProbeFailed(Reason.DENIED, "no API"),
        ProbeFailed(Reason.MUTE, "silence"),
    ],
)
async def test_other_failures_are_everybodys(error: ProbeFailed) -> None:
    """They say nothing of that list in particular."""
    with pytest.raises(ProbeFailed):
        await Asking(Lists(error), 5.0).part("listPods", "pods")
