"""Durations as Prometheus users write them become seconds; what is no duration is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.durations import parse_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(15.0, "15s"), (90.0, "1m30s"), (0.5, "500ms"), (86400.0, "1d"), (3600.0, " 1h "), (2.5, "2.5"), (30.0, "30")],
)
def test_text_becomes_seconds(seconds: float, text: str) -> None:
    """All units, put together in any order of size, with or without space around."""
    assert seconds == parse_duration(text)


@pytest.mark.parametrize("text", ["", "s", "15 s", "1m 30s", "1.5m", "15S", "fast", "1w", "15sm"])
def test_text_that_is_no_duration_is_quoted_with_the_mend(text: str) -> None:
    """A typing error must not become some other time."""
    with pytest.raises(ValueError, match="is not a duration; write it as 30s") as error:
        parse_duration(text)
    assert str(error.value).startswith(repr(text))


@pytest.mark.parametrize("value", [15, 2.5, None, True, ["15s"]])
def test_other_types_pass_through(value: object) -> None:
    """The settings' own validation says what is wrong with them."""
    assert value is parse_duration(value)


@given(st.integers(0, 10**6), st.sampled_from([("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)]))
def test_every_whole_number_of_a_unit_is_understood(number: int, unit: tuple[str, float]) -> None:
    """No number is too large or too small to be written."""
    name, size = unit
    assert pytest.approx(number * size) == parse_duration(f"{number}{name}")
