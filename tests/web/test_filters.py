"""The form offers what there is, and keeps what was chosen."""

from __future__ import annotations

import re

from cs_exporter.web.filters import form
from cs_exporter.web.wanted import Wanted
from tests.web.clouds import troubled
from tests.web.planted import picture_of
from tests.web.reading import Reader, site

PICTURE = picture_of(troubled())


def options(html: str, name: str) -> list[str]:
    """The texts of one select."""
    (inside,) = re.findall(f'<select id="{name}".*?</select>', html)
    return re.findall(r"<option[^>]*>([^<]*)<", inside)


def test_there_is_only_what_would_find_something() -> None:
    """With how many hosts it would find."""
    html = form(PICTURE, Wanted(), site())
    assert ["any zone", "ams1 (27)", "fra1 (16)"] == options(html, "zone")
    assert "can&#x27;t ask (2)" in options(html, "state")
    assert "NFS mount hung, critical (2)" in options(html, "symptom")


def test_every_field_has_a_label_and_is_sent_by_get() -> None:
    """To the page itself, wherever that stands."""
    html = form(PICTURE, Wanted(), site("https://mon.example.org/cs"))
    assert set(re.findall(r'<label for="(\w+)"', html)) == set(re.findall(r' name="(\w+)"', html))
    assert 'method="get" action="/cs/"' in html
    assert [] == Reader(html).open
