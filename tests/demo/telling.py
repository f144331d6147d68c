"""What the demo prints of what somebody would be told: each page and ticket as it arrives, and when it is over.

By what its Alertmanager delivers, with everything that groups and mutes alerts between a symptom and a pager.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from tests.lab.receiver import Alert, Notification

WORDS = {"page": "PAGED", "ticket": "TICKET"}
"""Receiver -> what is said; nobody is told by the others."""


class Telling:
    """`look` says what has been received since the last look."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._looked = 0
        self._told: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)

    def look(self, got: Sequence[Notification]) -> None:
        """A line for each notification with alerts that its group had not; `got` is all there is, oldest first."""
        for one in got[self._looked :]:
            if one.receiver in WORDS:
                self._look(one)
        self._looked = len(got)

    def _look(self, one: Notification) -> None:
        told, cause = self._told[one.receiver, one.key], one.group.get("cause", "")
        new = [alert for alert in one.firing if _key(alert) not in told]
        told |= {_key(alert) for alert in new}
        word = WORDS[one.receiver]
        if new:
            self._say(f"{word:<9} {cause}: {', '.join(_named(new))}")
        if not one.firing and told:
            told.clear()
            self._say(f"resolved  {cause}: the {one.receiver} is over")


def _key(alert: Alert) -> tuple[str, str]:
    return alert.name, alert.labels.get("host", "")


def _named(alerts: Iterable[Alert]) -> Iterable[str]:
    """Each alert once, with its hosts."""
    hosts: dict[str, dict[str, None]] = defaultdict(dict)
    for name, host in map(_key, alerts):
        hosts[name][host] = None
    for name, found in hosts.items():
        where = " ".join(filter(None, found))
        yield f"{name} ({where})" if where else name
