"""The frame of every page for people: head, navigation, style, script and the policy that lets nothing else in.

All of it is in the one answer: a page must work on the day the network does not.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import NamedTuple
from urllib.parse import quote, urlencode

from cs_exporter.build import Build
from cs_exporter.web.options import WebOptions
from cs_exporter.web.picture import State

_FOLDER = files("cs_exporter.web")
_PAGE = Template(_FOLDER.joinpath("page.html").read_text("utf-8"))
STYLE = _FOLDER.joinpath("page.css").read_text("utf-8")
SCRIPT = _FOLDER.joinpath("page.js").read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; "
    "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%23{}'/%3E%3C/svg%3E"
)
_COLOURS = {State.CRITICAL: "b3261e", State.WARNING: "c77700", State.BLIND: "5b51b0", State.OK: "2e7d46"}


class Page(NamedTuple):
    """A page and the headers that go with it."""

    html: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Site:
    """What every page needs to know of where it stands; links begin with `prefix`."""

    options: WebOptions
    build: Build

    @property
    def prefix(self) -> str:
        """What a browser sees before every path."""
        return self.options.link_prefix

    @property
    def metrics(self) -> str:
        """Where the metrics are."""
        return self.prefix + self.options.telemetry_path

    def link(self, path: str, **query: str) -> str:
        """An address, escaped for an attribute."""
        return escape(f"{self.prefix}{path}?{urlencode(query)}" if query else f"{self.prefix}{path}")

    def host(self, name: str) -> str:
        """Where a host's own page is."""
        return self.link("/", host=name)

    def runbook(self, name: str) -> str:
        """Where a runbook is."""
        return self.link(f"/runbooks/{quote(name, safe='')}")

    def page(self, title: str, content: str, *, here: str, worst: State = State.OK) -> Page:
        """A whole page; `content` is HTML, `title` is not. `here`: the part of the navigation it belongs to."""
        html = _PAGE.substitute(
            title=escape(title),
            icon=_ICON.format(_COLOURS.get(worst, _COLOURS[State.OK])),
            style=STYLE,
            script=SCRIPT,
            navigation=self._navigation(here),
            content=content,
            build=escape(
                f"cs_exporter {self.build.version} {self.build.revision[:12]}".strip()
                + f", Python {self.build.python_version}"
            ),
        )
        return Page(html, HEADERS)

    def _navigation(self, here: str) -> str:
        places = (
            *(("Status", "/"), ("Runbooks", "/runbooks/")),
            *(("Metrics", self.options.telemetry_path), ("JSON", "/status.json")),
        )
        return "".join(
            f'<li><a href="{self.link(path)}"{" aria-current=page" if path == here else ""}>{name}</a></li>'
            for name, path in places
        )
