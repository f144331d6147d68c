"""Small pieces that several pages show alike, escaped."""

from __future__ import annotations

from cs_exporter.matrix.runbooks import Command
from cs_exporter.web.marks import badge, command_html, mark, symptom_text
from cs_exporter.web.picture import State
from tests.web.reading import Reader, site
from tests.web.test_words import NEAR, seen


def test_a_badge_is_a_word() -> None:
    """With the state as its class, which the style colours."""
    assert '<b class="badge blind">can\'t ask</b>' == badge(State.BLIND)


def test_a_symptom_is_a_sentence() -> None:
    """Name, what is seen, how much, where, how long."""
    told = symptom_text(seen(NEAR), 42.0)
    assert (
        "<b>Near</b> It is near. "
        "<small>1.23 metres, limit 2 metres, peer &lt;x&gt;, for 42 s, alert after 1 min</small>" == told
    )


def test_a_link_to_a_runbook_says_which() -> None:
    """Read aloud, ten links that all say "runbook" would be no help."""
    link = mark(site("https://mon.example.org/cs"), seen(NEAR), "a")
    assert ["/cs/runbooks/CsNear"] == Reader(link).links
    assert 'aria-label="runbook: Near"' in link


def test_a_command_is_as_one_types_it() -> None:
    """Where to type it stands apart."""
    assert "<div><small>on the host</small><pre>a &lt; b</pre></div>" == command_html(Command("a < b", "on the host"))
    assert "<div><pre>a</pre></div>" == command_html(Command("a"))
