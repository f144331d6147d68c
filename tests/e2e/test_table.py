"""The page about faults is the catalogue's, and the table of the terminal is in its order."""

from __future__ import annotations

from tests.demo.catalogue import FAULTS
from tests.e2e.judge import Seen
from tests.e2e.placed import Placed
from tests.e2e.table import HEAD, PAGE, page, terminal, told


def without_figures(text: str) -> list[list[str]]:
    """The page's lines, those of the table without their last two cells."""
    cut = len(HEAD) - 2
    return [line.replace("\\|", "\0").split("|")[: cut + 1] for line in text.splitlines()]


def test_the_page_tells_of_every_fault() -> None:
    """Name, words and symptoms as in the catalogue; how many seconds it took may differ: else write it anew."""
    written = PAGE.read_text(encoding="utf-8")
    assert without_figures(page({fault.name: ("0", "0") for fault in FAULTS})) == without_figures(written)


def test_a_bar_in_a_query_does_not_end_its_cell() -> None:
    """Or the table would fall apart."""
    assert [] == [fault.name for fault in FAULTS if "|" in "".join(told(fault)).replace("\\|", "")]


def test_the_table_is_in_the_catalogues_order() -> None:
    """Whatever order the faults were brought about in."""
    found = [Seen(Placed(fault, fault.hosts[0]), 3.25, 9.0, None) for fault in reversed(FAULTS)]
    head, *lines = terminal(found)
    assert "seconds to red" in head
    assert [f"{fault.name}@{fault.hosts[0]}" for fault in FAULTS] == [line.split()[0] for line in lines]
    assert lines[0].split()[2:] == ["3.2", "|", "9.0", "|", "never"]
