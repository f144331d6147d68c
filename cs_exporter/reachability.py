"""Which hosts can't be asked at all: those of which nothing is known any more, whatever the reason of each run is.

A host that answers one question and not another is no matter of reachability; a run that finds out without the host's
own word (a port that is dialled from here) says nothing of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from cs_exporter.board import Entry, Snapshot
from cs_exporter.model import Reason
from cs_exporter.spec import AnySpec

WITHIN_REACH = (Reason.COMMAND, Reason.UNPARSABLE, Reason.BUG)
"""Reasons of a failure that only come once the host has been reached."""

MISSED = 2.2
"""Of the interval of a host's quickest probe: who was silent for longer has missed two runs, and one may get lost."""

RECENT = 90.0
"""Seconds for which a slow probe's answer speaks for a host at most: its next run may be minutes away."""


def silent_hosts(snapshot: Snapshot, probes: Iterable[AnySpec]) -> Iterator[str]:
    """The hosts whose word nobody gets: all probes that need it fail, and its last word is two runs old."""
    wanted = {spec.name for spec in probes if spec.needs_its_word}
    asked: dict[str, list[Entry]] = defaultdict(list)
    for entry in snapshot.entries:
        if entry.supported and entry.latest.probe in wanted:
            asked[entry.latest.host].append(entry)
    return (host for host, entries in asked.items() if _is_silent(entries, snapshot.monotonic))


def _is_silent(entries: list[Entry], now: float) -> bool:
    answered = [entry.latest.finished_monotonic for entry in entries if _answered(entry)]
    if len(answered) == len(entries) or any(now - at <= RECENT for at in answered):
        return False
    quickest = min(entry.interval for entry in entries)
    word = max(entry.reading_monotonic if entry.last_success is not None else -math.inf for entry in entries)
    return now - word > MISSED * quickest


def _answered(entry: Entry) -> bool:
    return entry.failure is None or entry.failure.reason in WITHIN_REACH
