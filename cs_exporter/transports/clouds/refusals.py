"""How often a login that was refused is tried again: services count refusals and lock whoever has too many.

Keystone does so where `[security_compliance] lockout_failure_attempts` is set; each poll would be several.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cs_exporter.ports import ApiError

FIRST, LONGEST = 60.0, 600.0
"""Seconds after which the same login is tried again: at first, and at most; each time twice as many."""


@dataclass(frozen=True)
class Refusal:
    """What was said to a login, and until when (monotonic seconds) the same one is not tried again."""

    login: object = field(repr=False)  # it has secrets
    failure: ApiError
    wait: float
    until: float

    def forbids(self, login: object, now: float) -> bool:
        """Whether that is the same login, too early."""
        return login == self.login and now < self.until

    def told(self) -> ApiError:
        """The failure of whoever asks meanwhile, and of whoever asked."""
        later = (
            f"not tried again for {self.wait:.0f} s, or until what is configured changes, lest the account be locked"
        )
        return ApiError(self.failure.reason, f"{self.failure.detail}; {later}", self.failure.code)


def refusal(before: Refusal | None, login: object, failure: ApiError, now: float) -> Refusal:
    """The refusal of a login, with what is known of the one before it."""
    again = before is not None and before.login == login
    wait = min(2 * before.wait, LONGEST) if again and before is not None else FIRST
    return Refusal(login, failure, wait, now + wait)
