"""The guard's word about a mount that is being touched already, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import held
from tests.parsers.outcomes import outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("held 123400 1240.50\n", 6.5),
        ("held 0 86400.25", 86400.25),
        ("some noise\nheld 100 61.00\n", 60.0),
        ("held 500 4.99", 0.0),
    ],
)
def test_age(text: str, expected: float) -> None:
    """The age is uptime minus start, never below zero: the two numbers are read one after the other."""
    assert pytest.approx(expected) == held.seconds(text)


@pytest.mark.parametrize(
    "text", ["", "held", "held x 5", "held 5 x", "held 5", "held 5 6 7", "withheld 5 6", "held 5 1e9"]
)
def test_other_words(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(UnparsableError):
        held.seconds(text)


@given(st.one_of(st.text(), st.from_regex(r"held [0-9]+ [0-9.]+")))
def test_any_text(text: str) -> None:
    """Any text gives seconds or UnparsableError."""
    assert isinstance(outcome(held.seconds, text), float | UnparsableError)
