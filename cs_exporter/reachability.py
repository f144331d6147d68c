"""Which hosts can't be asked at all: those of which nothing is known any more, whatever the reason of each run is.

A host that answers one question and not another is no matter of reachability; a run that finds out without the host's
own word (a port that is dialled from here) says nothing of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cs_exporter.board import FRESH_INTERVALS, Entry, Snapshot
from cs_exporter.spec import AnySpec

RECENT = 90.0
"""Seconds for which at least an answer speaks for a host: a slow probe's last one may be minutes old."""


def silent_hosts(snapshot: Snapshot, probes: Iterable[AnySpec]) -> Iterator[str]:
    """The hosts none of whose probes that need the host's own word has got it, in its latest run or lately."""
    wanted = {spec.name for spec in probes if spec.needs_its_word}
    asked: dict[str, list[Entry]] = defaultdict(list)
    for entry in snapshot.entries:
        if entry.supported and entry.latest.probe in wanted:
            asked[entry.latest.host].append(entry)
    return (host for host, entries in asked.items() if _is_silent(entries, snapshot.monotonic))


def _is_silent(entries: list[Entry], now: float) -> bool:
    since = now - max(RECENT, FRESH_INTERVALS * min(entry.interval for entry in entries))
    failing = [entry for entry in entries if entry.failure is not None]
    answered = (entry for entry in entries if entry.failure is None)
    return bool(failing) and all(entry.latest.finished_monotonic < since for entry in answered)
