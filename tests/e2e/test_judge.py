"""The judge sees what it is there to see: late, never, not over, and anything that is one too many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.spec import Cause, Severity
from tests.demo.fault import UNREACHABLE, Page, Row
from tests.e2e import paging
from tests.e2e.judge import (
    Evidence,
    Failing,
    Moments,
    Span,
    Story,
    doubtful,
    of_fault,
    of_pages,
    seen,
    stories_that_count,
    strangers,
    unasked,
)
from tests.e2e.placed import Placed
from tests.e2e.test_placed import HERE_ONLY, fault
from tests.lab.receiver import Alert, Notification

QUERY = 'cs_probe_failing{host="$host"}'
PLACED = Placed(fault("a", "kvm1", rows=(HERE_ONLY,), queries=(QUERY,), blind=("$host",)), "kvm1")
LATE = Failing("kvm2", "nfs_mounts", "timeout")
RED, BLIND = Row("kvm1", "CsA"), Failing("kvm1", "time_drift", "mute")


def moments(first: int, last: int) -> Moments:
    """One per second, both included."""
    return frozenset(map(float, range(first, last + 1)))


STORY = Story(PLACED, broken=Span(100, 101), mended=Span(120, 121), gone=125, over=True, limit=9)
FOUND = {PLACED.queries[0]: moments(106, 122)}
GOOD = Evidence(
    Span(98, 130), 1.0, (STORY,), {RED: moments(104, 123)}, {BLIND: moments(106, 122)}, FOUND, lost=Moments()
)
"""Broken at 100, in a second; red from 104 and failing from 106; mended at 120, green from 124."""


def red(*held: Moments, row: Row = RED) -> Evidence:
    """With other moments at which that row held."""
    return replace(GOOD, red={**GOOD.red, row: Moments().union(*held)})


def test_a_good_course() -> None:
    """Red when all of it shows, counted from when breaking began; over when nothing of it shows."""
    told = seen(STORY, GOOD)
    assert (6, 4) == (told.red, told.healed)
    assert [] == [*of_fault(STORY, GOOD), *strangers(GOOD)]


def test_what_is_tried_again_by_itself_is_judged_by_that() -> None:
    """What went wrong beside others is forgotten then; what goes wrong alone is not."""
    silent = replace(STORY, placed=Placed(replace(PLACED.fault, pages=()), "kvm1"))
    late = replace(silent, limit=4)
    said = {"a": ["red after 5.0 s; at most 4.0"]}
    for stories, expected in (((late,), said), ((late, silent), {}), ((silent, late), said)):
        evidence = replace(GOOD, stories=stories)
        assert stories[-1:] == stories_that_count(evidence)
        assert expected == doubtful(evidence)


@pytest.mark.parametrize(
    ("story", "evidence", "expected"),
    [
        (replace(STORY, limit=4), GOOD, "red after 5.0 s; at most 4.0"),
        (replace(STORY, limit=5), GOOD, None),
        (STORY, red(), "not all red in 9.0 s; CsA on kvm1: 0 times"),
        (STORY, replace(GOOD, found={PLACED.queries[0]: Moments()}), 'cs_probe_failing{host="kvm1"}: 0 times'),
        (STORY, red(moments(121, 123)), "not all red in 9.0 s"),
        (STORY, red(moments(104, 109), moments(112, 123)), "once red, not so at 2 of 15 looks"),
        (STORY, red(moments(104, 118)), "once red, not so at 2 of 15 looks"),
        (replace(STORY, over=False), GOOD, "not over 5.0 s after it was mended"),
    ],
)
def test_what_is_wrong_with_a_fault(story: Story, evidence: Evidence, expected: str | None) -> None:
    """Each in one line that says what, and how much."""
    lines = list(of_fault(story, evidence))
    assert len(lines) == (0 if expected is None else 1)
    assert (expected or "") in "".join(lines)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (red(moments(105, 105), row=Row("kvm2", "CsA")), "CsA held on kvm2 1 times, 7..7 s, with a@kvm1"),
        (red(moments(105, 107), row=Row("kvm1", "CsB")), "CsB held on kvm1 3 times, 7..9 s, with a@kvm1"),
        (red(moments(105, 107), row=Row("", "CsB")), "CsB held on no host 3 times"),
        (red(GOOD.red[RED], moments(98, 99)), "CsA held on kvm1 2 times, 0..1 s, with "),
        (red(GOOD.red[RED], moments(127, 127)), "CsA held on kvm1 1 times, 29..29 s, with "),
        (red(GOOD.red[RED], moments(126, 126)), None),
        (
            replace(GOOD, failing={**GOOD.failing, replace(BLIND, host="kvm2"): moments(110, 110)}),
            "time_drift failed on kvm2 (mute) 1 times, 12..12 s, with a@kvm1",
        ),
        (replace(GOOD, failing={LATE: moments(110, 110)}), "nfs_mounts failed on kvm2 (timeout) 1 times"),
        (replace(GOOD, failing={LATE: moments(110, 110)}, overload=1.5), None),
        (replace(GOOD, failing={replace(LATE, reason="mute"): moments(110, 110)}, overload=1.5), "(mute) 1 times"),
        (replace(GOOD, lost=moments(110, 110)), "scrapes failed 1 times"),
    ],
)
def test_strangers(evidence: Evidence, expected: str | None) -> None:
    """Each in one line that says what, where and when, and what else there was."""
    lines = list(strangers(evidence))
    assert len(lines) == (0 if expected is None else 1)
    assert (expected or "") in "".join(lines)


@pytest.mark.parametrize(("overload", "told"), [(1.0, 2), (1.5, 0)])
def test_a_heartbeat_that_is_late_with_all_the_machine(overload: float, told: int) -> None:
    """Neither red nor its ticket is anybody's then; on a machine that has time both are."""
    row, ticket = Row("kvm2", "CsStorageHeartbeatLate"), Page(Severity.WARNING, Cause.STORAGE)
    got = (ALWAYS, *TICKET, received(113, row.symptom, row.host, ticket))
    evidence = replace(PAGED, red={**PAGED.red, row: moments(105, 107)}, got=got, overload=overload)
    assert told == len([*strangers(evidence), *unasked(evidence)])


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
    assert told == bool(list(strangers(replace(red(held, row=Row("kvm2", "CsB")), holds={"CsB": 3.0}))))


def test_what_a_fault_leaves_is_no_stranger() -> None:
    """And it is over all the same; but before the fault there was nothing to remember."""
    row = Row("kvm1", "CsMysqlRefusals")
    placed = Placed(replace(PLACED.fault, also=(Row("$host", row.symptom),)), "kvm1")
    story = replace(STORY, placed=placed)
    evidence = replace(red(moments(104, 130), row=row), stories=(story,))
    assert 4 == seen(story, evidence).healed
    assert [] == list(strangers(evidence))
    assert [] != list(strangers(replace(red(moments(98, 130), row=row), stories=(story,))))


def test_what_was_red_before_is_not_quick() -> None:
    """Only moments after the fault began count; and what comes when it has gone is another's."""
    story = replace(STORY, placed=Placed(replace(PLACED.fault, queries=()), "kvm1"))
    told = seen(story, red(moments(98, 99), moments(105, 123), moments(126, 129)))
    assert (5, 4) == (told.red, told.healed)


def received(at: float, name: str, host: str, page: Page, *, fires: bool = True) -> Notification:
    """One alert."""
    labels = {"alertname": name, "host": host, "severity": page.severity.value, "cause": page.cause.value}
    status = "firing" if fires else "resolved"
    one = Alert(status, labels, {}, 108, None if fires else 123)
    return Notification(at, "ticket", status, page.cause.value, {}, (one,))


ALWAYS = received(99, paging.ALWAYS, "", Page(Severity.INFO, Cause.EXPORTER))
TOLD = replace(STORY, placed=Placed(replace(PLACED.fault, pages=(UNREACHABLE,)), "kvm1"))
TICKET = (
    received(112, "CsHostUnreachable", "kvm1", UNREACHABLE),
    received(128, "CsHostUnreachable", "kvm1", UNREACHABLE, fires=False),
)
PAGED = replace(GOOD, stories=(TOLD,), got=(ALWAYS, *TICKET))


def test_a_fault_that_was_told() -> None:
    """Its ticket was received and resolved, and nothing else came."""
    assert [*TICKET] == [one for one in PAGED.got if one.key == "reachability"]
    assert {UNREACHABLE} == seen(TOLD, PAGED).told.keys()
    assert [] == [*of_pages(TOLD, PAGED), *unasked(PAGED)]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (replace(PAGED, got=(ALWAYS,)), "no ticket: reachability"),
        (replace(PAGED, got=(ALWAYS, TICKET[0])), "ticket: reachability: never resolved"),
        (
            replace(PAGED, got=TICKET),
            "CsDeadMansSwitch was not received",
        ),
        (
            replace(PAGED, got=(*PAGED.got, received(113, "CsB", "kvm2", UNREACHABLE))),
            "ticket: reachability: alertname=CsB, cause=reachability, host=kvm2, severity=warning 2 times, 10..15 s",
        ),
    ],
)
def test_what_is_wrong_with_what_was_received(evidence: Evidence, expected: str) -> None:
    """Each in one line."""
    (line,) = [*of_pages(TOLD, evidence), *unasked(evidence)]
    assert expected in line


@pytest.mark.parametrize(("overload", "late"), [(1.0, True), (2.0, False)])
def test_a_page_may_be_late_on_a_machine_that_has_too_much_to_do(overload: float, late: object) -> None:
    """As what is red may; what the machine had to do at other times does not count."""
    ticket = replace(TICKET[0], received=101 + paging.TICKET + 1), replace(TICKET[1], received=240)
    evidence = replace(PAGED, overload=2.0, got=(ALWAYS, *ticket))
    assert late == bool(list(of_pages(replace(TOLD, limit=paging.RED, overload=overload), evidence)))
