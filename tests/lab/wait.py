"""Waiting for a condition with a deadline, in place of sleeping and hoping; for plain and for async tests."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE = 0.02


class WaitedInVain(AssertionError):
    """Raised when a condition did not come true before its deadline; says what was seen last."""

    def __init__(self, what: str, deadline: float, last: object) -> None:
        super().__init__(f"{what or 'the condition'}: not true after {deadline:g} s; last value: {last!r}")


def wait_until(condition: Callable[[], T], deadline: float = 5.0, what: str = "") -> T:
    """Call `condition` until it answers something true, and return that. Raises WaitedInVain after `deadline` s."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise WaitedInVain(what, deadline, value)
        time.sleep(PAUSE)


async def wait_until_async(condition: Callable[[], T | Awaitable[T]], deadline: float = 5.0, what: str = "") -> T:
    """As `wait_until`, without blocking the event loop; the condition may be a coroutine function."""
    end = time.monotonic() + deadline
    value: object = None
    try:
        async with asyncio.timeout(deadline + 1):
            while True:
                answer = condition()
                result: T = await answer if inspect.isawaitable(answer) else answer
                if result:
                    return result
                value = result
                if time.monotonic() > end:
                    break
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        value = f"{value!r}, and the condition itself never came back"
    raise WaitedInVain(what, deadline, value)
