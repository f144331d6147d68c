"""What the collector makes of the new lines of a CloudStack log: counts, agents that pinged, and where to go on.

The lines themselves stay on their host, as they may be many. The answer has a line for each finding, `end` last:

    at INODE OFFSET SEAL                    the log itself: end of its last whole line; checksum of what is before it
    former INODE OFFSET SEAL                what it was before it was rolled, while that may still grow
    read BYTES, lost BYTES, torn            what was looked at and what was passed over; lines were lost without a trace
    debug                                   there are lines by the logger and level of those about pings that are not
    n EVENT COUNT                           lines of an event
    pings LINES AGENTS, strange LINES       lines about pings and whose they are, a list; those in no known form
    behind AGENTS                           the newest list of agents behind on ping, without those heard after it
    crowded                                 not all of the lists found room
    agent NUMBER UUID NAME                  who a number is; - for what the line does not say
    pool NAME TOTAL ACTIVE IDLE WAITING     the newest line about a pool of database connections

or one of `missing`, `denied`, `irregular`: there is no such file, it may not be read, it is no file.
A list has the numbers in ascending order, each as the difference to the one before: one of 52 letters for 1 to 52; a
digit and one of 62 signs for 53 to 672; else in digits between two full stops.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cs_exporter.model import UnparsableError

LETTERS = string.ascii_uppercase + string.ascii_lowercase
SIGNS = string.digits + LETTERS

_SHORT = len(LETTERS)
_DIFFERENCE = re.compile(r"(?P<one>[A-Za-z])|(?P<two>[0-9][0-9A-Za-z])|\.(?P<far>[0-9]{1,15})\.")
_NUMBER = re.compile(r"[0-9]{1,18}")
_EVENT = re.compile(r"[a-z][a-z_]{0,40}")


class FileState(StrEnum):
    """What there is at the log's path."""

    READ = "read"
    MISSING = "missing"
    DENIED = "denied"
    IRREGULAR = "irregular"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading goes on: a file by its inode, bytes from its start, checksum of what is just before."""

    inode: int
    offset: int
    seal: int


@dataclass(frozen=True, slots=True)
class Identity:
    """An agent as a line names it: its host's number in the cloud's database; empty: that form has no such field."""

    number: int
    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of database connections, as HikariCP counts them."""

    name: str
    total: int
    active: int
    idle: int
    waiting: int


def _none() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Look:
    """One answer. `lost`: bytes passed over; `torn`: lines were lost, nobody knows how many; `behind` None: no list.

    `debug`: lines were written that have the logger and level of those about pings, and are about none.
    """

    state: FileState
    at: Cursor | None = None
    former: Cursor | None = None
    read: int = 0
    lost: int = 0
    torn: bool = False
    debug: bool = False
    events: Mapping[str, int] = field(default_factory=_none)
    ping_lines: int = 0
    pinged: frozenset[int] = frozenset()
    strange: int = 0
    behind: frozenset[int] | None = None
    crowded: bool = False
    agents: tuple[Identity, ...] = ()
    pools: tuple[Pool, ...] = ()


def parse(text: str) -> Look:
    """The section's answer. Raises UnparsableError, also where its end is missing."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if len(lines) == 1 and lines[0] in {FileState.MISSING, FileState.DENIED, FileState.IRREGULAR}:
        return Look(FileState(lines[0]))
    if not lines or lines.pop() != "end":
        raise UnparsableError(f"log: no whole answer: {text[-80:]!r}")
    found = _Findings()
    for line in lines:
        try:
            found.take(*line.split(" "))
        except (KeyError, TypeError, ValueError) as error:
            raise UnparsableError(f"log: not a finding: {line[:80]!r}") from error
    return found.look()


class _Findings:
    """Gathers the lines of one answer."""

    def __init__(self) -> None:
        self._cursors: dict[str, Cursor] = {}
        self._counts: dict[str, int] = {}
        self._words: set[str] = set()
        self._events: dict[str, int] = {}
        self._pinged: frozenset[int] = frozenset()
        self._behind: frozenset[int] | None = None
        self._agents: list[Identity] = []
        self._pools: list[Pool] = []

    def take(self, word: str, *rest: str) -> None:
        """One line. Raises KeyError, TypeError or ValueError for one that is none."""
        if word in ("at", "former"):
            self._cursors[word] = Cursor(*map(number, rest))
        elif word in ("read", "lost", "strange"):
            (self._counts[word],) = map(number, rest)
        elif word in ("torn", "crowded", "debug") and not rest:
            self._words.add(word)
        else:
            findings: Mapping[str, Callable[..., None]] = {
                "n": self._event,
                "pings": self._pings,
                "behind": self._list,
                "agent": self._agent,
                "pool": self._pool,
            }
            findings[word](*rest)

    def _event(self, event: str, count: str) -> None:
        if not _EVENT.fullmatch(event):
            raise ValueError(event)
        self._events[event] = number(count)

    def _pings(self, lines: str, agents: str) -> None:
        self._counts["pings"], self._pinged = number(lines), numbers(agents)

    def _list(self, agents: str) -> None:
        self._behind = numbers(agents)

    def _agent(self, host: str, uuid: str, name: str) -> None:
        self._agents.append(Identity(number(host), "" if uuid == "-" else uuid, "" if name == "-" else name))

    def _pool(self, name: str, total: str, active: str, idle: str, waiting: str) -> None:
        self._pools.append(Pool(name, number(total), number(active), number(idle), number(waiting)))

    def look(self) -> Look:
        """All of it. Raises UnparsableError where it does not say where to go on."""
        if "at" not in self._cursors:
            raise UnparsableError("log: nothing about the file itself")
        return Look(
            FileState.READ,
            at=self._cursors["at"],
            former=self._cursors.get("former"),
            read=self._counts.get("read", 0),
            lost=self._counts.get("lost", 0),
            torn="torn" in self._words,
            debug="debug" in self._words,
            events=MappingProxyType(self._events),
            ping_lines=self._counts.get("pings", 0),
            pinged=self._pinged,
            strange=self._counts.get("strange", 0),
            behind=self._behind,
            crowded="crowded" in self._words,
            agents=tuple(self._agents),
            pools=tuple(self._pools),
        )


def number(word: str) -> int:
    """A whole number without a sign. Raises ValueError."""
    if not _NUMBER.fullmatch(word):
        raise ValueError(word)
    return int(word)


def numbers(text: str) -> frozenset[int]:
    """The numbers of a list; see the head of this file. Raises ValueError."""
    return frozenset(_sums(text))


def _sums(text: str) -> Iterator[int]:
    total = place = 0
    while place < len(text):
        match = _DIFFERENCE.match(text, place)
        if match is None:
            raise ValueError(text[place : place + 20])
        place = match.end()
        if match["one"]:
            total += LETTERS.index(match["one"]) + 1
        elif match["two"]:
            two = match["two"]
            total += _SHORT + 1 + int(two[0]) * len(SIGNS) + SIGNS.index(two[1])
        else:
            total += int(match["far"])
        yield total
