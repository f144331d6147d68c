"""Outcomes: a reading is told from a failure, and a failure says its reason and its detail."""

from __future__ import annotations

import pytest

from cs_exporter.model import Failure, Login, Outcome, ProbeFailed, Reason, Unsupported


@pytest.mark.parametrize(
    ("reading", "result"),
    [("a reading", "a reading"), (None, Failure(Reason.TIMEOUT, "late")), (None, Unsupported("no chronyc"))],
)
def test_only_a_reading_is_an_outcomes_reading(reading: object, result: object) -> None:
    """A failure or an inapplicable question never passes for an answer."""
    assert reading == Outcome("p", "kvm1", 0.0, 0.0, 0.1, result).reading


def test_a_failed_probe_says_reason_and_detail() -> None:
    """Log lines and terminals show the exception's text as it is."""
    error = ProbeFailed(Reason.HOST_KEY, "kvm1: key changed")
    assert ("host_key: kvm1: key changed", Reason.HOST_KEY) == (str(error), error.reason)


def test_a_failure_for_another_asker() -> None:
    """It says all that the first one says, and is another exception: tracebacks of several askers do not mix."""
    first = ProbeFailed(Reason.TIMEOUT, "late", ours=True, login=Login.PAST)
    other = first.again()
    assert first is not other
    assert vars(first) == vars(other)
