"""A destination's addresses, tried one after another: the first that accepts, else the most telling answer.

Apart from how one is tried, since the exporter and a host do that differently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Dial, PortState
from cs_exporter.transports.names import AddressInfo

_TELLING = (PortState.RESET, PortState.REFUSED, PortState.FILTERED)

T = TypeVar("T")


async def first_accepting(
    found: Sequence[AddressInfo], ends: float, one: Callable[[AddressInfo, float], Awaitable[T | Dial]]
) -> T | Dial:
    """What `one` gave for the first address that accepted (no Dial), else the most telling of its answers.

    Each address has its share of the time until loop time `ends`. Raises ProbeFailed where none could be tried.
    """
    answer: Dial | ProbeFailed = ProbeFailed(Reason.UNREACHABLE, "the name has no address", ours=True)
    loop = asyncio.get_running_loop()
    for left, info in zip(range(len(found), 0, -1), found, strict=True):
        now = loop.time()
        try:
            latest = await one(info, now + (ends - now) / left)
        except ProbeFailed as failure:
            if failure.reason is Reason.EXHAUSTED:
                raise
            answer = failure if isinstance(answer, ProbeFailed) else answer
            continue
        if not isinstance(latest, Dial):
            return latest
        if isinstance(answer, ProbeFailed) or _TELLING.index(latest.state) < _TELLING.index(answer.state):
            answer = latest
    if isinstance(answer, ProbeFailed):
        raise answer
    return answer
