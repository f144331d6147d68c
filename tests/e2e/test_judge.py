"""The judge of a wave sees what it is there to see: late, never, not over, and anything that is one too many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.demo.fault import Row
from tests.e2e.judge import Evidence, Failing, Moments, Span, Story, problems, seen
from tests.e2e.test_waves import HERE_ONLY, fault
from tests.e2e.waves import Placed

QUERY = 'cs_probe_failing{host="$host"}'
PLACED = Placed(fault("a", "kvm1", rows=(HERE_ONLY,), queries=(QUERY,), blind=("$host",)), "kvm1")
RED, BLIND = Row("kvm1", "CsA"), Failing("kvm1", "time_drift", "mute")


def moments(first: int, last: int) -> Moments:
    """One per second, both included."""
    return frozenset(map(float, range(first, last + 1)))


STORY = Story(PLACED, Span(100, 101), Span(120, 121), (moments(106, 122),), limit=9)
GOOD = Evidence(Span(98, 130), 1.0, (STORY,), {RED: moments(104, 123)}, {BLIND: moments(106, 122)}, lost=Moments())
"""Broken at 100, in a second; red from 104 and failing from 106; mended at 120, green from 124."""


def test_a_good_wave() -> None:
    """Red when all of it shows, counted from when breaking began; over when nothing of it shows."""
    told = seen(STORY, GOOD)
    assert (6, 4) == (told.red, told.healed)
    assert [] == list(problems(GOOD))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (replace(GOOD, stories=(replace(STORY, limit=4),)), "a@kvm1: red after 5.0 s; at most 4.0"),
        (replace(GOOD, stories=(replace(STORY, limit=5),)), None),
        (replace(GOOD, red={}), "a@kvm1: not all red in 9.0 s; CsA on kvm1: 0 times"),
        (replace(GOOD, stories=(replace(STORY, found=(Moments(),)),)), f"{QUERY.replace('$host', 'kvm1')}: 0 times"),
        (replace(GOOD, red={RED: moments(121, 123)}), "a@kvm1: not all red in 9.0 s"),
        (
            replace(GOOD, red={RED: moments(104, 109) | moments(112, 123)}),
            "a@kvm1: once red, not so at 2 of 15 looks",
        ),
        (replace(GOOD, red={RED: moments(104, 118)}), "a@kvm1: once red, not so at 2 of 15 looks"),
        (replace(GOOD, red={RED: moments(104, 130)}), "a@kvm1: not over 10.0 s after it was mended"),
        (replace(GOOD, failing={BLIND: moments(106, 130)}), "a@kvm1: not over 10.0 s after it was mended"),
        (
            replace(GOOD, red={**GOOD.red, Row("kvm2", "CsA"): moments(105, 105)}),
            "CsA held on kvm2 1 times, 7 to 7 s after the wave began",
        ),
        (
            replace(GOOD, red={**GOOD.red, Row("kvm1", "CsB"): moments(105, 107)}),
            "CsB held on kvm1 3 times, 7 to 9 s after the wave began",
        ),
        (replace(GOOD, red={**GOOD.red, Row("", "CsB"): moments(105, 107)}), "CsB held on no host 3 times"),
        (
            replace(GOOD, failing={**GOOD.failing, replace(BLIND, host="kvm2"): moments(99, 99)}),
            "time_drift failed on kvm2 (mute) 1 times, 1 to 1 s after the wave began",
        ),
        (replace(GOOD, lost=moments(110, 110)), "scrapes failed 1 times"),
    ],
)
def test_what_should_not_have_been(evidence: Evidence, expected: str | None) -> None:
    """Each in one line that says what, where and when."""
    lines = list(problems(evidence))
    assert len(lines) == (0 if expected is None else 1)
    assert (expected or "") in "".join(lines)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (moments(105, 107), False),
        (moments(105, 108), True),
        (moments(102, 104) | moments(106, 108), False),
        (moments(102, 103) | moments(106, 109), True),
    ],
)
def test_a_stranger_of_whom_nobody_would_be_told(held: Moments, told: object) -> None:
    """A symptom that must hold for some time is one too many if it does so without a gap."""
    evidence = replace(GOOD, red={**GOOD.red, Row("kvm2", "CsB"): held}, holds={"CsB": 3.0})
    assert told == bool(list(problems(evidence)))


def test_what_was_red_before_is_not_quick() -> None:
    """Only moments after the fault began count."""
    early = replace(GOOD, red={RED: moments(98, 99) | moments(105, 123)}, stories=(replace(STORY, found=()),))
    assert 5 == seen(early.stories[0], early).red
