"""Filters, search and pages of the table, as they stand in the address."""

from __future__ import annotations

import pytest

from cs_exporter.web.wanted import ROWS, Wanted, wanted
from tests.web.clouds import large, troubled
from tests.web.planted import picture_of

PICTURE = picture_of(troubled())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "kvm-ams1-009"}, {"kvm-ams1-009"}),
        ({"q": "192.0.2.241"}, {"db1"}),
        ({"q": "fra1-c1 004"}, {"kvm-fra1-004"}),
        ({"q": "DATABASE"}, {"db1"}),
        ({"q": "nfsmounthung 010"}, {"kvm-ams1-010"}),
        ({"symptom": "CsNfsMountHung"}, {"kvm-ams1-009", "kvm-ams1-010"}),
        ({"q": "can't ask fra1"}, {"kvm-fra1-011"}),
        ({"q": "can\u2019t ask fra1"}, {"kvm-fra1-011"}),
        ({"q": "fine database"}, set()),
        ({"q": "fine management"}, {"ms1"}),
        ({"state": "blind"}, {"kvm-fra1-011", "kvm-ams1-013"}),
        ({"state": "blind", "zone": "fra1"}, {"kvm-fra1-011"}),
        ({"state": "blind", "zone": "nowhere"}, set()),
    ],
)
def test_what_is_wanted_is_found(query: dict[str, str], expected: set[str]) -> None:
    """All wishes together, all words of the search together, however they are written: the page's own words, too."""
    assert expected == {view.name for view in wanted(query).chosen(PICTURE)}


def test_no_wish_is_every_host() -> None:
    """Empty fields of the form are no wishes, and nonsense is none either."""
    for query in ({}, {"q": " ", "zone": "", "state": "", "symptom": ""}, {"state": "purple"}):
        assert PICTURE.hosts == tuple(wanted(query).chosen(PICTURE))


@pytest.mark.parametrize("page", ["0", "-1", "x", "\u0663", ""])
def test_a_page_that_is_none_is_the_first(page: str) -> None:
    """The address is anybody's to write."""
    assert 1 == wanted({"page": page}).page


def test_the_table_has_pages() -> None:
    """Every host stands on exactly one of them; all rows are on one when that is wanted."""
    picture = picture_of(large(250))
    chosen = Wanted().chosen(picture)
    pages = [Wanted(page=page).shown(chosen) for page in (1, 2, 3, 4)]
    assert [ROWS, ROWS, len(chosen) - 2 * ROWS, 0] == [len(page) for page in pages]
    assert list(chosen) == [view for page in pages for view in page]
    assert chosen == wanted({"rows": "all", "page": "2"}).shown(chosen)


def test_an_address_says_what_is_wanted() -> None:
    """And reads back the same."""
    wish = Wanted("a & b", "ams1", "CsNear", "critical", 3)
    assert "?q=a+%26+b&zone=ams1&symptom=CsNear&state=critical&page=3" == wish.query()
    assert "" == Wanted().query()
    assert "?rows=all" == Wanted(all_rows=True).query()
    assert (1, "?zone=ams1") == (Wanted(zone="ams1", page=7).on_page(1).page, Wanted(zone="ams1").query())
