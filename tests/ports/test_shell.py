"""What a probe is given: answers that turn into text or into the right failure, and clocks with honest uncertainty."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, SectionCall

STATFS = SectionCall("statfs", ("/mnt/primary",), limit=3)


def test_a_call_reads_as_it_is_asked() -> None:
    """Details and transcripts name a section with its arguments."""
    assert "statfs /mnt/primary" == str(STATFS)


def test_a_good_answer_is_its_text() -> None:
    """Bytes that are no UTF-8 are shown as far as they go, not refused."""
    assert "a\ufffdb" == Answer(STATFS, AnswerState.DONE, 0, b"a\xffb").text()


@pytest.mark.parametrize(
    ("reason", "detail", "answer"),
    [
        (Reason.TIMEOUT, "statfs /mnt/primary: no answer within 3 s", Answer(STATFS, AnswerState.LATE)),
        (
            Reason.COMMAND,
            "statfs /mnt/primary: exit status 2: denied",
            Answer(STATFS, AnswerState.DONE, 2, b"statfs:\ndenied\n"),
        ),
        (Reason.COMMAND, "statfs /mnt/primary: exit status 1: no output", Answer(STATFS, AnswerState.DONE, 1)),
    ],
)
def test_a_bad_answer_fails_with_its_reason(reason: Reason, detail: str, answer: Answer) -> None:
    """Late and failed are told apart, and the detail names the section."""
    with pytest.raises(ProbeFailed) as failed:
        answer.text()
    assert (reason, detail) == (failed.value.reason, failed.value.detail)


def test_a_missing_section_is_unsupported() -> None:
    """A tool that a host lacks is no failure of the host."""
    with pytest.raises(UnsupportedError, match="not available"):
        Answer(STATFS, AnswerState.UNSUPPORTED).text()


@pytest.mark.parametrize(
    ("skew", "uncertainty", "sample"),
    [
        (2.0, 0.1, ClockSample(host_time=1002.1, resolution=1e-9, sent=1000.0, round_trip=0.2)),
        (-1.5, 0.0, ClockSample(host_time=998.5, resolution=1e-9, sent=1000.0, round_trip=0.0)),
        # A host whose clock shows whole seconds: 1002 means anything from 1002.0 to 1003.0.
        (2.4, 0.6, ClockSample(host_time=1002.0, resolution=1.0, sent=1000.0, round_trip=0.2)),
    ],
)
def test_skew_is_host_minus_exporter(skew: float, uncertainty: float, sample: ClockSample) -> None:
    """Positive is a host ahead; half the round trip and a coarse clock's half second stay uncertain."""
    assert pytest.approx((skew, uncertainty)) == (sample.skew, sample.uncertainty)


def test_answers_are_found_by_their_call() -> None:
    """Two calls of one section differ by their arguments."""
    other = SectionCall("statfs", ("/mnt/secondary",), limit=3)
    said = {call: Answer(call, AnswerState.DONE) for call in (STATFS, other)}
    answers = Answers(ClockSample(0.0, 1e-9, 0.0, 0.0), said)
    assert said[other] is answers[SectionCall("statfs", ("/mnt/secondary",), limit=3)]
