"""The course of faults through the stand: each broken as soon as it meets no other, seen red, mended, seen green.

This process only decides when; what is judged are the samples that Prometheus has of it all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.demo.expressions import SYMPTOMS
from tests.demo.fault import Fault, Row
from tests.demo.pace import Pace
from tests.e2e import paging
from tests.e2e.judge import Evidence, Span, Story, doubtful
from tests.e2e.placed import Placed
from tests.e2e.stand import EVALUATION, GROUPING, LOOK, SCRAPE, Stand
from tests.lab import fair
from tests.lab.control import LabError
from tests.lab.wait import WaitedInVain, wait_until

TOGETHER = 8
"""More at once would show how the lab's two cores bear it rather than what a fault does."""

BLINDED = 2
"""Hosts of which faults side by side may have nothing learnt: of three it is said that a probe, or the exporter, is
blind, and that their faults have a reason in common."""

HEALED = 75.0
"""Seconds within which a mended fault must be over. Nearly all are in ten: connections are made anew, kernels retry,
readings end. But a database that has refused a password is asked again after a minute."""

RESOLVED = 90.0
"""Seconds after which nothing more is awaited of a fault that is over, where the machine is not overloaded; the judge
says what was not resolved."""

GRACE = SCRAPE + EVALUATION
"""Seconds after a fault is over in which its last alerts may come."""

QUICKEST = 40.0
"""Seconds that a fault takes which shows, is paged and is resolved as soon as it can be."""

PAUSE = LOOK / 2
LONGEST = 2500.0
"""Seconds after which the course has no end: on two processors that do nothing else all faults take some 1,400, and
half as fast a machine is none of its faults. How long a single one may take is for the judge."""

ALONE = 6
"""Faults that may be tried again by themselves. Several are there at once only to save time, and may get in each
other's way; of more than so many something is wrong with what is tested."""


def holds(pace: Pace) -> dict[str, float]:
    """Symptom -> the seconds that it must hold before anyone is told: as many runs as usual, those of a slow host."""
    return {symptom.name: symptom.wait(pace.slow_interval) for symptom in SYMPTOMS}


def in_turn(faults: Iterable[Fault], pace: Pace) -> list[Fault]:
    """Those first that take longest, together with all that wait for each other as they take hold of one part."""
    every = list(faults)
    parts = Counter(_part(fault) for fault in every)

    def key(fault: Fault) -> tuple[bool, float, float]:
        # What must be alone waits until all is over, and what comes after it would wait for it. What takes minutes by
        # itself begins: in the meantime what it does not meet goes on.
        slack = fault.slack(pace)
        return fault.alone, -(slack // QUICKEST), -parts[_part(fault)] * (QUICKEST + slack)

    return sorted(every, key=key)


def _part(fault: Fault) -> str:
    return Placed(fault, fault.hosts[0]).part


def overload() -> float:
    """How many times more than twice its cores the machine has had to run in the last minute; at least 1."""
    return max(1.0, os.getloadavg()[0] / (2 * (os.cpu_count() or 1)))


@dataclass
class _Held:
    """A fault that is there, or being got over.

    Epoch seconds: `red`, since when all of it has been seen; `gone`, since when it has been over, or should have been.
    What it brought may still have to be resolved then. `mended` of one that the lab failed to break: when it failed.
    `overload`: the highest of the machine since it was broken.
    """

    placed: Placed
    mend: ExitStack
    broken: Span
    mended: Span | None = None
    red: float | None = None
    gone: float | None = None
    over: bool = False
    overload: float = 1.0


@dataclass
class Course:
    """`run` goes through all faults and gathers what Prometheus has of it."""

    stand: Stand
    faults: Iterable[Fault]
    _held: list[_Held] = field(default_factory=list)
    _stories: list[Story] = field(default_factory=list)
    _most: int = 0
    _overload: float = 1.0
    errors: dict[str, str] = field(default_factory=dict)  # fault -> why the lab could not break or mend it
    again: dict[str, list[str]] = field(default_factory=dict)  # fault that was tried again by itself -> why
    page: bytes = b""  # what the exporter showed when most was broken

    def run(self) -> Evidence:
        """Raises WaitedInVain if it has no end."""
        self._begun = self.stand.now()
        self._ends = fair.seconds() + LONGEST
        with ExitStack() as self._every:
            self._go(in_turn(self.faults, self.stand.pace))
            wrong = doubtful(self._evidence()) | {name: [error] for name, error in self.errors.items()}
            if len(wrong) <= ALONE:
                self.again = wrong
                self.errors = {}
                for fault in [one for one in self.faults if one.name in wrong]:
                    self._go([fault])
        return self._evidence()

    def _go(self, faults: list[Fault]) -> None:
        self._waiting = faults
        try:
            wait_until(self._step, self._ends - fair.seconds(), "the course of faults to end", PAUSE)
        except WaitedInVain as vain:
            there = [held.placed.fault.name for held in self._held]
            vain.add_note(f"there: {there}; not begun: {[fault.name for fault in self._waiting]}")
            raise

    def _evidence(self) -> Evidence:
        stand = self.stand
        whole = Span(self._begun, stand.now())
        queries = {query for story in self._stories for query in story.placed.queries}
        return Evidence(
            whole,
            LOOK,
            tuple(self._stories),
            red=stand.red(whole),
            failing=stand.failing(whole),
            found={query: stand.found(query, whole) for query in queries},
            lost=stand.found("up == 0", whole),
            holds=holds(stand.pace),
            overload=self._overload,
            grace=GRACE,
            got=tuple(stand.receiver.got),
            deadlines=stand.deadlines(whole),
        )

    def _step(self) -> bool:
        """Let go what is over; mend what has been seen, or break what meets nobody: one, for that may take a while.

        Gives whether all is done.
        """
        load = overload()
        self._overload = max(self._overload, load)
        for held in self._held:
            held.overload = max(held.overload, load)
        red, blind, firing = self.stand.red_now(), self.stand.blind_now(), self.stand.firing_now()
        for held in [*self._held]:
            if held.gone is not None:
                self._forget(held, firing)
            elif held.mended is not None:
                self._let_go(held, red, blind)
            elif self._seen(held, red):
                self._mend(held)
                return False
        for fault in self._waiting if self._there() < TOGETHER else ():
            placed = self._place(fault)
            if placed is not None:
                self._waiting.remove(fault)
                self._break(placed)
                return False
        return not (self._waiting or self._held)

    def _there(self) -> int:
        """How many are not over."""
        return sum(held.gone is None for held in self._held)

    def _place(self, fault: Fault) -> Placed | None:
        """The first of its hosts where it meets none of those that are there."""
        blinded = {host for held in self._held for host in held.placed.blinded}
        for placed in (Placed(fault, host) for host in fault.hosts):
            if any(placed.meets(held.placed) for held in self._held):
                continue
            if not (placed.blinded and blinded) or len(blinded | placed.blinded) <= BLINDED:
                return placed
        return None

    def _break(self, placed: Placed) -> None:
        mend = self._every.enter_context(ExitStack())
        fault = placed.fault
        span, done = self._timed(placed, lambda: mend.enter_context(fault.breaks(self.stand.cloud, placed.host)))
        # What failed to break has been mended by its own cleanup, but something of it was there, and may have been met.
        self._held.append(_Held(placed, mend, span, None if done else Span(span.end, span.end)))

    def _mend(self, held: _Held) -> None:
        held.mended, _ = self._timed(held.placed, held.mend.close)

    def _seen(self, held: _Held, red: frozenset[Row]) -> bool:
        """Whether all of it has been seen and received, or should have been."""
        now, placed = self.stand.now(), held.placed
        if not (placed.rows <= red and all(map(self.stand.finds, placed.queries))):
            held.red = None
            return now > held.broken.end + self._limit(held)
        held.red = held.red or now
        if len(self._held) > self._most:
            self._most, self.page = len(self._held), self.stand.exporter.get("metrics")[1].encode()
        if now <= held.red + SCRAPE:
            return False
        got = paging.received(placed, held.broken.begin, self.stand.receiver.got)
        return got or now > held.broken.end + self._limit(held) - paging.RED + held.overload * paging.TICKET

    def _let_go(self, held: _Held, red: frozenset[Row], blind: frozenset[str]) -> None:
        """If nothing of it is to be seen any more, or nothing should. What was never seen may still come to be."""
        placed, now = held.placed, self.stand.now()
        shows = any(placed.expects(row) and not placed.leaves(row) for row in red) or any(map(placed.blinds, blind))
        over = not shows and not any(map(self.stand.finds, placed.queries))
        healed = held.overload * HEALED + placed.fault.slack(self.stand.pace) + 2 * self._lag(held)
        seen = held.red is not None or now > held.broken.end + self._limit(held)
        if held.mended is None or not ((over and seen) or now > held.mended.end + healed):
            return
        held.gone, held.over = now, over
        self._stories.append(Story(placed, held.broken, held.mended, now, over, self._limit(held), held.overload))

    def _forget(self, held: _Held, firing: frozenset[Row]) -> None:
        """If all that it brought has been resolved, and whoever got it was told so; or should have been."""
        assert held.gone is not None
        placed = held.placed
        fires = any(placed.accounts(row.symptom, row.host) and not placed.leaves(row) for row in firing)
        got = paging.told(placed, held.broken.begin, held.gone + GRACE, self.stand.receiver.got)
        still_open = fires or any(got[page].resolved is None for page in placed.fault.brings if page in got)
        since = self.stand.now() - held.gone
        if (since > held.overload * (GRACE + GROUPING) and not still_open) or since > held.overload * RESOLVED:
            self._held.remove(held)

    def _limit(self, held: _Held) -> float:
        """Seconds within which it must be red: what is promised at this interval, and what the fault itself needs.

        An exporter that was held up by the machine says so itself, and has so much more. On a machine that has more to
        run than twice its cores all take longer, User-Mode-Linux above all, and may.
        """
        usual = paging.RED + held.placed.fault.slack(self.stand.pace)
        return held.overload * usual + 2 * self._lag(held)

    def _lag(self, held: _Held) -> float:
        return self.stand.lag(Span(held.broken.begin, self.stand.now()))

    def _timed(self, placed: Placed, action: Callable[[], object]) -> tuple[Span, bool]:
        """When it was done, and whether the lab could."""
        begin, done = self.stand.now(), True
        try:
            action()
        except (LabError, WaitedInVain, OSError) as error:
            self.errors[placed.fault.name] = f"{type(error).__name__}: {error}"
            done = False
        return Span(begin, self.stand.now()), done
