"""Waiting for a condition with a deadline, for plain and for async tests.

In place of sleeping and hoping: a test is as quick as what it waits for, and a failure says what was seen last.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import TypeVar, overload

from tests.lab import fair

T = TypeVar("T")

SOON, HANGS = 5.0, 30.0
"""Seconds of a fair clock: within the former is what comes at once; what has no promise hangs after the latter."""

PAUSE = 0.02
GRACE = 1.0


def _real(deadline: float) -> float:
    """Seconds of the real clock after which a wait ends anyhow: a machine that never stops pausing keeps nobody."""
    return 2 * deadline + GRACE


class WaitedInVain(AssertionError):
    """Raised when a condition did not come true before its deadline; says what was seen last."""

    def __init__(self, what: str, deadline: float, last: object) -> None:
        super().__init__(f"{what or 'the condition'}: not true after {deadline:g} s; last value: {last!r}")


def wait_until(condition: Callable[[], T], deadline: float = SOON, what: str = "", pause: float = PAUSE) -> T:
    """Call `condition` until it answers something true, and return that. Raises WaitedInVain after `deadline` s.

    `pause`: seconds between two calls, for conditions that are dear to look at.
    """
    end, last = fair.seconds() + deadline, time.monotonic() + _real(deadline)
    while True:
        value = condition()
        if value:
            return value
        if fair.seconds() > end or time.monotonic() > last:
            raise WaitedInVain(what, deadline, value)
        time.sleep(pause)


@overload
async def wait_until_async(
    condition: Callable[[], Coroutine[object, object, T]], deadline: float = SOON, what: str = ""
) -> T: ...


@overload
async def wait_until_async(condition: Callable[[], T], deadline: float = SOON, what: str = "") -> T: ...


async def wait_until_async(condition: Callable[[], object], deadline: float = SOON, what: str = "") -> object:
    """As `wait_until`, without blocking the event loop; the condition may be a coroutine function."""
    end = fair.seconds() + deadline
    last: object = "none, the condition itself never came back"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_real(deadline)):
            while True:
                last = await _value(condition)
                if last:
                    return last
                if fair.seconds() > end:
                    break
                await asyncio.sleep(PAUSE)
    raise WaitedInVain(what, deadline, last)


async def _value(condition: Callable[[], object]) -> object:
    answer = condition()
    return await answer if inspect.isawaitable(answer) else answer
