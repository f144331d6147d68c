"""The landing page is honest, shows the worst hosts first, escapes everything, and loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from typing import ClassVar

from cs_exporter.board import Board
from cs_exporter.build import Build
from cs_exporter.model import Failure, Host, Inventory, Reason, Unsupported
from cs_exporter.web.landing import SHOWN_HOSTS, LandingPage, landing_page
from cs_exporter.web.options import web_options
from tests.exposition.stubs import NOW, Weights, board_of, outcome, sheet

PROBES = (sheet(), sheet("height", "cs_height"))
LATE = Failure(Reason.TIMEOUT, "no answer in 5 s")


def page_of(board: Board, external_url: str = "") -> LandingPage:
    """The page of a board."""
    return landing_page(
        board.snapshot(NOW), PROBES, Build("1.2.3", "", "3.11.2"), web_options(external_url=external_url)
    )


class Reader(HTMLParser):
    """Reads a page: the table's cells as text, all links, and whether every tag is closed."""

    VOID: ClassVar = {"meta", "link", "br", "img", "input"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """What began last ends first."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Text belongs to the cell it is in."""
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def test_the_worst_host_comes_first() -> None:
    """One row per host, one column per probe: what failed is said by its reason."""
    board = board_of(
        outcome(Weights()),
        outcome(Unsupported("none"), probe="height"),
        outcome(LATE, "kvm2"),
    )
    reader = Reader(page_of(board).html)
    assert [
        ["host", "weight", "height"],
        ["kvm2 (maintenance)", "timeout", "not asked"],
        ["kvm1", "answered", "unsupported"],
    ] == reader.rows
    assert [] == reader.open


def test_only_so_many_hosts_are_shown_and_the_page_says_so() -> None:
    """Ten thousand rows help nobody."""
    hosts = {f"kvm{number:04}": Host(f"kvm{number:04}", "192.0.2.1") for number in range(1000)}
    board = Board(Inventory(hosts))
    board.land(outcome(LATE, "kvm0777"), 30.0)
    page = page_of(board).html
    rows = Reader(page).rows
    assert (SHOWN_HOSTS + 1, "kvm0777", "kvm0000") == (len(rows), rows[1][0], rows[2][0])
    assert f"{SHOWN_HOSTS} of 1000 hosts, failing runs first." in page


def test_nothing_from_a_host_becomes_markup() -> None:
    """Names and details come from elsewhere."""
    name = "<script>alert('1')</script>&\""
    board = Board(Inventory({name: Host(name, "192.0.2.1")}))
    board.land(outcome(Failure(Reason.COMMAND, '"><img src=x onerror=alert(1)>'), name), 30.0)
    page = page_of(board).html
    assert [name, "command", "not asked"] == Reader(page).rows[1]
    assert "<script" not in page
    assert "<img" not in page


def test_links_follow_the_external_url_and_nothing_is_loaded_from_elsewhere() -> None:
    """The page works behind a proxy that adds a path, and on the day the network does not."""
    links = Reader(page_of(board_of(outcome(Weights())), "https://mon.example.org/cs/").html).links
    assert {"/cs"} == {link[:3] for link in links}
    assert {"/cs/metrics", "/cs/sd", "/cs/history?host=kvm1&probe=weight"} < set(links)


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    """The hash in the header is of exactly the style in the page."""
    page = page_of(board_of())
    (style,) = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    wanted = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{wanted}'; ")
    assert " style=" not in page.html


def test_facts_count_hosts_symptoms_and_failures() -> None:
    """And whether the first sweep is done."""
    board = board_of(outcome(LATE), outcome(LATE, probe="height"), outcome(Weights(), "kvm2"))
    facts = [
        f'<b class="{kind}">{value}</b>'
        for kind, value in (("", 2), ("ok", 0), ("ok", 0), ("failing", 2), ("waiting", "Not yet"))
    ]
    assert facts == re.findall(r'<b class="\w*">[^<]*</b>', page_of(board).html)
    board.health = replace(board.health, first_sweep_done=True)
    assert '<b class="ok">Yes</b>' in page_of(board).html


def test_an_empty_inventory_is_said_in_words() -> None:
    """No empty table."""
    page = page_of(Board(Inventory({}))).html
    assert "There are none" in page
    assert "<table" not in page


def test_it_says_honestly_that_it_asks_on_its_own_timer() -> None:
    """With the three reasons, and where freshness can be seen."""
    page = page_of(board_of()).html
    for told in ("never asks a host", "however many Prometheus replicas", "cs_probe_last_success_timestamp_seconds"):
        assert told in page
