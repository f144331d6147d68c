"""What came of the faults, by what Prometheus has of them: how quick each was, and all that should not have been.

Pure: from the moments at which something was red or failing, looked at once per scrape from the first to the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from cs_exporter.spec import Severity
from tests.demo.fault import Page, Row
from tests.e2e import paging
from tests.e2e.paging import Told
from tests.e2e.placed import Placed
from tests.lab.receiver import Notification

Moments = frozenset[float]
"""Epoch seconds, one per scrape interval, at which something was so."""

LATE = frozenset({"CsStorageHeartbeatLate"})
"""Symptoms that a machine has which has too much to do: what is written in a loop comes late."""

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
    """How one fault went: when it was broken and mended, and when it was let go: because it was `over`, or in vain.

    `limit`: seconds within which it had to be red. `overload`: how many times more the machine had to do meanwhile than
    it can carry, at worst; at least 1.
    """

    placed: Placed
    broken: Span
    mended: Span
    gone: float
    over: bool
    limit: float
    overload: float = 1.0


@dataclass(frozen=True)
class Evidence:
    """All that is known of a course. `step`: seconds between two moments. `lost`: when a scrape had failed.

    `holds`: symptom -> seconds that it must hold before anyone is told. `overload`: the highest of the whole course;
    beyond 1 a run that got no answer in time tells of the machine. `grace`: seconds after a fault for which its alerts
    may still come. `got`: what was received, oldest first. `deadlines`: host -> moments, and when the cloud could give
    it up by what was known then.
    """

    whole: Span
    step: float
    stories: tuple[Story, ...]
    red: Mapping[Row, Moments]
    failing: Mapping[Failing, Moments]
    found: Mapping[str, Moments]  # by query
    lost: Moments
    holds: Mapping[str, float] = field(default_factory=dict)
    overload: float = 1.0
    grace: float = 0.0
    got: tuple[Notification, ...] = ()
    deadlines: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A fault that was brought about: seconds to red and to green (None: never), and the limit of the former.

    `told`: what it brought. `begun`, `mended`: when that began, epoch seconds. `left`: seconds that were left then
    before the cloud could have given the host up, of agents that were silent.
    """

    placed: Placed
    red: float | None
    limit: float
    healed: float | None
    begun: float = 0.0
    mended: float = 0.0
    told: Mapping[Page, Told] = field(default_factory=dict)
    left: Mapping[Severity, float] = field(default_factory=dict)


def seen(story: Story, evidence: Evidence) -> Seen:
    """Both are counted from the beginning of what broke or mended it, so they are upper bounds."""
    placed, mended = story.placed, story.mended.begin
    first = min(_all_held(story, evidence), default=None)
    signs = Moments().union(
        *(moments for row, moments in evidence.red.items() if placed.expects(row) and not placed.leaves(row)),
        *(moments for failing, moments in evidence.failing.items() if placed.blinds(failing.host)),
        *(evidence.found[query] for query in placed.queries),
    )
    last = max((at for at in signs if mended <= at <= story.gone), default=mended - evidence.step)
    healed = min(last + evidence.step, story.gone) - mended
    told = paging.told(placed, story.broken.begin, story.gone + evidence.grace, evidence.got)
    return Seen(
        placed,
        None if first is None else first - story.broken.begin,
        story.limit,
        healed if story.over else None,
        story.broken.begin,
        mended,
        told,
        paging.left(told, evidence.deadlines.get(placed.host, ())) if paging.is_silence(placed) else {},
    )


def _all_held(story: Story, evidence: Evidence) -> Moments:
    """When all that must show did, from when it was broken until it was mended."""
    held = (evidence.red.get(row, Moments()) for row in story.placed.rows)
    both = frozenset.intersection(*held, *(evidence.found[query] for query in story.placed.queries))
    return frozenset(at for at in both if story.broken.begin <= at <= story.mended.begin)


def of_fault(story: Story, evidence: Evidence) -> Iterator[str]:
    """What went wrong with a fault, a line each."""
    told = seen(story, evidence)
    if told.red is None:
        yield f"not all red in {story.limit:.1f} s; {', '.join(_lacking(story, evidence))}"
        return
    # What brings a fault about may wait until it is there: the limit counts from then.
    late = told.red - (story.broken.end - story.broken.begin)
    if late > story.limit:
        yield f"red after {late:.1f} s; at most {story.limit:.1f}"
    held = _all_held(story, evidence)
    looks = int((story.mended.begin - min(held)) / evidence.step + EPSILON) + 1
    if len(held) < looks:
        yield f"once red, not so at {looks - len(held)} of {looks} looks"
    if told.healed is None:
        yield f"not over {story.gone - story.mended.begin:.1f} s after it was mended"


def of_pages(story: Story, evidence: Evidence) -> Iterator[str]:
    """What went wrong with what somebody should have got because of a fault, a line each."""
    found = seen(story, evidence)
    more = story.limit - paging.RED
    limits = {
        Severity.CRITICAL: story.overload * paging.RECEIVED + more,
        Severity.WARNING: story.overload * paging.TICKET + more,
    }
    yield from paging.wrong(story.placed, found.told, story.broken.end, limits)
    if paging.is_silence(story.placed):
        yield from paging.too_late(found.left)


def stories_that_count(evidence: Evidence) -> tuple[Story, ...]:
    """One of each fault: the last, where it was tried again by itself."""
    return tuple({story.placed.fault.name: story for story in evidence.stories}.values())


def doubtful(evidence: Evidence) -> dict[str, list[str]]:
    """By fault, what went wrong with it or with what it brought; only faults with which something did."""
    said = {
        story.placed.fault.name: [*of_fault(story, evidence), *of_pages(story, evidence)]
        for story in stories_that_count(evidence)
    }
    return {name: lines for name, lines in said.items() if lines}


def unasked(evidence: Evidence) -> Iterator[str]:
    """What was received and no fault had brought about, a line each; and that the alert which always fires did not."""
    faults = [(story.placed, story.broken.begin, story.gone + evidence.grace) for story in evidence.stories]
    for alert, received in paging.unaccounted(faults, evidence.got):
        if _excused(alert.name, evidence):
            continue
        labels = ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
        yield f"{paging.page_of(alert)}: {labels}{_when(frozenset([alert.starts, received]), evidence)}"
    if not any(alert.name == paging.ALWAYS for one in evidence.got for alert in one.firing):
        yield f"{paging.ALWAYS} was not received"


def strangers(evidence: Evidence) -> Iterator[str]:
    """Rows and hosts that no fault then present accounts for, and scrapes that failed; a line each."""
    for row, moments in evidence.red.items():
        expecting = [story for story in evidence.stories if story.placed.expects(row)]
        spans = [replace(story, gone=math.inf) if story.placed.leaves(row) else story for story in expecting]
        left = _left(moments, evidence, spans)
        if _longest(left, evidence.step) > evidence.holds.get(row.symptom, 0.0) and not _excused(row.symptom, evidence):
            yield f"{row.symptom} held on {row.host or 'no host'}{_when(left, evidence)}"
    for failing, moments in evidence.failing.items():
        left = _left(moments, evidence, [story for story in evidence.stories if story.placed.blinds(failing.host)])
        if left and not (failing.reason == "timeout" and evidence.overload > 1):
            yield f"{failing.probe} failed on {failing.host} ({failing.reason}){_when(left, evidence)}"
    if evidence.lost:
        yield f"scrapes failed{_when(evidence.lost, evidence)}"


def _excused(symptom: str, evidence: Evidence) -> bool:
    """Whether it may tell of the machine that all of this runs on."""
    return symptom in LATE and evidence.overload > 1


def _left(moments: Moments, evidence: Evidence, stories: list[Story]) -> Moments:
    """The moments at which none of the faults was there; the look after one was let go is still its own."""
    return frozenset(
        at for at in moments if not any(story.broken.begin <= at <= story.gone + evidence.step for story in stories)
    )


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
    shown = {f"{row.symptom} on {row.host}": evidence.red.get(row, Moments()) for row in story.placed.rows}
    shown |= {query: evidence.found[query] for query in story.placed.queries}
    for what, moments in sorted(shown.items()):
        yield f"{what}: {sum(story.broken.begin <= at <= story.mended.begin for at in moments)} times"


def _when(moments: Moments, evidence: Evidence) -> str:
    """How often, from when to when, in seconds since the course began, and which faults were there."""
    first, last = min(moments), max(moments)
    there = [story for story in evidence.stories if story.broken.begin <= last and first <= story.gone]
    since = (round(at - evidence.whole.begin) for at in (first, last))
    return f" {len(moments)} times, {'..'.join(map(str, since))} s, with {', '.join(str(one.placed) for one in there)}"
