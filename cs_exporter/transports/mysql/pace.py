"""When a database server that did not let us in may be asked to again.

Wrong passwords fill its log; logins that break off in the middle are counted, and after max_connect_errors (100) our
whole address is blocked, whoever else works there. What was refused is told again meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import SqlError

DENIED_PAUSE = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 300.0
"""Seconds to wait after the second login in a row that broke off; doubled after each, to the longest."""

MANY, PAUSE_OF_MANY = 50, 3600.0
"""After so many in a row, half of what a server puts up with (4 hours), the pause is longer: it must not block us."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    failure: ProbeFailed
    at: float
    until: float
    password: str | None


class Pace:
    """The pauses of one server. Times are the monotonic clock's."""

    def __init__(self) -> None:
        self._broken = 0
        self._refusal: _Refusal | None = None

    def wait(self, now: float, password: str | None) -> ProbeFailed | None:
        """What the last login came to, where it is too early for another one with that password."""
        last = self._refusal
        if last is None or now >= last.until or last.password != password:
            return None
        when = f" ({now - last.at:.0f} s ago; tried again in {last.until - now:.0f} s)"
        if isinstance(last.failure, SqlError):
            return SqlError(last.failure.reason, last.failure.detail + when, last.failure.code)
        return ProbeFailed(last.failure.reason, last.failure.detail + when, ours=last.failure.ours)

    def failed(self, failure: ProbeFailed, now: float, password: str | None, *, greeted: bool) -> None:
        """A login failed; `greeted`: the server had spoken before, so that it may count the login as broken off.

        A balancer without a server behind it accepts and closes: nobody counts that, and it may heal at any moment.
        """
        pause = 0.0
        if isinstance(failure, SqlError):
            pause = DENIED_PAUSE if failure.reason is Reason.DENIED else 0.0
        elif greeted:
            self._broken += 1
            pause = _pause(self._broken)
        self._refusal = _Refusal(failure, now, now + pause, password)

    def succeeded(self) -> None:
        """A login succeeded: the server forgets what it counted, and so do we."""
        self._broken = 0
        self._refusal = None


def _pause(broken: int) -> float:
    if broken >= MANY:
        return PAUSE_OF_MANY
    return 0.0 if broken == 1 else min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(broken - 2, 10))
