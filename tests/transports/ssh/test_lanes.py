"""Lanes: a bound on what is under way, and room for others while some of it is slow."""

from __future__ import annotations

import asyncio

import pytest

from cs_exporter.transports.ssh.lanes import Lane, Lanes
from tests.transports.ssh.test_greeting import ends


async def taken(lanes: Lanes, number: int) -> list[Lane]:
    """So many, each at once."""
    return [await lanes.take(ends(1)) for _ in range(number)]


async def full(lanes: Lanes) -> bool:
    """Whether there is no room."""
    try:
        (await lanes.take(ends(0.02))).end()
    except TimeoutError:
        return True
    return False


async def test_no_more_than_so_many() -> None:
    """Whoever is too much waits, until his time is up or one ends."""
    lanes = Lanes(2, 0)
    first, _ = await taken(lanes, 2)
    assert await full(lanes)
    waiting = asyncio.create_task(lanes.take(ends(5)))
    await asyncio.sleep(0)
    first.end()
    await waiting
    first.end()
    assert await full(lanes)


async def test_the_slow_make_room() -> None:
    """As long as there is room for the slow; when one of them ends, another one is given its."""
    lanes = Lanes(2, 1)
    first, second = await taken(lanes, 2)
    first.slow()
    assert not await full(lanes)
    second.slow()
    (third,) = await taken(lanes, 1)
    assert await full(lanes)
    first.end()
    first.slow()
    assert not await full(lanes)
    third.end()
    second.end()
    assert (0, 0) == (len(lanes.taken), len(lanes.slow))


async def test_whoever_gives_up_takes_no_room() -> None:
    """Nor is he waited for."""
    lanes = Lanes(1, 0)
    (first,) = await taken(lanes, 1)
    waiting = [asyncio.create_task(lanes.take(ends(5))) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    first.end()
    done, others = await asyncio.wait(waiting, timeout=0.1)
    assert {waiting[0], waiting[1]} == done
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    waiting[1].result().end()
    await asyncio.gather(*others)
