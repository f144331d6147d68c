"""Runbooks as pages: one for every row, in an index by cause, with the limits that are in force here."""

from __future__ import annotations

from types import MappingProxyType

from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.model import Host, HostLimits, Inventory
from cs_exporter.web.runbookpages import Runbooks
from tests.web.reading import Reader, site

NOBODY = Inventory({})


def test_the_index_has_all_of_them() -> None:
    """Each exactly once."""
    links = Reader(Runbooks().index(NOBODY, site("https://mon.example.org/cs")).html).links
    listed = sorted(link for link in links if link.startswith("/cs/runbooks/Cs"))
    assert sorted(f"/cs/runbooks/{row.name}" for row in usual_matrix().rows) == listed


def test_the_index_tells_how_the_exporter_is_asked() -> None:
    """Whoever has only a browser at night has no checkout to read it in; marks of Markdown are none there."""
    page = Runbooks().index(NOBODY, site()).html
    for part in (
        "<code>/opt/cs_exporter/bin/cs-exporter</code>",
        "<code>--config.file</code>",
        "<code>--storage.path</code>",
    ):
        assert part in page
    assert "`cs-exporter" not in page


def test_every_page_says_what_to_type_and_what_to_mend() -> None:
    """Whatever is in the texts, it is text."""
    books = Runbooks()
    for row in usual_matrix().rows:
        page = books.page(row.name, NOBODY, site())
        assert page is not None
        reader = Reader(page.html)
        assert [] == reader.open
        for told in (row.name, row.sees, row.means, row.fix):
            assert "".join(told.split()) in "".join(reader.text.split())


def test_a_limit_in_force_is_the_one_that_is_shown() -> None:
    """An operator's own limit, not the sheet's; and it follows a reload."""
    books, wanted = Runbooks(), "CsClockSkew"
    limits = HostLimits(MappingProxyType({wanted: 7.0}))
    before = books.page(wanted, NOBODY, site())
    after = books.page(wanted, Inventory({"a": Host("a", "192.0.2.1", limits=limits)}), site())
    assert before is not None
    assert after is not None
    assert "above 7 s" not in before.html
    assert "above 7 s" in after.html


def test_an_alert_that_is_mentioned_is_a_link() -> None:
    """From a hung mount to the server behind it."""
    page = Runbooks().page("CsNfsMountHung", NOBODY, site("https://mon.example.org/cs"))
    assert page is not None
    assert "/cs/runbooks/CsNfsServerDown" in Reader(page.html).links


def test_what_is_no_alert_has_no_page() -> None:
    """The web server answers 404."""
    assert None is Runbooks().page("CsNothing", NOBODY, site())
