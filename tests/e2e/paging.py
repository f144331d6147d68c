"""What reached somebody because of each fault: which pages and tickets, how often, when, and until when.

Pure: from what a receiver of webhooks got, as those judge who are paged; not by what Prometheus thinks of an alert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cs_exporter.spec import Cause, Severity
from tests.demo.fault import Page, Row
from tests.e2e.placed import Placed
from tests.lab.receiver import Alert, Notification

ALWAYS = "CsDeadMansSwitch"
"""The alert that no fault brings: it always fires."""

RED, RECEIVED = 20.0, 60.0
"""Seconds within which a fault must be red, and its page received."""

TICKET = 120.0
"""Seconds within which a ticket must be: most have to last for nine runs, so that a single event makes none."""

LEFT = {Severity.WARNING: 30.0, Severity.CRITICAL: 15.0}
"""Seconds that must be left of an agent's silence when it is received that the cloud will give its host up."""

SILENCES = ("CsHostAlertImminent", "CsHostAlertImminentCritical")


@dataclass(frozen=True)
class Told:
    """One page of a fault. Epoch seconds: when it fired, when it was received, when it was over (None: never).

    `times`: how often it came anew, groups counted apart. `names`: the alerts in it.
    """

    page: Page
    fired: float
    received: float
    resolved: float | None
    times: int
    names: frozenset[str]


@dataclass
class _Group:
    """One of Alertmanager's groups, as far as a fault has to do with it."""

    open: bool = False
    times: int = 0
    resolved: float | None = None
    lasted: bool = False

    def look(self, now: float, *, firing: bool, lasting: bool) -> None:
        """What a notification says: whether alerts of the fault are in it, and some that end when it does.

        A line of a log is told for minutes after its fault, which keeps nothing open that was more than that.
        """
        shows = lasting or (firing and not self.lasted)
        if shows and not self.open:
            self.times += 1
            self.resolved = None
        elif self.open and not shows:
            self.resolved = now
        self.open, self.lasted = shows, self.lasted or lasting


@dataclass
class _Page:
    """What is gathered of a page."""

    fired: float
    received: float
    groups: dict[tuple[str, str], _Group] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def page_of(alert: Alert) -> Page:
    """What an alert brings, by its labels."""
    return Page(Severity(alert.labels["severity"]), Cause(alert.labels["cause"]))


def told(placed: Placed, begin: float, end: float, notifications: Sequence[Notification]) -> dict[Page, Told]:
    """The pages and tickets that alerts of a fault brought; its alerts are those that fired from `begin` to `end`."""
    pages: dict[Page, _Page] = {}
    for one in notifications:
        mine = [alert for alert in one.firing if _is_of(alert, placed, begin, end)]
        for alert in mine:
            page = pages.setdefault(page_of(alert), _Page(alert.starts, one.received))
            page.names.add(alert.name)
            page.groups.setdefault((one.receiver, one.key), _Group())
        firing = {page_of(alert) for alert in mine}
        lasting = {page_of(alert) for alert in mine if not placed.leaves(Row(_host(alert), alert.name))}
        for what, page in pages.items():
            group = page.groups.get((one.receiver, one.key))
            if group is not None:
                group.look(one.received, firing=what in firing, lasting=what in lasting)
    return {what: _told(what, page) for what, page in pages.items()}


def _is_of(alert: Alert, placed: Placed, begin: float, end: float) -> bool:
    return begin <= alert.starts <= end and placed.accounts(alert.name, _host(alert))


def _host(alert: Alert) -> str:
    return alert.labels.get("host", "")


def _told(what: Page, page: _Page) -> Told:
    ends = [group.resolved for group in page.groups.values()]
    over = [end for end in ends if end is not None]
    return Told(
        what,
        page.fired,
        page.received,
        max(over) if len(over) == len(ends) else None,
        sum(group.times for group in page.groups.values()),
        frozenset(page.names),
    )


def received(placed: Placed, begin: float, notifications: Sequence[Notification]) -> bool:
    """Whether all that the fault must bring has been received; of a silent agent, both that it is late."""
    got = told(placed, begin, float("inf"), notifications)
    names = {name for one in got.values() for name in one.names}
    return got.keys() >= {*placed.fault.brings} and names.issuperset(_silences(placed))


def _silences(placed: Placed) -> set[str]:
    return {row.symptom for row in placed.rows} & {*SILENCES}


def wrong(placed: Placed, got: Mapping[Page, Told], broken: float, limits: Mapping[Severity, float]) -> Iterator[str]:
    """What is wrong with what a fault brought, a line each. `broken`: since when it was there, epoch seconds.

    `limits`: seconds within which each kind must be received.
    """
    for page in placed.fault.brings:
        one = got.get(page)
        if one is None:
            yield f"no {page}"
            continue
        if one.times != 1:
            yield f"{page}, {one.times} times: {', '.join(sorted(one.names))}"
        if one.received - broken > limits[page.severity]:
            yield f"{page} received after {one.received - broken:.1f} s; at most {limits[page.severity]:.1f}"
        if one.resolved is None:
            yield f"{page}: never resolved"
    for page, one in got.items():
        if not (page in (*placed.fault.brings, *placed.fault.besides) or foretold(placed, page)):
            yield f"{page} as well: {', '.join(sorted(one.names))}"


def foretold(placed: Placed, page: Page) -> bool:
    """Whether it is the ticket that came before a page of the same cause: what grows worse is first a warning."""
    return page.severity is not Severity.CRITICAL and Page(Severity.CRITICAL, page.cause) in placed.fault.brings


def unaccounted(
    faults: Sequence[tuple[Placed, float, float]], notifications: Sequence[Notification]
) -> Iterator[tuple[Alert, float]]:
    """Alerts that were received and that none of the faults brought, each once, and when.

    Of each fault: when it began and when it was gone, epoch seconds.
    """
    known: set[tuple[float, frozenset[tuple[str, str]]]] = set()
    for one in notifications:
        for alert in one.firing:
            key = (alert.starts, frozenset(alert.labels.items()))
            if alert.name == ALWAYS or key in known or any(_is_of(alert, *fault) for fault in faults):
                continue
            known.add(key)
            yield alert, one.received


def left(told_of: Mapping[Page, Told], deadlines: Sequence[tuple[float, float]]) -> dict[Severity, float]:
    """Seconds that were left when a silent agent was told of, by severity.

    `deadlines`: moments, and when the cloud could give the host up by what was known then; epoch seconds.
    """
    found = {}
    for page, one in told_of.items():
        known = [deadline for at, deadline in deadlines if at <= one.received]
        if page.cause is Cause.AGENT and known:
            found[page.severity] = known[-1] - one.received
    return found


def is_silence(placed: Placed) -> bool:
    """Whether the fault is that an agent grows silent, and nothing else tells of it."""
    return {*SILENCES} <= _silences(placed)


def too_late(found: Mapping[Severity, float]) -> Iterator[str]:
    """What of a silence was told with too little time left, a line each; `found` is what was left."""
    for severity, least in LEFT.items():
        if severity not in found:
            yield f"{severity.value}: not known how much time was left"
        elif found[severity] < least:
            yield f"{severity.value} received {found[severity]:.1f} s before the cloud's limit; at least {least:g}"
