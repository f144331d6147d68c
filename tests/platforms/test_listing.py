"""Listings: one row for a whole list, taken apart again, and what was cut is noticed."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.listing import (
    FIELD,
    LINE,
    Listed,
    Listing,
    integer,
    listed,
    quoted,
    text,
)

PAIRS = Listing(("h.id", "h.name"), "`cloud`.`host` h", 2)


def line(*fields: str) -> str:
    """A line as the server sends it."""
    return FIELD.join(fields) + LINE


def test_statement() -> None:
    """NULL is empty, and one line more than wanted is asked for."""
    assert "COALESCE(h.id, ''), COALESCE(h.name, '')" in PAIRS.statement
    assert "FROM `cloud`.`host` h LIMIT 3" in PAIRS.statement


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        ("0", None, Listed([], whole=True)),
        ("2", line("1", "kvm1") + line("2", ""), Listed([["1", "kvm1"], ["2", ""]], whole=True)),
        ("3", line("1", "a") + line("2", "b") + line("3", "c"), Listed([["1", "a"], ["2", "b"]], whole=False)),
        ("2", line("1", "kvm1") + "2" + FIELD + "kv", Listed([["1", "kvm1"]], whole=False)),
        ("2", line("1", "kvm1") + line("2"), Listed([["1", "kvm1"]], whole=False)),
        ("1", line("1", "line\nend", "\t"), Listed([], whole=False)),
    ],
)
def test_answers(number: str, text: str | None, expected: Listed) -> None:
    """Whole lists; one that exceeds its limit, one that the server cut, one whose lines are broken."""
    assert expected == listed([{"number": number, "listed": text}], PAIRS)


def test_no_answer() -> None:
    """An aggregate without a row is no list."""
    assert Listed((), whole=False) == listed([], PAIRS)


def test_names_and_values() -> None:
    """Neither a schema's name nor a value can end what it stands in."""
    assert "`a``b`" == quoted("a`b")
    assert "_utf8mb4 0x276f" == text("'o")
    assert "''" == text("")
    assert (7, None) == (integer("7"), integer(""))
