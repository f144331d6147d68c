"""The frame of every page: the policy lets in exactly this style and script, and links follow the external URL."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

from cs_exporter.web.frame import SCRIPT, STYLE, Page
from cs_exporter.web.picture import State
from tests.web.reading import Reader, site


def page(external_url: str = "", worst: State = State.OK) -> Page:
    """A small page."""
    return site(external_url).page("<title> & co", "<p>content</p>", here="/", worst=worst)


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    """The hashes in the header are of exactly what stands in the page."""
    shown = page()
    policy = dict(part.split(" ", 1) for part in shown.headers["Content-Security-Policy"].split("; "))
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", shown.html, re.DOTALL)
        assert f"'sha256-{b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'" == policy[directive]
    assert ("'none'", "'self'", "'self'") == (policy["default-src"], policy["connect-src"], policy["form-action"])
    assert not re.search(r"\s(style|on\w+)=", shown.html)


def test_nothing_of_it_ends_early() -> None:
    """A style or script that contains its own end would spill onto the page."""
    assert "</" not in STYLE
    assert "</" not in SCRIPT


def test_a_title_is_text() -> None:
    """And the page is well-formed."""
    shown = page()
    assert "<title>&lt;title&gt; &amp; co</title>" in shown.html
    assert [] == Reader(shown.html).open


def test_links_follow_the_external_url() -> None:
    """The page works behind a proxy that adds a path."""
    links = [link for link in Reader(page("https://mon.example.org/cs/").html).links if link[:1] == "/"]
    assert ["/cs/", "/cs/runbooks/", "/cs/metrics", "/cs/status.json"] == links
    assert "/cs/?host=a%26b" == site("https://mon.example.org/cs/").host("a&b")
    assert "/runbooks/a%2Fb" == site().runbook("a/b")


def test_the_icon_has_the_colour_of_the_worst() -> None:
    """A tab in the background tells, too."""
    icons = {
        re.findall(r'rel="icon" href="([^"]*)"', page(worst=state).html)[0] for state in (State.OK, State.CRITICAL)
    }
    assert 2 == len(icons)
    assert all(icon.startswith("data:image/svg+xml,") for icon in icons)
