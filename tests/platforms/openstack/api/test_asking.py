"""Lists of one answer share its deadline, so that one that hangs leaves the others their time."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack.api.asking import Asking
from cs_exporter.ports import ApiRow


class Recorder:
    """An API that notes the seconds that each list is given, and takes some."""

    def __init__(self, takes: float = 0.0) -> None:
        self.takes = takes
        self.given: list[float] = []

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """See ports.CloudApi."""
        del arguments
        self.given.append(deadline)
        await asyncio.sleep(self.takes)
        return ({"command": command},)


async def test_each_list_has_its_share_of_what_is_left() -> None:
    """What a quick one leaves, the next ones have."""
    api = Recorder()
    asking = Asking(api, 9.0, 3)
    for command in ("a", "b", "c"):
        await asking.listed(command)
    assert [pytest.approx(seconds, abs=0.5) for seconds in (3.0, 4.5, 9.0)] == api.given


async def test_who_is_asked_too_late_is_told_so() -> None:
    """And not asked."""
    api = Recorder(takes=0.2)
    asking = Asking(api, 0.2, 2)
    await asking.listed("a")
    with pytest.raises(ProbeFailed) as caught:
        await asking.listed("b")
    assert (Reason.TIMEOUT, 1) == (caught.value.reason, len(api.given))


async def test_a_list_is_of_the_time_it_took() -> None:
    """By the clock of the wall."""
    before = time.time()
    listed = await Asking(Recorder(takes=0.05), 5.0, 1).listed("a")
    assert before <= listed.begun <= listed.ended - 0.04 <= time.time()
    assert ({"command": "a"},) == listed.rows
