"""One noted call: what was asked comes with its seconds, an answer with its lines, a failure with its reason."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.transcript.note import Noting


class Ticking:
    """A clock that goes on by a second each time it is looked at."""

    now = 0.0

    def time(self) -> float:
        """See ports.Clock."""
        return self.monotonic()

    def monotonic(self) -> float:
        """See ports.Clock."""
        self.now += 1
        return self.now


async def answer(failure: ProbeFailed | None = None) -> int:
    """Seven, or the failure."""
    if failure is not None:
        raise failure
    return 7


async def test_an_answer_is_noted_and_given_on() -> None:
    """With the question, the seconds and the lines that show it."""
    lines: list[str] = []
    assert 7 == await Noting(lines.append, Ticking()).noted("what", answer(), lambda seven: [f"it is {seven}"])
    assert ["> what   (1.000 s)", "< it is 7"] == lines


async def test_a_failure_is_noted_and_raised() -> None:
    """The reader sees why there is no answer, and the run fails as it would have."""
    lines: list[str] = []
    with pytest.raises(ProbeFailed):
        await Noting(lines.append, Ticking()).noted("what", answer(ProbeFailed(Reason.MUTE, "hm")), lambda _: [])
    assert ["> what   (1.000 s)", "< failed: mute: hm"] == lines
