"""Waiting ends when the condition holds, and says what it saw last when it never does."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.wait import WaitedInVain, wait_until, wait_until_async


def test_the_first_true_value_comes_back() -> None:
    """The condition is asked again until its answer is true."""
    answers = iter([0, "", 7])
    assert 7 == wait_until(lambda: next(answers))


def test_waiting_in_vain_names_the_last_value() -> None:
    """The error carries what was waited for, how long, and the last answer."""
    with pytest.raises(WaitedInVain, match=r"the kettle: not true after 0\.05 s; last value: \[\]"):
        wait_until(list, 0.05, "the kettle")


async def test_a_coroutine_may_be_the_condition() -> None:
    """Both plain functions and coroutine functions can be waited for without blocking the loop."""
    answers = iter([0, 3])

    async def condition() -> int:
        await asyncio.sleep(0)
        return next(answers)

    assert 3 == await wait_until_async(condition)
    assert 4 == await wait_until_async(lambda: 4)


async def test_a_condition_that_never_comes_back_is_given_up() -> None:
    """A coroutine that hangs does not hang the test."""
    with pytest.raises(WaitedInVain, match="never came back"):
        await wait_until_async(asyncio.Event().wait, 0.05)
