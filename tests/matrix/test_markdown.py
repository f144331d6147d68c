"""Texts of any kind survive being a cell or a span of code."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.markdown import code, link, table


@pytest.mark.parametrize(("text", "expected"), [("a | b", "`a | b`"), ("a `b`", "`` a `b` ``"), ("``", "``` `` ```")])
def test_code(text: str, expected: str) -> None:
    """The fence is longer than any inside."""
    assert expected == code(text)


def test_tables() -> None:
    """A bar in a cell does not end it."""
    assert "| a | b |\n| --- | --- |\n| 1 \\| 2 | [c](d) |\n" == table(("a", "b"), [("1 | 2", link("c", "d"))])
