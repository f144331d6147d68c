"""The heartbeat file: what `date +%s` prints, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import heartbeat_file
from tests.parsers.outcomes import outcome


@pytest.mark.parametrize("text", ["1795251429\n", "1795251429", " 1795251429 \n"])
def test_a_stamp(text: str) -> None:
    """Seconds since the epoch, with or without the end of the line."""
    assert 1795251429 == heartbeat_file.parse(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [("", "empty"), ("\n", "empty"), ("12x", "not a heartbeat"), ("-5", "not a"), ("1e9", "not a"), ("1\n2", "not a")],
)
def test_anything_else(text: str, part: str) -> None:
    """A file that is just being written is empty; other contents are quoted."""
    with pytest.raises(UnparsableError, match=part):
        heartbeat_file.parse(text)


@given(st.one_of(st.text(), st.from_regex(r"[0-9 \n]+")))
def test_any_text(text: str) -> None:
    """Any text gives a stamp or UnparsableError."""
    assert isinstance(outcome(heartbeat_file.parse, text), int | UnparsableError)
