"""How a probe declares itself: settings, collector sections, metrics, limits and symptoms, all in one sheet.

Everything generated (exposition, alerts, panels, runbooks) and everything assembled (the collector) reads these.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cs_exporter.durations import parse_duration
from cs_exporter.model import Host, Inventory, Role
from cs_exporter.ports import Io

R = TypeVar("R")
S = TypeVar("S", bound="ProbeSettings")

Seconds = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False),  # strict: true is not one second
    BeforeValidator(parse_duration, json_schema_input_type=float | str),
]
"""A duration in settings: a number of seconds, or text as Prometheus writes it ("30s", "1m30s")."""


class ProbeSettings(BaseModel):
    """What every probe's section of the configuration has; a probe adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    interval: Seconds = Field(default=30.0, gt=0, description="rounded up to a multiple of global.interval")
    timeout: Seconds | None = Field(default=None, gt=0, description="of one run; default: global.timeout")

    def longest_wait(self) -> float:
        """Seconds that a run may have to wait for an answer which is itself a verdict, such as that of a hung mount."""
        return 0.0

    def for_roles(self, roles: frozenset[Role]) -> Self:
        """These settings for a host with these roles: what was not given may differ between roles."""
        del roles
        return self


LONGEST_RUN = 0.9
"""Of its interval, at most, a run may take: one that hangs must have ended when the next one is due."""


def whole_interval(interval: float, base: float) -> float:
    """A probe's interval, rounded up to a multiple of the base interval (both in seconds)."""
    return base * max(1, math.ceil(interval / base - 1e-9))


def longest_run(settings: ProbeSettings, timeout: float, base: float) -> float:
    """Seconds after which a run is ended, given global.timeout and the base interval."""
    return min(settings.timeout or timeout, LONGEST_RUN * whole_interval(settings.interval, base))


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of the collector: POSIX sh that prints an answer.

    `body` is the inside of a shell function; arguments arrive as $1, $2, ... A section that may block runs in the
    background under a limit. `tool` is the command without which the section is unsupported.
    `mount_argument`: the first argument is a mount point, and the body touches it: only one such child per mount
    and account may exist (the guard), and the body is a single command, which the guard executes.
    """

    name: str
    body: str
    blocks: bool = False
    tool: str = ""
    mount_argument: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric: its label values in the metric's order; `host` only where it is not the host asked."""

    value: float
    labels: tuple[str, ...] = ()
    host: str | None = None


@dataclass(frozen=True)
class Metric(Generic[R]):
    """A metric of a reading. `read` gives its samples; none where the reading does not know the value."""

    name: str
    help: str
    read: Callable[[R], Iterable[Sample]]
    kind: Literal["gauge", "counter"] = "gauge"
    labels: tuple[str, ...] = ()
    per_host: bool = True  # False: the exporter's or the fleet's own, without a host label


def gauge(name: str, help_text: str, value: Callable[[R], float | None], *, per_host: bool = True) -> Metric[R]:
    """A gauge with one value per reading, or none."""

    def read(reading: R) -> Iterable[Sample]:
        number = value(reading)
        return () if number is None else (Sample(float(number)),)

    return Metric(name, help_text, read, per_host=per_host)


def rows(
    name: str,
    help_text: str,
    labels: tuple[str, ...],
    read: Callable[[R], Iterable[Sample]],
    *,
    kind: Literal["gauge", "counter"] = "gauge",
) -> Metric[R]:
    """A metric with one sample per row of the reading."""
    return Metric(name, help_text, read, kind=kind, labels=labels)


class Op(StrEnum):
    """How a value is compared with its limit."""

    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"


@dataclass(frozen=True, slots=True)
class Limit:
    """`value` is a number, or the name of another metric of the same host and labels; `usual` colours its scales alone.

    `step`: the least difference that matters, for tests of rules. `absolute`: compare |value|. `age`: seconds since it.
    """

    op: Op
    value: float | str
    step: float
    absolute: bool = False
    age: bool = False
    usual: float | None = None

    def holds(self, value: float, limit: float) -> bool:
        """Whether `value` is beyond `limit`."""
        compared = abs(value) if self.absolute else value
        if self.op is Op.ABOVE:
            return compared > limit
        if self.op is Op.BELOW:
            return compared < limit
        return compared == limit


class Severity(StrEnum):
    """critical pages a human now; warning is a ticket; info is context."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Cause(StrEnum):
    """What is behind a symptom, in an operator's words; the closed list of cs_host_suspect and of alerts' `cause`."""

    CLOCK = "clock"
    DATABASE = "database"
    MESSAGE_BUS = "message_bus"
    AGENT = "agent"
    MANAGEMENT = "management"
    STORAGE = "storage"
    PATH = "path"
    PORT = "port"
    REACHABILITY = "reachability"  # the host can't be asked
    EXPORTER = "exporter"  # the trouble is on our own side


BETWEEN_RUNS = 1.2
"""Of a probe's interval: what is seen by one run and not by the next one does not last for as long as that."""


@dataclass(frozen=True)
class Symptom:
    """One row of the troubleshooting matrix.

    `runs` in a row must have seen it, and `hold` seconds passed, before anyone is told. `countdown`: to the cloud's own
    verdict; over once that is given. `victims`: the label by which those that suffer name this host, or "clients": one
    alert for each user of a database. `told`: labels that alerts tell and do not have, as they change; but this value,
    if it is the only one lately. `worse`: other values of a label (a regular expression), with which it then goes on.
    """

    name: str  # CamelCase, first word Cs: the alert's name
    sees: str  # what the operator sees, one sentence
    metric: str
    limit: Limit
    runs: int
    severity: Severity
    cause: Cause
    unit: str
    means: str
    look: tuple[str, ...]  # commands, in the order to type them
    fix: str
    hold: float = 0.0
    victims: Literal["", "server", "management_server", "clients"] = ""
    countdown: bool = False
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # only samples with these
    told: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    worse: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    reporter: str = ""  # an agent of OpenStack ("agent": that label's): alerts have its cell, and any doubt

    def wait(self, interval: float) -> float:
        """Seconds that it must be there before anyone is told, where its probe runs every `interval` seconds."""
        return max(self.hold, BETWEEN_RUNS * (self.runs - 1) * interval)


@dataclass(frozen=True, slots=True)
class Need:
    """Something an account lacks or has: `cs-exporter checklist` looks for it on every host the probe asks.

    `check`: a command line of POSIX sh that succeeds where it is there, run by the collector; empty where the
    checklist has a way of its own to look (`key`: forwarding, grants of the database account).
    """

    key: str  # short and unique: "ping", "forwarding", "process grant"
    lost: str  # what is not known without it
    mend: str  # what to type or write, as one line
    check: str = ""
    applies: Callable[[Host], bool] = lambda _host: True


@dataclass(frozen=True)
class ProbeSpec(Generic[S, R]):
    """A probe's sheet. `applies` says whether a host is asked at all.

    `still`: a reading without its rows about machines that the host, as it is now, has nothing to do with any more.
    `other_ways`: what it finds out without the host's collector is a reading too.
    """

    name: str
    question: str
    settings: type[S]
    reading: type[R]
    probe: Callable[[Host, Io, S], Awaitable[R]]
    metrics: tuple[Metric[R], ...]
    symptoms: tuple[Symptom, ...]
    sections: tuple[Section, ...] = ()
    needs: tuple[Need, ...] = ()
    applies: Callable[[Host], bool] = lambda _host: True
    still: Callable[[R, Host], R] = lambda reading, _host: reading
    other_ways: bool = False

    @property
    def needs_its_word(self) -> bool:
        """Whether a run fails where the host's collector can't be asked."""
        return bool(self.sections) and not self.other_ways


@dataclass(frozen=True)
class Latest:
    """What a derived probe sees: the inventory and, by probe, every host's newest reading that is still fresh.

    `made`: by probe and host, the exporter's monotonic time of that reading. `wall`: the wall clock when the monotonic
    one read `now`. `before`: the derived probe's own last reading, for what must outlive the readings it came from.
    `unanswered`: by probe, hosts whose latest run gave none, only older ones. `intervals`: seconds between two runs.
    """

    inventory: Inventory
    readings: Mapping[str, Mapping[str, object]]
    made: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    wall: float = 0.0
    before: object | None = None
    unanswered: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    intervals: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, probe: str, kind: type[R]) -> dict[str, R]:
        """Host name -> reading, of one probe."""
        found = self.readings.get(probe, {})
        return {name: reading for name, reading in found.items() if isinstance(reading, kind)}


@dataclass(frozen=True)
class DerivedSpec(Generic[R]):
    """A derived probe's sheet: a pure function of other probes' readings, run when one of its inputs lands.

    `derive` is given what it sees and `now`, the exporter's monotonic clock.
    """

    name: str
    question: str
    inputs: tuple[str, ...]
    reading: type[R]
    derive: Callable[[Latest, float], R]
    metrics: tuple[Metric[R], ...]
    symptoms: tuple[Symptom, ...] = ()


AnySpec = ProbeSpec[Any, Any]
AnyDerived = DerivedSpec[Any]
