"""Who is told of a fault, by what was received: each page once, with its cause, in time, and until it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cs_exporter.spec import Cause, Severity
from tests.demo.fault import UNREACHABLE, Page, Row
from tests.e2e import paging
from tests.e2e.paging import Told
from tests.e2e.placed import Placed
from tests.e2e.test_placed import HERE_ONLY, fault
from tests.lab.receiver import Alert, Notification

CRITICAL = Page(Severity.CRITICAL, Cause.STORAGE)
WARNING = Page(Severity.WARNING, Cause.STORAGE)
PATH = Page(Severity.CRITICAL, Cause.PATH)
ROWS = (HERE_ONLY, Row("$host", "CsC"))
PLACED = Placed(replace(fault("a", "kvm1", rows=ROWS, blind=("$host",)), pages=(CRITICAL,)), "kvm1")
LIMITS = {Severity.CRITICAL: 60.0, Severity.WARNING: 120.0}


def alert(name: str, starts: float, page: Page = CRITICAL, *, host: str = "kvm1", fires: bool = True) -> Alert:
    """One of a notification."""
    labels = {"alertname": name, "host": host, "severity": page.severity.value, "cause": page.cause.value}
    return Alert("firing" if fires else "resolved", labels, {}, starts, None if fires else starts + 9)


def notified(received: float, *alerts: Alert, key: str = "storage") -> Notification:
    """What came."""
    status = "firing" if any(one.status == "firing" for one in alerts) else "resolved"
    return Notification(received, "page", status, key, {}, alerts)


FIRES = notified(115, alert("CsA", 110))
ENDS = notified(140, alert("CsA", 110, fires=False))
ANOTHER = alert("CsA", 111, host="kvm7")


def told(*got: Notification) -> dict[Page, Told]:
    """Of a fault that was there from 100 to 130."""
    return paging.told(PLACED, 100, 130, got)


def test_a_page() -> None:
    """When it fired, when it came, when it was over, and what was in it."""
    expected = Told(CRITICAL, 110, 115, 140, 1, frozenset({"CsA"}))
    assert {CRITICAL: expected} == told(FIRES, ENDS)
    assert [] == list(paging.wrong(PLACED, told(FIRES, ENDS), 101, LIMITS))


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ([], ["no page: storage"]),
        ([FIRES], ["page: storage: never resolved"]),
        ([FIRES, ENDS, notified(145, alert("CsA", 120)), notified(150, alert("CsA", 120, fires=False))], ["2 times"]),
        ([FIRES, notified(116, alert("CsC", 110), key="else"), ENDS, notified(141, key="else")], ["2 times: CsA, CsC"]),
        ([FIRES, notified(120, alert("CsA", 110), alert("CsC", 119)), ENDS], []),
        ([FIRES, notified(120, ANOTHER, alert("CsA", 110, fires=False)), notified(150, ANOTHER)], []),
        ([FIRES, notified(120, alert("CsC", 119, PATH), key="path"), ENDS], ["page: path as well: CsC"]),
        ([notified(105, alert("CsA", 104, WARNING), key="ticket"), FIRES, ENDS], []),
        ([notified(162, alert("CsA", 110)), notified(170)], ["page: storage received after 61.0 s; at most 60.0"]),
        ([notified(115, alert("CsA", 99))], ["no page: storage"]),
        ([notified(135, alert("CsA", 131))], ["no page: storage"]),
        ([notified(115, ANOTHER)], ["no page: storage"]),
    ],
)
def test_what_is_wrong_with_what_a_fault_brought(got: Sequence[Notification], expected: list[str]) -> None:
    """Nothing, too late, more than once, in two groups, with no end, or another cause; a ticket may come before."""
    lines = list(paging.wrong(PLACED, told(*got), 101, LIMITS))
    assert len(expected) == len(lines)
    assert [] == [line for line, words in zip(lines, expected, strict=True) if words not in line]


def test_what_a_log_said_is_told_for_longer() -> None:
    """A line of a log is told for minutes: alone it is over when that is, else when all the rest is over."""
    line = Row("$host", "CsAgentHeartbeatWriteFailed")
    placed = Placed(replace(PLACED.fault, also=(line,)), "kvm1")
    logged, row = alert(line.symptom, 109), alert("CsA", 110)
    alone = [notified(111, logged), notified(400, alert(line.symptom, 109, fires=False))]
    both = [notified(111, logged), notified(115, logged, row), notified(140, logged), notified(400)]
    found = [paging.told(placed, 100, 130, got)[CRITICAL] for got in (alone, both, both[:3])]
    assert [(1, 400), (1, 140), (1, 140)] == [(one.times, one.resolved) for one in found]


def test_what_may_be_received_besides() -> None:
    """As the catalogue says; it need not come, and nobody waits for its end."""
    placed = Placed(replace(PLACED.fault, besides=(PATH,)), "kvm1")
    assert [] == list(
        paging.wrong(
            placed, told(FIRES, notified(120, alert("CsC", 119, PATH), key="p"), ENDS), 101, {CRITICAL.severity: 60.0}
        )
    )


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (alert("CsA", 110), 0),
        (alert("CsHostUnreachable", 110, UNREACHABLE), 0),
        (alert(paging.ALWAYS, 1, host=""), 0),
        (alert("CsHostUnreachable", 110, UNREACHABLE, host="kvm2"), 1),
        (alert("CsA", 131), 1),
        (alert("CsB", 110), 1),
    ],
)
def test_what_no_fault_accounts_for(one: Alert, expected: int) -> None:
    """Of another host, another time, or another symptom; told once, however often it came."""
    found = list(paging.unaccounted([(PLACED, 100, 130)], [notified(115, one), notified(120, one)]))
    assert [(one, 115.0)] * expected == found


def test_all_that_must_be_received() -> None:
    """The declared page; of a silent agent both that it is late and that it is lost."""
    assert not paging.received(PLACED, 100, [])
    assert paging.received(PLACED, 100, [FIRES])
    page, ticket = Page(Severity.CRITICAL, Cause.AGENT), Page(Severity.WARNING, Cause.AGENT)
    rows = tuple(Row("$host", name) for name in paging.SILENCES)
    silent = Placed(fault("silent", "kvm1", rows=rows), "kvm1")
    first, second = (alert(name, 110, one) for name, one in zip(paging.SILENCES, (ticket, page), strict=True))
    assert paging.is_silence(silent)
    assert not paging.is_silence(PLACED)
    assert not paging.received(silent, 100, [notified(115, second)])
    assert paging.received(silent, 100, [notified(112, first), notified(115, second)])


def test_what_was_left_of_a_silence() -> None:
    """By what was known when it was received; too little, or not known, is said."""
    page, ticket = Page(Severity.CRITICAL, Cause.AGENT), Page(Severity.WARNING, Cause.AGENT)
    got = {one: Told(one, 1, at, None, 1, frozenset()) for one, at in ((ticket, 100.0), (page, 126.0))}
    left = paging.left(got, [(90, 135), (110, 140), (130, 200)])
    assert {Severity.WARNING: 35.0, Severity.CRITICAL: 14.0} == left
    assert ["critical received 14.0 s before the cloud's limit; at least 15"] == list(paging.too_late(left))
    assert 2 == len(list(paging.too_late({})))
