"""Hosts of which the demo's exporter learns nothing: their runs fail, which no symptom tells.

A line per host, since whatever ends a session ends the runs of all its probes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

QUERY = "cs_probe_failing == 1"


@dataclass
class _Host:
    """`since` it has failed and `changed`, the reasons: monotonic seconds. `told`: the reasons that were said last."""

    since: float
    changed: float
    probes: Mapping[str, str]
    told: frozenset[str] = frozenset()


class Failing:
    """`look` says whose runs fail, and why, once that has lasted for `patience` seconds: one run in vain is no news."""

    def __init__(self, patience: float, say: Callable[[str], None]) -> None:
        self._patience = patience
        self._say = say
        self._hosts: dict[str, _Host] = {}

    @property
    def holding(self) -> list[str]:
        """Whose runs fail now, a line each."""
        return [line(host, held.probes) for host, held in sorted(self._hosts.items())]

    def look(self, rows: Iterable[Mapping[str, str]], now: float) -> bool:
        """Say what has changed; `rows` are labels of what QUERY found. Returns whether something was said."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for row in rows:
            found[row["host"]][row["probe"]] = row["reason"]
        gone = [self._gone(host, now) for host in sorted(self._hosts.keys() - found.keys())]
        return any([*gone, *(self._held(host, probes, now) for host, probes in sorted(found.items()))])

    def _gone(self, host: str, now: float) -> bool:
        held = self._hosts.pop(host)
        if held.told:
            self._say(f"gone      {host:<6} runs that fail (for {now - held.since:.0f} s)")
        return bool(held.told)

    def _held(self, host: str, probes: Mapping[str, str], now: float) -> bool:
        held = self._hosts.setdefault(host, _Host(now, now, probes))
        reasons = frozenset(probes.values())
        if reasons != frozenset(held.probes.values()):
            held.changed = now
        held.probes = probes
        since = held.changed if held.told else held.since
        if reasons == held.told or now - since < self._patience:
            return False
        held.told = reasons
        self._say(line(host, probes))
        return True


def line(host: str, probes: Mapping[str, str]) -> str:
    """Where, which probe or how many, and why, the most frequent reason first."""
    which = f"{len(probes)} probes" if len(probes) > 1 else next(iter(probes))
    counts = sorted(Counter(probes.values()).items(), key=lambda item: (-item[1], item[0]))
    reasons = [f"{reason} ({count})" if len(counts) > 1 else reason for reason, count in counts]
    return f"failing   {host:<6} {which}: {', '.join(reasons)}"
