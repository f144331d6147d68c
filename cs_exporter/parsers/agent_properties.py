"""What CloudStack's KVM agent does when it can't write its storage heartbeat, from its agent.properties.

The section sends a word (`readable`, `unreadable`, `missing`) and, after `readable`, the lines of five keys: the file
holds secrets as well, which never leave the host. Format: java.util.Properties; of a key given twice the last one wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import numbers

REBOOT = "reboot.host.and.alert.management.on.heartbeat.timeout"
FREQUENCY = "kvm.heartbeat.update.frequency"
TRIES = "kvm.heartbeat.update.max.tries"
RETRY_SLEEP = "kvm.heartbeat.update.retry.sleep"
WRITE_TIMEOUT = "heartbeat.update.timeout"
KEYS = (REBOOT, FREQUENCY, TRIES, RETRY_SLEEP, WRITE_TIMEOUT)

_LINE = re.compile(r"[ \t\f]*([^\s=:]+)(?:[ \t\f]*[=:][ \t\f]*|[ \t\f]+)(.*)")
_LONGEST = 86_400_000
"""Milliseconds: what is longer than a day is a mistake in the file or in the reading of it."""


@dataclass(frozen=True, slots=True)
class AgentProperties:
    """The agent's own settings, in seconds; the defaults are CloudStack's up to 4.22 (AgentProperties.java)."""

    reboot: bool = True
    frequency: float = 60.0
    tries: int = 5
    retry_sleep: float = 10.0
    write_timeout: float = 60.0

    @property
    def patience(self) -> float:
        """Seconds from a good write to the earliest forced reboot.

        The next write is due one `frequency` later. Each of the `tries` can fail at once, and every one that failed is
        followed by `retry_sleep`; then the agent calls its script, which reboots. Writes that hang until
        `write_timeout` only make it later.
        """
        return self.frequency + self.tries * self.retry_sleep


@dataclass(frozen=True, slots=True)
class AgentFile:
    """`properties` is None where the file is missing, or can't be read: `missing` tells which."""

    properties: AgentProperties | None
    missing: bool = False


def parse(text: str) -> AgentFile:
    """What the section said. Raises UnparsableError."""
    word, _, rest = text.partition("\n")
    if word in ("missing", "unreadable") and not rest.strip():
        return AgentFile(None, missing=word == "missing")
    if word != "readable":
        raise UnparsableError(f"agent.properties: not a word of the section: {text[:60]!r}")
    given = dict(_pair(line) for line in rest.splitlines() if line.strip())
    default = AgentProperties()
    return AgentFile(
        AgentProperties(
            reboot=_truth(given[REBOOT]) if REBOOT in given else default.reboot,
            frequency=_seconds(given, FREQUENCY, default.frequency),
            tries=_count(given, TRIES, default.tries),
            retry_sleep=_seconds(given, RETRY_SLEEP, default.retry_sleep),
            write_timeout=_seconds(given, WRITE_TIMEOUT, default.write_timeout),
        )
    )


def _pair(line: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None or match[1] not in KEYS:
        raise UnparsableError(f"agent.properties: not a line that was asked for: {line[:20]!r}")
    return match[1], match[2].strip()


def _truth(word: str) -> bool:
    """Any other word than these is left to nobody's guess: it may arm the reboot or not."""
    if word.lower() not in ("true", "false"):
        raise UnparsableError(f"{REBOOT}: neither true nor false: {word[:20]!r}")
    return word.lower() == "true"


def _seconds(given: dict[str, str], key: str, default: float) -> float:
    return _count(given, key, round(default * 1000)) / 1000


def _count(given: dict[str, str], key: str, default: int) -> int:
    if key not in given:
        return default
    count = numbers.whole(given[key], key)
    if not 0 <= count <= _LONGEST:
        raise UnparsableError(f"{key}: out of range: {given[key][:20]!r}")
    return count
