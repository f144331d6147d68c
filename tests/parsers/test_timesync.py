"""timedatectl's timesync-status: units, signs and states as captured, and only UnparsableError out of nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import timesync
from cs_exporter.parsers.timesync import TimesyncAnswer, TimesyncStatus, span
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "time" / "timesync"


def text(state: str) -> str:
    """The captured output of that state."""
    return (CAPTURES / f"{state}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", 0.0),
        ("35us", 35e-6),
        ("-35us", -35e-6),
        ("+35μs", 35e-6),
        ("+35µs", 35e-6),
        ("+1.234ms", 1.234e-3),
        ("-1.5s", -1.5),
        ("+4.708553s", 4.708553),
        ("2min 3s", 123.0),
        ("34min 8s", 2048.0),
        ("-1h 2min 3.5s", -3723.5),
        ("1month 1w 2d", 2_629_800.0 + 9 * 86_400),
        ("1y", 31_557_600.0),
    ],
)
def test_spans(written: str, expected: float) -> None:
    """A span of time in seconds, whatever units systemd found fit for people."""
    assert expected == pytest.approx(span(written, "x"), rel=1e-12)


@pytest.mark.parametrize(
    "written", ["", "+", "s", "1", "1 s", "infinity", "1s2ms", "1s  2ms", "--1s", "+-1s", "1.2.3s", "1fortnight"]
)
def test_no_spans(written: str) -> None:
    """What systemd does not write is refused, and named."""
    with pytest.raises(UnparsableError, match=r"^delay: not a span of time"):
        span(written, "delay")


def test_every_field() -> None:
    """A synchronised client, whose offset systemd writes the other way round."""
    expected = TimesyncStatus(
        server="10.88.0.1 (10.88.0.1)",
        poll_interval=32.0,
        packets=4,
        answer=TimesyncAnswer(offset=35e-6, root_distance=0.0, delay=173e-6, leap="normal", stratum=3),
    )
    assert expected == timesync.status(text("synced"))
    assert expected.answer is not None
    assert 35e-6 + 173e-6 / 2 == expected.answer.error_bound


@pytest.mark.parametrize(
    ("state", "offset"), [("stepped_4s_just_now", -4.708553), ("off_by_3s_may_not_set_the_clock", 2.931209)]
)
def test_positive_is_ahead(state: str, offset: float) -> None:
    """The first clock had been set back, the second one forth."""
    answer = timesync.status(text(state)).answer
    assert answer is not None
    assert offset == answer.offset


def test_no_answer_yet() -> None:
    """Before the first answer there are only the server and how often it is asked."""
    assert TimesyncStatus("10.88.0.77 (10.88.0.77)", 16.0, 0, None) == timesync.status(text("never_synced"))


def test_an_answer_that_makes_no_sense_is_left_out() -> None:
    """It writes `Invalid NTP response` elsewhere, and leaves the table as it is so far."""
    cut = "".join(text("synced").splitlines(keepends=True)[:2])
    assert TimesyncStatus("10.88.0.1 (10.88.0.1)", 32.0, 0, None) == timesync.status(cut)


def test_a_lost_server_does_not_show() -> None:
    """After four minutes of silence the status is word for word what it was."""
    assert timesync.status(text("synced")) == timesync.status(text("server_lost"))


@pytest.mark.parametrize(
    "given_text",
    [
        text("no_daemon"),
        text("no_bus"),
        "",
        text("synced").replace("Leap: normal", "Leap: perhaps"),
        text("synced").replace("-35us", "-35 us"),
        text("synced").replace("       Offset: -35us\n", ""),
        text("synced").replace("Packet count: 4", "Packet count: many"),
    ],
)
def test_what_is_no_status(given_text: str) -> None:
    """An error of timedatectl, a line missing, another word: refused with what was read."""
    with pytest.raises(UnparsableError, match="timesync-status"):
        timesync.status(given_text)


def test_a_server_that_does_not_know_the_time() -> None:
    """Its leap status says so, and its answer is not to be trusted."""
    answer = timesync.status(text("synced").replace("Leap: normal", "Leap: not synchronized")).answer
    assert answer is not None
    assert not answer.trustworthy


LINE = st.sampled_from(
    [*text("synced").splitlines(), *text("never_synced").splitlines(), "Offset: 1fortnight", "Leap: x", ":"]
)


@given(st.text() | st.lists(LINE).map("\n".join))
def test_nothing_but_unparsable(given_text: str) -> None:
    """Any text is a value or refused."""
    assert isinstance(outcome(timesync.status, given_text), TimesyncStatus | UnparsableError)


@given(st.text() | st.from_regex(r"[-+]?([0-9.]{1,6}(us|ms|s|min|h|d) ?){1,4}"))
def test_any_span_is_a_number_or_refused(written: str) -> None:
    """Nothing else comes out."""
    assert isinstance(outcome(lambda given: span(given, "x"), written), float | UnparsableError)
