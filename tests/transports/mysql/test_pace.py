"""When a server that did not let us in is asked again: at once, after a minute, or ever later."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import SqlError
from cs_exporter.transports.mysql.pace import LONGEST_PAUSE, MANY, Pace

DENIED = SqlError(Reason.DENIED, "no (1045)", 1045)
BROKEN = ProbeFailed(Reason.RESET, "lost")
UNTRUSTED = ProbeFailed(Reason.HOST_KEY, "not trusted")


def pause(pace: Pace, since: float, password: str = "old") -> float:  # noqa: S107  # a test's
    """For how long from `since` on the last failure is told again, to 1 s."""
    return next(seconds for seconds in range(10000) if pace.wait(since + seconds, password) is None)


@pytest.mark.parametrize(
    ("failure", "greeted", "expected"),
    [
        (DENIED, True, 60),
        (SqlError(Reason.EXHAUSTED, "full (1040)", 1040), True, 0),
        (SqlError(Reason.REFUSED, "blocked (1129)", 1129), True, 0),
        (ProbeFailed(Reason.REFUSED, "nobody listens"), False, 0),
        (BROKEN, True, 0),
    ],
)
def test_the_first_failure(failure: ProbeFailed, expected: float, *, greeted: bool) -> None:
    """A wrong password is tried once a minute; all else at the next poll."""
    pace = Pace()
    assert 0 == pause(pace, 0)
    pace.failed(failure, 100, "old", greeted=greeted)
    assert expected == pause(pace, 100)


def test_logins_that_break_off_are_ever_rarer() -> None:
    """A hundred of them in a row, after which a server blocks an address, take days; one that succeeds ends the row."""
    pace, now, pauses = Pace(), 0.0, []
    for _ in range(100):
        pace.failed(UNTRUSTED, now, "old", greeted=True)
        pauses.append(pause(pace, now))
        now += pauses[-1]
    assert [0, 30, 60, 120] == pauses[:4]
    assert [240, LONGEST_PAUSE, LONGEST_PAUSE] == pauses[4:7]
    assert LONGEST_PAUSE == max(pauses[: MANY - 1]) == 300
    assert now > 2 * 24 * 3600
    pace.succeeded()
    pace.failed(BROKEN, now, "old", greeted=True)
    assert 0 == pause(pace, now)


def test_what_was_refused_is_told_again() -> None:
    """With the same reason and number, and when it was and will be tried."""
    pace = Pace()
    pace.failed(DENIED, 100, "old", greeted=True)
    told = pace.wait(115, "old")
    assert isinstance(told, SqlError)
    assert (Reason.DENIED, 1045, "no (1045) (15 s ago; tried again in 45 s)") == (told.reason, told.code, told.detail)
    pace.failed(UNTRUSTED, 200, "old", greeted=True)
    pace.failed(UNTRUSTED, 200, "old", greeted=True)
    told = pace.wait(210, "old")
    assert told is not None
    assert (ProbeFailed, Reason.HOST_KEY) == (type(told), told.reason)


def test_another_password_is_tried_at_once() -> None:
    """Whoever mends the file need not wait."""
    pace = Pace()
    pace.failed(DENIED, 100, "old", greeted=True)
    assert 0 == pause(pace, 100, "new")


def test_who_said_nothing_counted_nothing() -> None:
    """A balancer without a server accepts and closes: it is asked at every poll, so that its healing is seen."""
    pace = Pace()
    for _ in range(5):
        pace.failed(BROKEN, 100, "old", greeted=False)
        assert 0 == pause(pace, 100)


def test_what_was_ours_stays_ours() -> None:
    """What is told again is no verdict about the server when it was none at first."""
    pace = Pace()
    for _ in range(2):
        pace.failed(ProbeFailed(Reason.EXHAUSTED, "no descriptor is left", ours=True), 100, "old", greeted=True)
    told = pace.wait(110, "old")
    assert told is not None
    assert told.ours
