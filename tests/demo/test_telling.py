"""Pages and tickets are lines: once for what is new in them, and when they are over."""

from __future__ import annotations

from tests.demo.telling import Telling
from tests.lab.receiver import Alert, Notification


def alert(name: str, host: str = "kvm1", *, fires: bool = True) -> Alert:
    """One of a notification."""
    return Alert("firing" if fires else "resolved", {"alertname": name, "host": host}, {}, 0, None if fires else 1)


def notified(*alerts: Alert, receiver: str = "page") -> Notification:
    """What came."""
    return Notification(0, receiver, "firing", receiver, {"cause": "storage"}, alerts)


def test_each_page_is_a_line() -> None:
    """With its cause, its alerts and their hosts; what comes to it later is one more, and its end."""
    said: list[str] = []
    telling = Telling(said.append)
    first = notified(alert("CsA"), alert("CsA", "kvm2"), alert("CsA"), alert("CsB", ""))
    telling.look([first])
    assert ["PAGED     storage: CsA (kvm1 kvm2), CsB"] == said
    again, more = first, notified(alert("CsA"), alert("CsC"))
    telling.look([first, again, more])
    assert ["PAGED     storage: CsC (kvm1)"] == said[1:]
    ticket = notified(alert("CsA"), receiver="ticket")
    over = notified(alert("CsA", fires=False), alert("CsC", fires=False))
    telling.look([first, again, more, ticket, over])
    assert ["TICKET    storage: CsA (kvm1)", "resolved  storage: the page is over"] == said[2:]
    telling.look([first, again, more, ticket, over, first])
    assert ["PAGED     storage: CsA (kvm1 kvm2), CsB"] == said[4:]


def test_what_nobody_is_told() -> None:
    """The dead man's switch, which comes for ever."""
    said: list[str] = []
    Telling(said.append).look([notified(alert("CsDeadMansSwitch", ""), receiver="dead-man")])
    assert [] == said
