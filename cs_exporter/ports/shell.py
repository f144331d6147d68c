"""A host's collector, as a probe asks it: sections with arguments, answers, and the host's clock.

One request carries everything that is asked in the same turn of the event loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError


@dataclass(frozen=True, slots=True)
class SectionCall:
    """One section of the collector, asked with arguments; equal calls in one request are asked once."""

    name: str
    arguments: tuple[str, ...] = ()
    limit: int = 0  # seconds a section that may block is given; 0 for sections that never block

    def __str__(self) -> str:
        return " ".join((self.name, *self.arguments))


class AnswerState(StrEnum):
    """How a section ended."""

    DONE = "done"  # it ran; `status` is its exit status
    LATE = "late"  # it did not answer within its limit
    OVERSIZED = "oversized"  # it ran, and said more than anybody could want to read
    UNSUPPORTED = "unsupported"  # the host's collector does not know it, or its tool is missing


@dataclass(frozen=True, slots=True)
class Answer:
    """What one section said: `output` is its standard output (bytes, as the host sent them).

    `seconds` is how long a section that may block took, by the host's own clock; None where it can't tell cheaply.
    """

    call: SectionCall
    state: AnswerState
    status: int = 0
    output: bytes = b""
    seconds: float | None = None

    def text(self) -> str:
        """The output of a section that ran and succeeded.

        Raises UnsupportedError where it does not exist, ProbeFailed(timeout) where it was late,
        ProbeFailed(unparsable) where it is oversized and ProbeFailed(command) where its exit status is not 0.
        """
        if self.state is AnswerState.UNSUPPORTED:
            raise UnsupportedError(f"{self.call}: not available on the host")
        if self.state is AnswerState.OVERSIZED:
            raise ProbeFailed(Reason.UNPARSABLE, f"{self.call}: more output than is read")
        if self.state is AnswerState.LATE:
            raise ProbeFailed(Reason.TIMEOUT, f"{self.call}: no answer within {self.call.limit} s")
        decoded = self.output.decode("utf-8", "replace")
        if self.status != 0:
            lines = decoded.strip().splitlines()
            raise ProbeFailed(
                Reason.COMMAND,
                f"{self.call}: exit status {self.status}: {lines[-1] if lines else 'no output'}",
            )
        return decoded


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One reading of a host's clock, bracketed by the exporter's own (all seconds)."""

    host_time: float  # the host's wall clock, since the epoch
    resolution: float  # of host_time; 1.0 where the host's `date` has no fraction
    sent: float  # the exporter's wall clock when the request left
    round_trip: float  # measured on the exporter's monotonic clock

    @property
    def skew(self) -> float:
        """Host minus exporter, assuming the answer was stamped half way."""
        return self.host_time + self.resolution_bias - (self.sent + self.round_trip / 2)

    @property
    def resolution_bias(self) -> float:
        """A clock that only shows whole seconds reads low by half a second on average."""
        return self.resolution / 2 if self.resolution >= 1 else 0.0

    @property
    def uncertainty(self) -> float:
        """Half the round trip, and half the resolution where that is coarse: the skew lies within +- this."""
        return self.round_trip / 2 + self.resolution_bias


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one request, each by its call, and the host's clock when it began."""

    clock: ClockSample
    answers: Mapping[SectionCall, Answer]

    def __getitem__(self, call: SectionCall) -> Answer:
        return self.answers[call]


class Shell(Protocol):
    """A host's collector. All errors are ProbeFailed."""

    async def ask(self, *calls: SectionCall) -> Answers:
        """Ask sections in one round trip, together with whatever else is asked in the same loop turn."""

    async def clock(self) -> ClockSample:
        """A short exchange that reads only the host's clock."""
