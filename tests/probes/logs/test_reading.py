"""What is known of a log from look to look: when agents were heard, what was lost, how often what was written."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

from cs_exporter.parsers.management_log import Cursor, FileState, Identity, Look, Pool
from cs_exporter.probes.logs.reading import (
    FORGOTTEN,
    STRAGGLING,
    Event,
    Heard,
    ManagementLogReading,
    Now,
    of_management,
)

AT = Cursor(17, 100, 1)
EPOCH = 1_800_000_000.0


LOOK = Look(FileState.READ, at=AT)


def after(before: ManagementLogReading | None, look: Look = LOOK, later: float = 15.0) -> ManagementLogReading:
    """The reading of a look, `later` seconds after the one before."""
    assert look.at is not None
    now = Now((before.at if before else 1000.0 - later) + later, EPOCH, longest=40.0)
    return of_management(before, look, look.at, "/log", now)


def pinged(*numbers: int) -> Look:
    """What a look finds when these agents have pinged."""
    return replace(LOOK, ping_lines=len(numbers), pinged=frozenset(numbers))


def test_the_first_look_only_says_where_the_end_is() -> None:
    """Nobody has been heard, and nothing is known of the time before."""
    first = after(None)
    assert {} == first.heard
    assert (-math.inf, 1000.0) == (first.gap_from, first.gap_until)
    assert first.last_ping_line is None


def test_an_agent_was_heard_when_its_newest_ping_was_first_seen() -> None:
    """By the exporter's clock; who it is stays known from a line that said so."""
    uuid = "0d6f0b3e-7c2f-4a3c-9d2f-6d5e2f1a9b11"
    second = after(after(None), replace(pinged(4, 17), agents=(Identity(4, uuid, "kvm1"),)))
    third = after(second, pinged(4))
    assert {4: Heard(4, 1030.0, uuid, "kvm1"), 17: Heard(17, 1015.0)} == third.heard
    assert 1030.0 == third.last_ping_line == after(third).last_ping_line
    assert 3 == third.ping_lines


def test_a_level_that_is_unchanged_is_known_by_other_lines() -> None:
    """When the newest was first seen; what may have been written long before says nothing of now."""
    debug = replace(LOOK, debug=True)
    second = after(after(None), debug)
    assert (None, 1015.0) == (second.last_ping_line, second.last_debug_line)
    assert 1015.0 == after(second, pinged(4)).last_debug_line == after(second, debug, 500).last_debug_line


def test_an_agent_that_left_is_forgotten() -> None:
    """Else a server that runs for years would know every agent it ever had."""
    reading = after(after(None), pinged(4))
    for _ in range(int(FORGOTTEN // 30)):
        reading = after(reading, later=30.0)
    assert {} == reading.heard


def test_lines_after_a_pause_are_of_no_known_time() -> None:
    """A host that has been silent since long before must not look alive because nobody read the log meanwhile."""
    second = after(after(None), pinged(4))
    third = after(second, replace(pinged(4, 17), events=MappingProxyType({"investigation": 1})), later=41.0)
    assert {4: Heard(4, 1015.0)} == third.heard
    assert (1015.0, 1056.0) == (third.gap_from, third.gap_until)
    assert 1015.0 == third.last_ping_line
    assert 1 == third.events["investigation"].count
    assert 0 == third.gaps


def test_lost_lines_make_a_gap() -> None:
    """Whoever pinged in lines that nobody read is not silent."""
    second = after(after(None))
    assert (-math.inf, 1000.0, 0) == (second.gap_from, second.gap_until, second.gaps)
    for look in (replace(LOOK, lost=5), replace(LOOK, torn=True), replace(LOOK, crowded=True)):
        third = after(second, look)
        assert (1015.0, 1030.0, 1) == (third.gap_from, third.gap_until, third.gaps)
        fourth = after(third)
        assert (1015.0, 1030.0, 1) == (fourth.gap_from, fourth.gap_until, fourth.gaps)


def test_one_torn_file_a_day_is_usual() -> None:
    """It is counted, and evidence starts anew; only more of them, or other lost lines, are a matter for somebody."""
    torn = replace(LOOK, torn=True)
    reading = after(after(None), torn)
    for hours in (23, 25, 24):
        reading = after(reading, torn, later=3600.0 * hours)
    assert (4, None, reading.at) == (reading.gaps, reading.gap_at, reading.gap_until)
    again = after(reading, torn, later=3600.0)
    assert (5, again.at) == (again.gaps, again.gap_at)
    for look in (replace(LOOK, lost=5), replace(LOOK, crowded=True), replace(torn, lost=5)):
        lost = after(after(None), look)
        assert (1, lost.at) == (lost.gaps, lost.gap_at)


def test_events_are_counted_up() -> None:
    """The newest one's time is that of the look that saw it."""
    look = replace(LOOK, events=MappingProxyType({"investigation": 2}))
    reading = after(after(after(after(None), look), look))
    assert {"investigation": Event(4, 1030.0)} == reading.events
    assert (0, 0) == (reading.read, reading.lost)
    assert (7, 0) == (after(reading, replace(LOOK, read=7)).read, reading.lost)


def test_who_is_behind() -> None:
    """The newest list, without those that were heard since; no list is not an empty one."""
    second = after(after(None), replace(LOOK, behind=frozenset({4, 17})))
    assert (frozenset({4, 17}), 1015.0) == (second.behind, second.behind_at)
    third = after(second, pinged(4))
    assert (frozenset({17}), 1015.0) == (third.behind, third.behind_at)
    fourth = after(third, replace(pinged(17), behind=frozenset({5})))
    assert (frozenset({5}), 1045.0) == (fourth.behind, fourth.behind_at)


def test_pools_are_known_by_their_newest_line() -> None:
    """A pool stays known; a log that names a new one in every line does not fill the memory."""
    reading = after(after(None), replace(LOOK, pools=(Pool("cloud", 250, 250, 0, 24),)))
    reading = after(reading, replace(LOOK, pools=(Pool("usage", 1, 0, 1, 0),)))
    assert {"cloud": (Pool("cloud", 250, 250, 0, 24), 1015.0), "usage": (Pool("usage", 1, 0, 1, 0), 1030.0)} == (
        reading.pools
    )
    many = after(reading, replace(LOOK, pools=tuple(Pool(f"p{number}", 1, 0, 1, 0) for number in range(20))))
    assert [f"p{number}" for number in range(12, 20)] == list(many.pools)


def test_a_rolled_file_is_looked_at_a_while_longer() -> None:
    """Its writer may not have noticed yet; then it is let go."""
    old = Cursor(17, 300, 5)
    look = replace(LOOK, at=Cursor(18, 10, 2), former=old)
    reading = after(after(None), look)
    for _ in range(int(STRAGGLING // 15)):
        assert old == reading.former
        reading = after(reading, look)
    assert reading.former is None
