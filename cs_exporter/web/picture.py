"""The board as an operator looks at it: every host with its state, its reason, and one verdict for each cause.

Worked out once per look, whoever asks for which part of it in whichever form. Pure: nothing here knows HTML or clocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from cs_exporter.model import CloudKind, Failure, Host
from cs_exporter.spec import Cause, Severity
from cs_exporter.web.watch import Seen

CAUSES: tuple[Cause, ...] = tuple(cause for cause in Cause if cause not in {Cause.REACHABILITY, Cause.EXPORTER})
"""The columns: reachability is told by what can't be asked, and the exporter's troubles are no host's."""


class State(IntEnum):
    """How it stands with a host, or with one of its causes; the lower, the worse."""

    CRITICAL = 0
    WARNING = 1
    BLIND = 2  # can't be asked: no verdict
    PENDING = 3  # seen, but not for as long as the alert waits
    INFO = 4
    MAINTENANCE = 5
    OK = 6
    UNKNOWN = 7  # nothing has been found out yet, or nothing is asked

    @property
    def word(self) -> str:
        """As it is written in addresses and in JSON."""
        return self.name.lower()


ALERT, REBOOT = "Alert", "reboot"
"""What is counted down: to the cloud's giving the host up, as CloudStack calls it, and to its own reboot."""

_OF_SEVERITY = {Severity.CRITICAL: State.CRITICAL, Severity.WARNING: State.WARNING, Severity.INFO: State.INFO}


@dataclass(frozen=True, slots=True)
class Blind:
    """A probe that could not find out, and of which nothing fresh is known."""

    probe: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Cell:
    """One cause on one host. `seen`: the worst symptom, if any; `more`: how many others; `blind`: why none is known."""

    state: State
    seen: Seen | None = None
    more: int = 0
    blind: Blind | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds until something happens, negative when overdue: `until` is "Alert", "down" (OpenStack) or "reboot"."""

    seconds: float
    until: str


@dataclass(frozen=True, slots=True)
class HostView:
    """A host. `host` is None for one that is only told about; `seen` worst first; `asked`: probes it is asked.

    `left`: the first of its countdowns about which something is wrong.
    """

    name: str
    host: Host | None
    state: State
    seen: tuple[Seen, ...]
    cells: Mapping[Cause, Cell]
    blind: tuple[Blind, ...]
    asked: int
    left: Left | None

    @property
    def zone(self) -> str:
        """The zone that it stands in; empty where unknown."""
        return self.host.place.cloud_zone if self.host else ""


@dataclass(frozen=True)
class Picture:
    """All of it at one moment. `hosts` worst first; `fleet`: what is about no single host.

    `countdowns`: what they lead to ("Alert", "reboot") -> host -> seconds, of all hosts that have one.
    """

    wall: float
    hosts: tuple[HostView, ...]
    fleet: tuple[Seen, ...]
    swept: bool
    reloaded: bool
    countdowns: Mapping[str, Mapping[str, float]]

    def counts(self) -> Mapping[State, int]:
        """How many hosts are in each state."""
        return Counter(view.state for view in self.hosts)


def end(countdown: str, host: Host | None) -> str:
    """What a countdown comes to on a host: OpenStack knows no Alert, it takes who is silent for down."""
    openstack = host is not None and host.cloud_kind is CloudKind.OPENSTACK
    return "down" if countdown == ALERT and openstack else countdown


def told(seen: Iterable[Seen], wall: float) -> tuple[Seen, ...]:
    """Without the warnings of which a critical symptom of the same name and labels says more, and no less surely."""
    seen = tuple(seen)
    critical = {_series(one): state_of(one, wall) for one in seen if one.held.symptom.name.endswith(_CRITICAL)}
    return tuple(
        one
        for one in seen
        if one.held.symptom.name.endswith(_CRITICAL) or critical.get(_series(one), State.UNKNOWN) > state_of(one, wall)
    )


_CRITICAL = "Critical"


def _series(seen: Seen) -> tuple[str, ...]:
    return seen.held.symptom.name.removesuffix(_CRITICAL), *seen.held.labels.values()


def state_of(seen: Seen, wall: float) -> State:
    """What a symptom comes to; information never waits to be more than that."""
    state = _OF_SEVERITY[seen.held.symptom.severity]
    return state if state is State.INFO or seen.due(wall) else State.PENDING
