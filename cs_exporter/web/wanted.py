"""What a reader wants to see of the picture: filters, search and the page of the table, as they stand in the address.

The address is all there is: it can be kept, sent to a colleague, and works without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cs_exporter.web import words
from cs_exporter.web.picture import HostView, Picture, State

ROWS = 100
"""Hosts on one page of the table."""
LONGEST = 200
"""Characters of a word in the address that are looked at."""
ALL = "all"

STATES = {state.word: state for state in State}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty where there is no wish. `text`: words that must all be found; `page` from 1; `all_rows`: on one page."""

    text: str = ""
    zone: str = ""
    symptom: str = ""
    state: str = ""
    page: int = 1
    all_rows: bool = False

    def matches(self, view: HostView) -> bool:
        """Whether that host is wanted."""
        if self.state and view.state.word != self.state:
            return False
        if self.zone and view.zone != self.zone:
            return False
        if self.symptom and all(one.held.symptom.name != self.symptom for one in view.seen):
            return False
        typed = self.text.lower().replace("\u2019", "'")  # telephones make it of an apostrophe
        return not typed or _has_all(view, typed.split())

    def chosen(self, picture: Picture) -> Sequence[HostView]:
        """All hosts that match, worst first."""
        return [view for view in picture.hosts if self.matches(view)]

    def shown(self, chosen: Sequence[HostView]) -> Sequence[HostView]:
        """Those of them that stand on this page of the table."""
        return chosen if self.all_rows else chosen[(self.page - 1) * ROWS : self.page * ROWS]

    def query(self) -> str:
        """As it stands in the address, "?" included; empty without wishes."""
        given = {"q": self.text, "zone": self.zone, "symptom": self.symptom, "state": self.state}
        given["rows"] = ALL if self.all_rows else ""
        given["page"] = str(self.page) if self.page > 1 and not self.all_rows else ""
        text = urlencode({key: value for key, value in given.items() if value})
        return f"?{text}" if text else ""

    def on_page(self, page: int) -> Wanted:
        """The same, on another page of the table."""
        return replace(self, page=page, all_rows=False)


def wanted(query: Mapping[str, str]) -> Wanted:
    """From an address; what can't be meant is no wish."""
    given = {key: query.get(key, "").strip()[:LONGEST] for key in ("q", "zone", "symptom", "state", "page", "rows")}
    page = int(given["page"]) if given["page"].isascii() and given["page"].isdigit() else 1
    state = given["state"] if given["state"] in STATES else ""
    return Wanted(given["q"], given["zone"], given["symptom"], state, max(1, page), given["rows"] == ALL)


def _has_all(view: HostView, asked: Sequence[str]) -> bool:
    parts = [view.name, view.state.word, words.STATES[view.state], *(one.held.symptom.name for one in view.seen)]
    if view.host is not None:
        place = view.host.place
        parts += [view.host.address, view.host.platform, place.cloud_zone, place.cloud_pod, place.cloud_cluster]
        parts += [role.value for role in view.host.roles]
    text = " ".join(parts).lower()
    return all(part in text for part in asked)
