"""A range in brackets stands for its numbers, padding kept; anything else in brackets is refused with the mend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.config.ranges import MAX_MEMBERS, parse_pattern


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("kvm1", ["kvm1"]),
        ("", [""]),
        ("kvm[9-11].example", ["kvm9.example", "kvm10.example", "kvm11.example"]),
        ("kvm[08-10]", ["kvm08", "kvm09", "kvm10"]),
        ("kvm[0-1]", ["kvm0", "kvm1"]),
        ("[1-2]x[3-4]", ["1x3", "1x4", "2x3", "2x4"]),
        ("10.0.[1-2].[7-8]", ["10.0.1.7", "10.0.1.8", "10.0.2.7", "10.0.2.8"]),
        ("a[5-5]", ["a5"]),
    ],
)
def test_a_pattern_stands_for_its_members(text: str, members: list[str]) -> None:
    """In the order of an odometer."""
    pattern = parse_pattern(text)
    assert members == list(pattern)
    assert len(members) == len(pattern)
    assert (members[0], members[-1]) == pattern.ends


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a[", "'a[' has a bracket without its other half; a range is written like [001-500]"),
        ("a]b", "'a]b' has a bracket without its other half; a range is written like [001-500]"),
        ("a[[1-2]]", "'a[[1-2]]' has a bracket without its other half; a range is written like [001-500]"),
        ("a[1,2]", "[1,2] is not a range of numbers; a range is written like [001-500]"),
        ("a[1-2-3]", "[1-2-3] is not a range of numbers; a range is written like [001-500]"),
        ("a[a-c]", "[a-c] is not a range of numbers; a range is written like [001-500]"),
        ("a[²-³]", "[²-³] is not a range of numbers; a range is written like [001-500]"),
        ("a[1-9999999999]", "[1-9999999999] is not a range of numbers; a range is written like [001-500]"),
        ("a[2-1]", "[2-1] runs backwards; write the smaller number first"),
        ("a[001-10]", "[001-10] pads with zeros, but its ends differ in length; write both with the same digits"),
        (
            "a[1-999][1-999]",
            f"'a[1-999][1-999]' stands for more than {MAX_MEMBERS} hosts; make the range smaller",
        ),
    ],
)
def test_what_is_no_range_is_refused_with_the_mend(text: str, message: str) -> None:
    """A slip must neither make one odd host nor fill the memory."""
    with pytest.raises(ValueError, match="; ") as error:
        parse_pattern(text)
    assert message == str(error.value)


@given(first=st.integers(0, 99_999), count=st.integers(1, 200), width=st.integers(1, 7))
def test_every_number_of_a_range_is_there_once(first: int, count: int, width: int) -> None:
    """Whatever the numbers, and all of one width where they are padded."""
    last = first + count - 1
    padding = width if len(str(last)) <= width and len(str(first)) < width else 0
    members = list(parse_pattern(f"a[{first:0{padding}}-{last:0{padding}}]b"))
    assert [f"a{number:0{padding}}b" for number in range(first, last + 1)] == members


@given(st.text(alphabet="ab[]-0123456789.", max_size=20))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    """Nothing but ValueError, and a pattern without brackets stands for itself."""
    brackets = "[" in text or "]" in text
    try:
        members = len(parse_pattern(text))
    except ValueError as error:
        assert (brackets, True) == (True, "; " in str(error))  # noqa: PT017  # most texts are refused, not all
        return
    assert 1 <= members <= (MAX_MEMBERS if brackets else 1)
