"""YAML is read strictly, and what is not YAML gives one line with its place; the captures hold the bad files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.config.errors import ConfigError
from cs_exporter.config.yaml import MAX_DEPTH, parse_yaml, read_yaml


def test_values_are_plain_and_dates_stay_text() -> None:
    """A pod called 2024-01-01 is a name."""
    assert {"a": "2024-01-01", "b": [1, 2.5, True, None, "x"]} == parse_yaml(
        "a: 2024-01-01\nb: [1, 2.5, yes, ~, 'x']", "f"
    )


def test_merge_keys_may_be_overridden() -> None:
    """`<<` brings what is not said; saying it again is no second time."""
    assert {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}} == parse_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3", "f")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "f.yml"
    path.write_bytes(b"\xef\xbb\xbfhosts: []\n")
    assert {"hosts": []} == read_yaml(path)


def test_every_key_given_twice_is_named_with_its_lines() -> None:
    """Not only the first, and at any depth."""
    with pytest.raises(ConfigError) as error:
        parse_yaml("a: 1\nb:\n  - {c: 1, c: 2}\na: 3\n", "f")
    assert [
        "f: b[0].c: is given twice, on lines 3 and 3; remove one of them",
        "f: a: is given twice, on lines 1 and 4; remove one of them",
    ] == str(error.value).splitlines()


def test_an_alias_used_twice_is_looked_at_once() -> None:
    """A mistake in an anchor is one mistake, and a ladder of aliases costs no time."""
    ladder = "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))
    content = parse_yaml(f"a0: &a0 [x]\n{ladder}\n", "f")
    assert isinstance(content, dict)
    assert 40 == len(content)


def test_deep_nesting_is_refused_before_it_is_built() -> None:
    """The C loader would overrun the machine stack."""
    assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f") is not None
    for text in ("[" * 100_000, "- " * 100_000, "{a: " * 1000):
        with pytest.raises(ConfigError, match="is nested more than 50 levels deep; check the brackets"):
            parse_yaml(text, "f")


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"%@`#?,<\n \t\x00\x85é"), max_size=30))
def test_any_text_is_read_or_refused_on_one_line(text: str) -> None:
    """Never another exception."""
    try:
        parse_yaml(text, "f")
    except ConfigError as error:
        lines = str(error).splitlines()
        assert [] == [line for line in lines if not (line.startswith("f: ") and "; " in line)]
