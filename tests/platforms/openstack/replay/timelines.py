"""The recorded timelines as they happened: from looks some seconds apart to every single heartbeat.

A look says how old each agent's row was. Between two looks a healthy agent reported at its interval, and a dead one
did not: what the ages tell is filled in, so that a row can be written at the very second at which it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.lab.openstack_database import INTERVALS
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA

CAPTURES = Path(__file__).parents[3] / "captures" / "openstack"

_LOOK = re.compile(r"t=\+(\d+)s ")
_AGES = re.compile(r"(nova|neutron|cinder) age: (.*)")
_AGE = re.compile(r"(\S+)/(\S+)=(-?\d+)(?: rc=(\d+))?")
_VERDICT = re.compile(r"(\S+)/(\S+)=(up|down|DOWN)\b")
_ROUNDING = 1.5
"""Seconds by which the time of one and the same report differs from look to look."""

_STANDS_STILL = 60.0
"""Age beyond which a row that is older than before is the same report, and not another one."""

_NEVER = 600.0
"""Age that no row has which is reported for at all while somebody looks."""

_PREFIX = {NOVA: "nova", NEUTRON: "neutron", CINDER: "cinder"}


@dataclass(frozen=True, slots=True)
class Who:
    """An agent as its cloud names it."""

    service: str
    host: str
    binary: str


@dataclass(frozen=True)
class Look:
    """One line: seconds since the block began, ages by agent, what the API said, and the line itself for the rest."""

    at: float
    ages: Mapping[Who, float]
    up: Mapping[Who, bool]
    text: str


@dataclass(frozen=True)
class Block:
    """Lines whose seconds are counted from one moment; `heading` is what was done before them."""

    heading: str
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """A report: the second at which it was written, and the time that its writer gave it, by the same count."""

    at: float
    stamp: float


@dataclass(frozen=True)
class Story:
    """What is replayed: every agent's reports in order, and how long it lasts. `said`: second, who, the API's word."""

    seconds: float
    beats: Mapping[Who, tuple[Beat, ...]]
    said: tuple[tuple[float, Who, bool], ...] = ()
    looks: tuple[Look, ...] = field(default=())

    def down(self, who: Who) -> float:
        """The first second at which the recorded API called it down."""
        return next(at for at, named, up in self.said if named == who and not up)


def read(name: str) -> tuple[Block, ...]:
    """The blocks of a recorded file, those without a look left out."""
    [path] = CAPTURES.glob(f"timeline-{name}-*.txt")
    heading, last, looks, found = "", "", list[Look](), list[Block]()
    for line in path.read_text(encoding="utf-8").splitlines():
        if _LOOK.match(line):
            one = look(line)
            if looks and one.at < looks[-1].at:
                found.append(Block(heading, tuple(looks)))
                heading, looks = last, []
            looks.append(one)
        elif line.startswith(("---", "===")):
            found.append(Block(heading, tuple(looks)))
            heading, looks = line, []
        last = line
    return tuple(block for block in (*found, Block(heading, tuple(looks))) if block.looks)


def look(line: str) -> Look:
    """One line."""
    ages, up, service = dict[Who, float](), dict[Who, bool](), NOVA
    found = _LOOK.match(line)
    assert found is not None, line
    for part in line[found.end() :].split(" | "):
        told = _AGES.match(part.strip("| "))
        if told:
            service = {"nova": NOVA, "neutron": NEUTRON, "cinder": CINDER}[told[1]]
            ages |= {_who(service, host, kind): float(age) for host, kind, age, _ in _AGE.findall(told[2])}
        else:
            up |= {_who(service, host, kind): word == "up" for host, kind, word in _VERDICT.findall(part)}
    return Look(float(found[1]), ages, up, line)


def _who(service: str, host: str, kind: str) -> Who:
    service = NEUTRON if kind.endswith("-agent") else service
    return Who(service, host, f"{_PREFIX[service]}-{kind}")


def joined(*blocks: Block) -> Block:
    """Blocks one after the other. When the next one began nobody wrote down: rows that stood still tell."""
    looks = [*blocks[0].looks]
    for block in blocks[1:]:
        last, first = looks[-1], block.looks[0]
        still = [who for who, age in first.ages.items() if age > last.ages.get(who, age) > _STANDS_STILL]
        gaps = [last.at - last.ages[who] - (first.at - first.ages[who]) for who in still]
        begun = max(last.at + 1, *gaps, 0.0)
        looks += [replace(one, at=one.at + begun) for one in block.looks]
    return Block(blocks[0].heading, tuple(looks))


def story(block: Block, *, lead: float, ahead: Mapping[Who, float] | None = None) -> Story:
    """Every report of a block, and `lead` seconds before it in which all was well.

    `ahead`: by how many seconds the clocks were ahead that stamped an agent's rows within the block.
    """
    skews = ahead or {}
    agents = dict.fromkeys(who for one in block.looks for who in one.ages)
    looks = [replace(one, at=one.at + lead) for one in block.looks]
    beats = {who: tuple(_beats(who, looks, skews.get(who, 0.0), lead)) for who in agents}
    said = tuple((one.at, who, up) for one in looks for who, up in one.up.items())
    return Story(looks[-1].at, beats, said, tuple(looks))


def steady(who: Who, seconds: float, *, first: float = 0.0, until: float | None = None) -> tuple[Beat, ...]:
    """The reports of an agent that is well, or was `until` then: of those that a recording leaves out."""
    interval, at, found = INTERVALS[who.service], first, list[Beat]()
    while at <= (seconds if until is None else until):
        found.append(Beat(at, at))
        at += interval
    return tuple(found)


def _beats(who: Who, looks: Iterable[Look], ahead: float, lead: float) -> Iterator[Beat]:
    """What the ages tell, and what must have been between them: none before a look at which the row was still old."""
    interval, last, looked, skewed = INTERVALS[who.service], None, 0.0, False
    told = [one for one in looks if who in one.ages]
    never = min(one.ages[who] for one in told) > _NEVER
    for one in told[: 1 if never else None]:
        stamp = one.at - one.ages[who]
        if last is None:
            first = _first(stamp, ahead, lead, one.at)
            yield from _before(lead if ahead else first.stamp, interval)
            last, skewed = stamp, first.stamp != first.at
            yield first
        elif abs(stamp - last) > _ROUNDING:
            missed = (stamp - interval * back for back in range(int((one.at - looked) // interval) + 1, 0, -1))
            yield from (Beat(at - ahead, at) for at in missed if looked <= at - ahead and (skewed or not ahead))
            skewed, last = bool(ahead), stamp
            yield Beat(min(stamp - ahead, one.at), stamp)
        looked = one.at


def _first(stamp: float, ahead: float, lead: float, at: float) -> Beat:
    """The report of the first look: by the skewed clock, by the right one, or by one of another skew before."""
    if ahead and lead < stamp - ahead <= at:
        return Beat(stamp - ahead, stamp)
    return Beat(max(0.0, stamp), stamp) if (not ahead or 0 <= stamp) and stamp <= at else Beat(lead, stamp)


def _before(stamp: float, interval: float) -> Iterator[Beat]:
    """Reports of the time in which all was well."""
    count = int(stamp // interval) if stamp > 0 else 0
    yield from (Beat(stamp - interval * back, stamp - interval * back) for back in range(count, 0, -1))
