"""What a run can come to: a reading, a failure with a reason from the closed list, or a question that does not apply.

Nothing here does I/O, knows a library or reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


class Login(StrEnum):
    """How far the login to the host had come when something failed."""

    AHEAD = "ahead"  # not through, or none is needed
    FRESH = "fresh"  # it had let us in, and that was all
    PAST = "past"  # it had let us in and answered since; whether it still would, nobody has tried


class ProbeFailed(Exception):
    """Raised when a probe could not find out; `detail` is one line for a human.

    `ours`: the fault lies on our own side (the exporter's limits, its name servers) and tells nothing of the peer.
    """

    def __init__(self, reason: Reason, detail: str, *, ours: bool = False, login: Login = Login.AHEAD) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.ours = ours
        self.login = login

    def again(self) -> ProbeFailed:
        """The same for another asker: one exception raised by several would gather the tracebacks of all."""
        return ProbeFailed(self.reason, self.detail, ours=self.ours, login=self.login)


class UnsupportedError(Exception):
    """Raised when a question does not apply to a host, or its tools are missing there."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnparsableError(ValueError):
    """Raised by parsers only: the input is not in the format; the message quotes the offending part."""


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
