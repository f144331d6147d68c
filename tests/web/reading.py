"""Reads a page as a browser would, as far as tests need it: cells as text, links, and whether every tag is closed.

Without a browser, so that what a page says can be tried in a millisecond.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import ClassVar

from cs_exporter.build import Build
from cs_exporter.web.frame import Site
from cs_exporter.web.options import web_options


class Reader(HTMLParser):
    """Fed at once; `rows` are those of all tables."""

    VOID: ClassVar = {"meta", "link", "br", "img", "input"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.keys: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        self.rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "action"):
                self.links.append(value or "")
            elif name == "id":
                self.ids.append(value or "")
            elif name == "data-key":
                self.keys.append(value or "")
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif self.rows and self.rows[-1] and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        """What began last ends first."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Text belongs to the cell it is in."""
        if {"style", "script"} & set(self.open):
            return
        self.text += f" {data}"
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def site(external_url: str = "") -> Site:
    """Where the pages of tests stand."""
    return Site(web_options(external_url=external_url), Build("1.2.3", "", "3.11.2"))
