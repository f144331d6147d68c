"""What came of a wave of faults, by what Prometheus has of it: how quick each was, and all that should not have been.

Pure: from the moments at which something was red or failing, looked at once per scrape from the first to the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.demo.fault import Row
from tests.e2e.waves import Placed

Moments = frozenset[float]
"""Epoch seconds, one per scrape interval, at which something was so."""

EPSILON = 1e-3
"""Moments are those of a clock in floating point."""


@dataclass(frozen=True)
class Failing:
    """A probe whose runs fail on a host, for a reason."""

    host: str
    probe: str
    reason: str


@dataclass(frozen=True)
class Span:
    """When something began and ended, epoch seconds."""

    begin: float
    end: float


@dataclass(frozen=True)
class Story:
    """How one fault went: when it was broken and mended, the moments of its queries, and its limit in seconds."""

    placed: Placed
    broken: Span
    mended: Span
    found: tuple[Moments, ...]
    limit: float


@dataclass(frozen=True)
class Evidence:
    """All that is known of a wave. `step`: seconds between two moments. `lost`: when a scrape had failed.

    `holds`: symptom -> seconds that it must hold before anyone is told.
    """

    whole: Span
    step: float
    stories: tuple[Story, ...]
    red: Mapping[Row, Moments]
    failing: Mapping[Failing, Moments]
    lost: Moments
    holds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A fault that was brought about: seconds to red and to green (None: never), and the limit of the former."""

    placed: Placed
    red: float | None
    limit: float
    healed: float | None


def seen(story: Story, evidence: Evidence) -> Seen:
    """Both are counted from the beginning of what broke or mended it, so they are upper bounds."""
    placed = story.placed
    all_held = _all_held(story, evidence)
    first = min(all_held, default=None)
    signs = Moments().union(
        *(moments for row, moments in evidence.red.items() if placed.expects(row)),
        *(moments for failing, moments in evidence.failing.items() if placed.blinds(failing.host)),
        *story.found,
    )
    last = max((at for at in signs if story.mended.begin <= at), default=story.mended.begin - evidence.step)
    over = last + evidence.step < evidence.whole.end
    red = None if first is None else first - story.broken.begin
    return Seen(placed, red, story.limit, last + evidence.step - story.mended.begin if over else None)


def _all_held(story: Story, evidence: Evidence) -> Moments:
    """When all that must show did, from when it was broken until it was mended."""
    held = (evidence.red.get(row, Moments()) for row in story.placed.rows)
    both = frozenset.intersection(*held, *story.found)
    return frozenset(at for at in both if story.broken.begin <= at <= story.mended.begin)


def problems(evidence: Evidence) -> Iterator[str]:
    """One line for each thing that should not have been."""
    for story in evidence.stories:
        yield from _of_fault(story, evidence)
    placed = [story.placed for story in evidence.stories]
    for row, moments in evidence.red.items():
        told = _longest(moments, evidence.step) > evidence.holds.get(row.symptom, 0.0)
        if told and not any(one.expects(row) for one in placed):
            yield f"{row.symptom} held on {row.host or 'no host'}{_when(moments, evidence)}"
    for failing, moments in evidence.failing.items():
        if not any(one.blinds(failing.host) for one in placed):
            yield f"{failing.probe} failed on {failing.host} ({failing.reason}){_when(moments, evidence)}"
    if evidence.lost:
        yield f"scrapes failed{_when(evidence.lost, evidence)}"


def _of_fault(story: Story, evidence: Evidence) -> Iterator[str]:
    told = seen(story, evidence)
    if told.red is None:
        yield f"{story.placed}: not all red in {story.limit:.1f} s; {', '.join(_lacking(story, evidence))}"
        return
    # What brings a fault about may wait until it is there: the limit counts from then.
    late = told.red - (story.broken.end - story.broken.begin)
    if late > story.limit:
        yield f"{story.placed}: red after {late:.1f} s; at most {story.limit:.1f}"
    held = _all_held(story, evidence)
    looks = int((story.mended.begin - min(held)) / evidence.step + EPSILON) + 1
    if len(held) < looks:
        yield f"{story.placed}: once red, not so at {looks - len(held)} of {looks} looks"
    if told.healed is None:
        yield f"{story.placed}: not over {evidence.whole.end - story.mended.begin:.1f} s after it was mended"


def _longest(moments: Moments, step: float) -> float:
    """Seconds of the longest stretch without a gap."""
    longest = stretch = 0.0
    before = -math.inf
    for at in sorted(moments):
        stretch = stretch + step if at - before < 1.5 * step else step
        longest, before = max(longest, stretch), at
    return longest


def _lacking(story: Story, evidence: Evidence) -> Iterator[str]:
    """How often each thing that must show did."""
    for row in sorted(story.placed.rows, key=str):
        yield f"{row.symptom} on {row.host}: {len(evidence.red.get(row, ()))} times"
    for query, moments in zip(story.placed.queries, story.found, strict=True):
        yield f"{query}: {len(moments)} times"


def _when(moments: Iterable[float], evidence: Evidence) -> str:
    """How often, and from when to when, in seconds since the wave began."""
    since = sorted(at - evidence.whole.begin for at in moments)
    return f" {len(since)} times, {since[0]:.0f} to {since[-1]:.0f} s after the wave began"
