"""Numbers in text are read strictly, and a refusal says what was read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import decimal, octal, whole
from tests.parsers.outcomes import outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0.0), ("+0.005884", 0.005884), ("-1904.306945", -1904.306945), ("6e-05", 6e-05), (".5", 0.5), ("7.", 7.0)],
)
def test_decimals(text: str, expected: float) -> None:
    """Signs, fractions and exponents as C's printf writes them."""
    assert expected == decimal(text, "x")


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", "0x10", "1 ", "٣", "1e999", "--1", ".", "1,5", "9" * 40])
def test_no_decimals(text: str) -> None:
    """What Python would read, or nobody, is refused, and named."""
    with pytest.raises(UnparsableError, match=r"root delay: not a number: '"):
        decimal(text, "root delay")


def test_whole_and_octal() -> None:
    """Whole numbers have signs, octal ones have none."""
    assert (-12, 0o377) == (whole("-12", "x"), octal("377", "x"))
    for text in ("1.0", "", "²", "1_0"):
        with pytest.raises(UnparsableError, match="stratum: not a whole number"):
            whole(text, "stratum")
    for text in ("8", "-1", "", "0o7"):
        with pytest.raises(UnparsableError, match="reach: not an octal number"):
            octal(text, "reach")


@given(st.text() | st.from_regex(r"[-+.0-9eE_]{1,30}"))
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    """Nothing else comes out: no other exception, no nan, no infinity."""
    found = outcome(lambda given: decimal(given, "x"), text)
    assert isinstance(found, UnparsableError) or math.isfinite(found)
    outcome(lambda given: whole(given, "x"), text)
    outcome(lambda given: octal(given, "x"), text)
