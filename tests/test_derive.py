"""Derived probes run a moment after their inputs landed: once for many, and once more when the inventory changes."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter import ports
from cs_exporter.board import FLEET, Board
from cs_exporter.derive import GATHERED, SETTLE, SPARING, Deriver, latest_of
from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason, Unsupported
from cs_exporter.spec import AnyDerived, DerivedSpec, Latest
from tests.lab.wait import wait_until_async

HOSTS = Inventory({name: Host(name, "192.0.2.1") for name in ("a", "b", "c")})


def names(latest: Latest, _: float) -> str:
    """The hosts whose reading is there."""
    return ",".join(latest.of("input", str))


SPEC = DerivedSpec("names", "?", ("input",), str, names, ())
DEAR = 0.05
"""Seconds."""


class Clock:
    """ports.Clock, of which a derivation can use up some time."""

    def __init__(self) -> None:
        self.used = 0.0

    def time(self) -> float:
        """See ports.Clock."""
        return time.time() + self.used

    def monotonic(self) -> float:
        """See ports.Clock."""
        return time.monotonic() + self.used

    def dear_names(self, latest: Latest, now: float) -> str:
        """The same, at a price."""
        self.used += DEAR
        return names(latest, now)


class Stand:
    """A board with a deriver, and what it landed."""

    def __init__(self, *specs: AnyDerived, clock: ports.Clock = time) -> None:
        self.board = Board(HOSTS)
        self.landed: list[tuple[Outcome, float]] = []
        self.deriver = Deriver(
            specs or (SPEC,), self.board, clock, lambda outcome, interval: self.landed.append((outcome, interval))
        )

    def land(self, probe: str, host: str, result: object, interval: float = 30.0) -> None:
        """An outcome lands."""
        self.board.land(Outcome(probe, host, time.time(), time.monotonic(), 0.0, result), interval)
        self.deriver.landed(probe, interval)

    def results(self) -> list[tuple[object, float]]:
        """Results and intervals."""
        return [(outcome.result, interval) for outcome, interval in self.landed]


async def test_many_landings_make_one_derivation() -> None:
    """Under the fleet's name, with the shortest interval of its inputs."""
    stand = Stand()
    for name, interval in (("a", 60.0), ("b", 30.0), ("c", 60.0)):
        stand.land("input", name, "reading", interval)
    assert [] == stand.landed
    await wait_until_async(lambda: stand.landed, SETTLE + 2)
    assert [("a,b,c", 30.0)] == stand.results()
    assert (FLEET, "names") == (stand.landed[0][0].host, stand.landed[0][0].probe)


async def test_others_landings_wake_nobody() -> None:
    """Only inputs count; nothing is due, so nothing is derived at once either."""
    stand = Stand()
    stand.land("other", "a", "reading")
    stand.deriver.flush()
    assert [] == stand.landed


async def test_only_fresh_readings_are_seen() -> None:
    """A failure keeps the reading before it for three intervals; without one there is nothing."""
    stand = Stand()
    stand.land("input", "a", "reading")
    stand.land("input", "a", Failure(Reason.TIMEOUT, "late"))
    stand.land("input", "b", Failure(Reason.TIMEOUT, "late"))
    now = time.monotonic()
    assert {"a": "reading"} == latest_of(stand.board, SPEC, now, 0.0).of("input", str)
    assert {} == latest_of(stand.board, SPEC, now + 91, 0.0).of("input", str)
    assert {} == latest_of(stand.board, SPEC, now, 0.0).of("input", int)
    stand.deriver.close()


async def test_who_gave_no_reading_is_told() -> None:
    """By the latest run: a reading from before is no answer, and a question that does not apply is none either."""
    stand = Stand()
    stand.land("input", "a", "reading")
    stand.land("input", "a", Failure(Reason.TIMEOUT, "late"))
    stand.land("input", "b", Unsupported("no tool"))
    stand.land("other", "c", Failure(Reason.TIMEOUT, "late"))
    assert {"input": {"a", "b"}} == latest_of(stand.board, SPEC, time.monotonic(), 0.0).unanswered
    stand.land("input", "a", "reading")
    assert {"input": {"b"}} == latest_of(stand.board, SPEC, time.monotonic(), 0.0).unanswered
    stand.deriver.close()


async def test_a_changed_inventory_derives_once_more() -> None:
    """A host that left must leave the derived rows too, before the next landing."""
    stand = Stand()
    stand.land("input", "a", "reading")
    stand.land("input", "b", "reading")
    stand.deriver.flush()
    stand.board.replace_inventory(Inventory({"b": HOSTS.hosts["b"]}))
    stand.deriver.again()
    assert [("a,b", 30.0), ("b", 30.0)] == stand.results()


async def test_rare_inputs_are_gathered_for_longer() -> None:
    """A share of their interval; a fleet whose readings trickle in all the time is not derived at every one."""
    stand, began = Stand(), asyncio.get_running_loop().time()
    stand.land("input", "a", "reading", 100.0)
    await wait_until_async(lambda: stand.landed, 100 * GATHERED + 2)
    assert SETTLE < 100 * GATHERED <= asyncio.get_running_loop().time() - began + 0.01


async def test_hosts_that_are_asked_rarely_hold_up_nobody() -> None:
    """The shortest interval counts, whoever lands first; and once it counts, no landing puts the derivation off."""
    stand, loop = Stand(), asyncio.get_running_loop()
    stand.land("input", "a", "reading", 3600.0)
    assert loop.time() + 3600 * GATHERED == pytest.approx(_due_at(stand), abs=10)
    stand.land("input", "b", "reading", 30.0)
    due = _due_at(stand)
    assert due <= loop.time() + 30 * GATHERED
    for interval in (30.0, 3600.0):
        stand.land("input", "c", "reading", interval)
    assert due == _due_at(stand)
    await wait_until_async(lambda: stand.landed, 30)
    assert [("a,b,c", 30.0)] == stand.results()
    assert not stand.deriver._timers


def _due_at(stand: Stand) -> float:
    (timer,) = stand.deriver._timers.values()
    return timer.when()


async def test_one_that_is_dear_is_derived_less_often() -> None:
    """It waits for a multiple of what it took the last time; the others do not wait with it."""
    clock = Clock()
    stand = Stand(SPEC, DerivedSpec("dear", "?", ("input",), str, clock.dear_names, ()), clock=clock)
    stand.land("input", "a", "reading")
    stand.deriver.flush()
    assert ["names", "dear"] == [outcome.probe for outcome, _ in stand.landed]
    began = asyncio.get_running_loop().time()
    stand.land("input", "b", "reading")
    await wait_until_async(lambda: len(stand.landed) == 3, SETTLE + 2)
    assert "names" == stand.landed[-1][0].probe
    await wait_until_async(lambda: len(stand.landed) == 4, SPARING * DEAR + 5)
    assert SPARING * DEAR <= asyncio.get_running_loop().time() - began
    assert ("dear", "a,b") == (stand.landed[-1][0].probe, stand.landed[-1][0].result)


async def test_a_stall_does_not_age_what_is_derived() -> None:
    """However long the last one took: one interval is the longest wait."""
    clock = Clock()
    stand = Stand(DerivedSpec("dear", "?", ("input",), str, clock.dear_names, ()), clock=clock)
    stand.land("input", "a", "reading", interval=SETTLE)
    stand.deriver.flush()
    stand.land("input", "b", "reading", interval=SETTLE)
    await wait_until_async(lambda: len(stand.landed) == 2, SETTLE + 0.4 * SPARING * DEAR)


async def test_how_often_hosts_are_asked_is_told() -> None:
    """As they are asked in truth: whole base intervals."""
    stand = Stand()
    stand.land("input", "a", "reading", 45.0)
    assert {"input": {"a": 45.0}} == latest_of(stand.board, SPEC, time.monotonic(), 0.0).intervals
    stand.deriver.close()
