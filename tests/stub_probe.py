"""A probe that is never run, for tests of the configuration: they must not change with the real probes' settings.

It has what sheets have: a duration, a list, a secret, and two settings that are compared with each other.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.ports import Io
from cs_exporter.spec import Cause, DerivedSpec, Latest, Limit, Op, ProbeSettings, ProbeSpec, Seconds, Severity, Symptom


class ClockSettings(ProbeSettings):
    """Settings of the stub."""

    servers: tuple[str, ...] = Field(default=(), description="servers it should use")
    password: SecretStr | None = Field(default=None, description="what to say to them")
    worst: Seconds = Field(default=2.0, gt=0, description="an offset that is looked at")
    bad: Seconds = Field(default=10.0, gt=0, description="an offset that is acted on")

    @model_validator(mode="after")
    def _worst_comes_before_bad(self) -> Self:
        if self.worst > self.bad:
            raise ValueError(f"worst is {self.worst:g} s and bad {self.bad:g} s; make worst the smaller one")
        return self


async def _never_run(_host: Host, _io: Io, _settings: ClockSettings) -> int:
    raise ProbeFailed(Reason.BUG, "the stub is not for running")


def _derive(_latest: Latest, _now: float) -> int:
    return 0


def _symptom(name: str) -> Symptom:
    return Symptom(
        name=name,
        sees="The clock is wrong.",
        metric="cs_clock_offset_seconds",
        limit=Limit(Op.ABOVE, 1.0, 0.1, absolute=True),
        runs=3,
        severity=Severity.WARNING,
        cause=Cause.CLOCK,
        unit="seconds",
        means="Logs lie.",
        look=("chronyc tracking",),
        fix="Set the clock.",
    )


CLOCK = ProbeSpec(
    name="clock",
    question="Is the clock right?",
    settings=ClockSettings,
    reading=int,
    probe=_never_run,
    metrics=(),
    symptoms=(_symptom("CsClockSkewed"), _symptom("CsClockLost")),
)

FLEET = DerivedSpec(
    name="fleet",
    question="Is one clock unlike the others?",
    inputs=("clock",),
    reading=int,
    derive=_derive,
    metrics=(),
    symptoms=(_symptom("CsClockUnlikeFleet"),),
)
