"""The page about faults is the catalogue's, and the table of the terminal is in its order."""

from __future__ import annotations

from cs_exporter.spec import Cause, Severity
from tests.demo.catalogue import FAULTS
from tests.demo.fault import Page
from tests.e2e.judge import Seen
from tests.e2e.paging import Told
from tests.e2e.placed import Placed
from tests.e2e.table import FIGURES, HEAD, PAGE, figures_of, page, terminal, told


def without_figures(text: str) -> list[list[str]]:
    """The page's lines, those of the table without their last cells."""
    cut = len(HEAD) - len(FIGURES)
    return [line.replace("\\|", "\0").split("|")[: cut + 1] for line in text.splitlines()]


def test_the_page_tells_of_every_fault() -> None:
    """Name, words and symptoms as in the catalogue; how many seconds it took may differ: else write it anew."""
    written = PAGE.read_text(encoding="utf-8")
    assert without_figures(page({fault.name: ("0",) * len(FIGURES) for fault in FAULTS})) == without_figures(written)


def test_a_bar_in_a_query_does_not_end_its_cell() -> None:
    """Or the table would fall apart."""
    assert [] == [fault.name for fault in FAULTS if "|" in "".join(told(fault)).replace("\\|", "")]


def test_the_table_is_in_the_catalogues_order() -> None:
    """Whatever order the faults were brought about in."""
    found = [Seen(Placed(fault, fault.hosts[0]), 3.25, 9.0, None) for fault in reversed(FAULTS)]
    head, *lines = terminal(found)
    assert [*FIGURES] == [cell.strip() for cell in head.split("|")][2:-1]
    assert [f"{fault.name}@{fault.hosts[0]}" for fault in FAULTS] == [line.split()[0] for line in lines]


def test_a_faults_figures() -> None:
    """Whole seconds since it was broken, or mended; of what did not come there is none."""
    placed = Placed(next(fault for fault in FAULTS if fault.name == "agent-frozen"), "kvm3")
    critical, warning = Page(Severity.CRITICAL, Cause.AGENT), Page(Severity.WARNING, Cause.AGENT)
    pages = {
        warning: Told(warning, fired=185, received=190, resolved=None, times=1, names=frozenset()),
        critical: Told(critical, fired=200, received=205.4, resolved=240, times=1, names=frozenset()),
    }
    left = {Severity.WARNING: 45.0, Severity.CRITICAL: 29.6}
    one = Seen(placed, 97.2, 160, 0.5, begun=100, mended=210, told=pages, left=left)
    assert ("97", "100", "105", "45, 30", "<1", "30") == figures_of(one)
    assert ("never", "-", "-", "-", "never", "-") == figures_of(Seen(placed, None, 160, None))
