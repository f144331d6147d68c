"""What commands share: tables are as wide as they are where there is no terminal."""

from __future__ import annotations

from cs_exporter.options import console


def test_without_a_terminal_nothing_is_cut() -> None:
    """Output that goes into a file or a pipe has no width of its own."""
    assert 200 == console().width
