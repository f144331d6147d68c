"""Attempts under way: never two at a destination, whoever asks shares, and whoever gives up takes nothing along."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Dial, PortState, Talk
from cs_exporter.transports.dial.inflight import InFlight, UnderWay
from cs_exporter.transports.dial.talk import Span
from tests.lab.wait import wait_until_async
from tests.transports.ssh.test_greeting import ends

OPEN = Dial(PortState.OPEN, "accepted")
PLAIN = Talk()
THERE = ("10.0.0.1", 80)


class Attempts:
    """Attempts that end when told."""

    def __init__(self) -> None:
        self.in_flight = InFlight()
        self.begun: list[UnderWay] = []
        self.at_once = 0
        self.go = asyncio.Event()
        self.result: Dial | Exception = OPEN

    async def ask(self, talk: Talk = PLAIN, seconds: float = 5, there: tuple[str, int] = THERE) -> Dial:
        """Ask for an attempt."""
        span = Span(f"{there[0]} port {there[1]}", seconds, ends(seconds), time)
        return await self.in_flight.share(there, talk, span, self._attempt)

    async def _attempt(self, mine: UnderWay) -> Dial:
        self.begun.append(mine)
        self.at_once += 1
        assert 1 == self.at_once
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    async def asked(self, number: int) -> list[asyncio.Task[Dial]]:
        """That many askers, the first of whom has begun."""
        tasks = [asyncio.create_task(self.ask()) for _ in range(number)]
        await wait_until_async(lambda: self.begun)
        return tasks


async def test_one_attempt_for_all() -> None:
    """Everybody is given the same end."""
    attempts = Attempts()
    tasks = await attempts.asked(5)
    attempts.go.set()
    assert [OPEN] * 5 == await asyncio.gather(*tasks)
    assert 1 == len(attempts.begun)
    assert OPEN == await attempts.ask()
    assert 2 == len(attempts.begun)


@pytest.mark.parametrize("failure", [ProbeFailed(Reason.EXHAUSTED, "full", ours=True), UnsupportedError("forbidden")])
async def test_failures_are_shared(failure: Exception) -> None:
    """With their reason, and whose fault it is."""
    attempts = Attempts()
    attempts.result = failure
    tasks = await attempts.asked(3)
    attempts.go.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [(type(failure), str(failure))] * 3 == [(type(one), str(one)) for one in ended]
    assert all(getattr(one, "ours", None) == getattr(failure, "ours", None) for one in ended)


async def test_whoever_began_it_gives_up() -> None:
    """The next asker begins his own; never are there two."""
    attempts = Attempts()
    first, *others = await attempts.asked(4)
    first.cancel()
    await wait_until_async(lambda: len(attempts.begun) == 2)
    attempts.go.set()
    assert [OPEN] * 3 == await asyncio.gather(*others)
    assert first.cancelled()


async def test_another_talk_waits_its_turn() -> None:
    """A connection that is only opened is no answer to who wants a first byte."""
    attempts = Attempts()
    (first,) = await attempts.asked(1)
    second = asyncio.create_task(attempts.ask(Talk(listen=True)))
    elsewhere = asyncio.create_task(Attempts().ask(there=("10.0.0.1", 81)))
    attempts.go.set()
    assert [OPEN, OPEN] == [await first, await second]
    assert [Talk(), Talk(listen=True)] == [one.talk for one in attempts.begun]
    elsewhere.cancel()


async def test_a_shorter_patience() -> None:
    """Who can't wait for the end hears since when nothing has answered."""
    attempts = Attempts()
    (first,) = await attempts.asked(1)
    attempts.begun[0].asked = ends(0)
    found = await attempts.ask(seconds=0.15)
    assert (PortState.FILTERED, True) == (found.state, found.detail.startswith("no answer to the connection request s"))
    attempts.go.set()
    assert OPEN == await first


@pytest.mark.parametrize(
    ("asked", "accepted", "said"),
    [(None, False, "not learnt yet"), (0.1, False, "were left to wait"), (-9, True, "is talking to it")],
)
async def test_nothing_can_be_said_yet(asked: float | None, said: str, *, accepted: bool) -> None:
    """The request waits for its turn, or has left just now, or was taken up: no silence of the peer's."""
    attempts = Attempts()
    (first,) = await attempts.asked(1)
    attempts.begun[0].asked, attempts.begun[0].accepted = None if asked is None else ends(asked), accepted
    with pytest.raises(ProbeFailed, match=said) as caught:
        await attempts.ask(seconds=0.1)
    assert (Reason.TIMEOUT, True) == (caught.value.reason, caught.value.ours)
    attempts.go.set()
    assert OPEN == await first
