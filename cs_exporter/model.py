"""The nouns every other module shares: hosts, the inventory, outcomes and the closed list of reasons.

Nothing here does I/O, knows a library or reads a clock: values come in, frozen values stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Reason(StrEnum):
    """Why a run could not find out; never a verdict about the host."""

    UNREACHABLE = "unreachable"  # no route, no answer to the connection request, or the name does not resolve
    REFUSED = "refused"  # the peer refused the connection
    TIMEOUT = "timeout"  # connected, but no complete answer before the deadline
    MUTE = "mute"  # accepted the connection and never said a word
    RESET = "reset"  # the connection broke in the middle
    DENIED = "denied"  # the account was not let in
    HOST_KEY = "host_key"  # the peer's key is not the one that is known
    EXHAUSTED = "exhausted"  # the peer has no slot left (sessions, connections)
    NOT_READY = "not_ready"  # the peer answers, but can't serve yet
    COMMAND = "command"  # the command could not be run, or failed
    UNPARSABLE = "unparsable"  # what came back is not what the protocol says
    OVERRUN = "overrun"  # the run before this one had not ended when this one was due
    BUG = "bug"  # a mistake of ours; the log has the traceback


class ProbeFailed(Exception):
    """Raised when a probe could not find out; `detail` is one line for a human.

    `ours`: the fault lies on our own side (the exporter's limits, its name servers) and tells nothing of the peer.
    """

    def __init__(self, reason: Reason, detail: str, *, ours: bool = False) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.ours = ours


class UnsupportedError(Exception):
    """Raised when a question does not apply to a host, or its tools are missing there."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnparsableError(ValueError):
    """Raised by parsers only: the input is not in the format; the message quotes the offending part."""


class Role(StrEnum):
    """What a host is for; probes say which roles they ask."""

    MANAGEMENT = "management"
    DATABASE = "database"
    HYPERVISOR = "hypervisor"
    STORAGE = "storage"
    CONSOLE_PROXY = "console_proxy"
    SECONDARY_STORAGE_VM = "secondary_storage_vm"
    CONTROLLER = "controller"
    NETWORK = "network"
    MESSAGE_BUS = "message_bus"
    LOAD_BALANCER = "load_balancer"


class Connection(StrEnum):
    """How a host is asked."""

    SSH = "ssh"
    LOCAL = "local"  # the machine cs_exporter runs on: the same collector, without SSH


class CollectorMode(StrEnum):
    """How the collector gets onto a host."""

    STREAMED = "streamed"  # sent over standard input; nothing is installed
    FORCED = "forced"  # it is the account's forced command; nothing is sent


@dataclass(frozen=True, slots=True)
class SshTarget:
    """How to log in to one host; paths are absolute, times in seconds."""

    user: str = "cs_exporter"
    port: int = 22
    key_file: str | None = None
    known_hosts: str | None = None
    verify_host_key: bool = True
    mode: CollectorMode = CollectorMode.STREAMED
    connect_timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Mount:
    """An NFS mount that a host is expected to have."""

    mountpoint: str
    server: str  # name in the inventory, or the address where the server is not a host of ours
    server_address: str
    export: str
    readonly: bool = False  # mounted read-only on purpose
    version: str | None = None  # "3", "4", "4.1", ...: None accepts any


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host stands, in the cloud's own words; empty where unknown."""

    cloud_zone: str = ""
    cloud_pod: str = ""
    cloud_cluster: str = ""
    hypervisor: str = ""


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class HostLimits:
    """Limits of one host that differ from the symptoms' own, by symptom name, in the symptom's unit."""

    symptoms: Mapping[str, float] = field(default_factory=_empty)


@dataclass(frozen=True)
class Host:
    """A machine that is polled, with everything a probe may need to know resolved onto it."""

    name: str
    address: str
    platform: str = "static"
    roles: frozenset[Role] = frozenset()
    place: Place = Place()
    maintenance: bool = False
    connection: Connection = Connection.SSH
    ssh: SshTarget = SshTarget()
    mounts: tuple[Mount, ...] = ()
    limits: HostLimits = HostLimits()
    settings: Mapping[str, Any] = field(default_factory=_empty)
    """probe name -> that probe's settings for this host (an instance of its settings class)"""


@dataclass(frozen=True)
class Inventory:
    """All hosts of one moment, by name."""

    hosts: Mapping[str, Host] = field(default_factory=_empty)

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts.values())

    def __len__(self) -> int:
        return len(self.hosts)

    def get(self, name: str) -> Host | None:
        """The host of that name, or None."""
        return self.hosts.get(name)


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that could not find out."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A question that does not apply: neither success nor failure."""

    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run produced. `result` is the probe's reading, or a Failure, or Unsupported."""

    probe: str
    host: str
    started: float  # seconds since the epoch, the exporter's wall clock
    finished_monotonic: float  # the exporter's monotonic clock, seconds
    duration: float  # seconds
    result: object

    @property
    def reading(self) -> object | None:
        """The reading, or None where the run failed or the question does not apply."""
        return None if isinstance(self.result, Failure | Unsupported) else self.result
