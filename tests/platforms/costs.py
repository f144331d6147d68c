"""Processor time that asking a cloud takes, in seconds of the machine on which the budgets were set.

One machine's second is not another's, and beside others' work not even its own: a fixed piece of work alternates with
what is measured, and tells what this machine is worth meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from tests.lab.worth import LOOP, one_loop

BUDGET = 0.050
"""Seconds of the client's processor time for each interval of 15 s, at a thousand hosts."""

PER_CENSUS = 4
"""Intervals between two censuses."""

ROUNDS = 10


async def cost(ask: Callable[[], Awaitable[object]], theirs: Callable[[], float] = lambda: 0.0) -> float:
    """What asking takes of this process, but for `theirs`: a server's seconds that are spent in it.

    The least of some rounds, as of the fixed work: others on the machine can only make it more.
    """
    best = worth = float("inf")
    for _ in range(ROUNDS):
        worth = min(worth, one_loop())
        began, others = time.process_time(), theirs()
        await ask()
        best = min(best, time.process_time() - began - (theirs() - others))
    return best * LOOP / worth


def ratios(often: float, census: float) -> str:
    """A line of ratios to the budget: what is asked each interval, a census, an interval with its part of one."""
    both = often + census / PER_CENSUS
    parts = [each / BUDGET for each in (often, census, both)]
    return f" of {BUDGET * 1000:g} ms: each interval {parts[0]:.2f}, census {parts[1]:.2f}, both {parts[2]:.2f}"


def within_budget(often: float, census: float) -> bool:
    """Whether an interval, a census's part included, keeps the budget."""
    return often + census / PER_CENSUS < BUDGET
