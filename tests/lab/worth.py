"""What this machine is worth now, by a fixed piece of work in Python: budgets of processor time are judged by it.

A machine's second is not that of another, and beside others' work not even its own.
"""

from __future__ import annotations

import time

LOOP = 0.0275
"""Processor seconds of the loop where the tests' budgets were set: CPython 3.11 on a virtual machine with two
processors that had nothing else to do."""

REPEATS = 9
ROUNDS = 200_000


def loop_seconds() -> float:
    """Processor seconds of a loop that adds, looks up and calls, as Python programs do; the least of some."""
    return min(one_loop() for _ in range(REPEATS))


def one_loop() -> float:
    """Processor seconds of that loop, once; of this thread, because what others do meanwhile is not the machine's."""
    table: dict[int, int] = {}
    began = time.thread_time()
    for number in range(ROUNDS):
        table[number & 1023] = table.get(number & 511, 0) + len(str(number))
    return time.thread_time() - began


def slower() -> float:
    """How many times slower this machine is now than where the budgets were set; at least 1: none is tightened."""
    return max(1.0, loop_seconds() / LOOP)
