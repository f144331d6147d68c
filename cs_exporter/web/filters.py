"""The form above the table: search, zone, symptom and state, as a GET form that works without JavaScript.

It offers what there is to choose from at this moment, and always what is chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape

from cs_exporter.web import words
from cs_exporter.web.frame import Site
from cs_exporter.web.picture import Picture, State
from cs_exporter.web.wanted import Wanted

Option = tuple[str, str]
"""Value and text."""


def form(picture: Picture, wanted: Wanted, site: Site) -> str:
    """The form, filled in with what is wanted."""
    return (
        f'<form id="filter" class="filter" method="get" action="{site.link("/")}" role="search" '
        'aria-label="Filter hosts">'
        '<p><label for="q">search</label><input id="q" name="q" type="search" autocomplete="off" spellcheck="false" '
        f'placeholder="host, address, cluster, role" value="{escape(wanted.text)}"></p>'
        f"{_select('state', 'state', 'any state', _states(picture), wanted.state)}"
        f"{_select('symptom', 'symptom', 'any symptom', _symptoms(picture), wanted.symptom)}"
        f"{_select('zone', 'zone', 'any zone', _zones(picture), wanted.zone)}"
        f'<p class="buttons"><button>Show</button> <a href="{site.link("/")}">clear</a></p>'
        '<noscript><p class="note">Without JavaScript this page does not refresh itself.</p></noscript></form>'
    )


def _select(name: str, label: str, none: str, options: Iterable[Option], chosen: str) -> str:
    known = [("", none), *options]
    if chosen and chosen not in {value for value, _ in known}:
        known.append((chosen, f"{words.spelt(chosen) if name == 'symptom' else chosen} (0)"))
    items = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in known
    )
    return f'<p><label for="{name}">{label}</label><select id="{name}" name="{name}">{items}</select></p>'


def _states(picture: Picture) -> list[Option]:
    counts = picture.counts()
    return [(state.word, f"{words.STATES[state]} ({counts[state]})") for state in State if counts[state]]


def _symptoms(picture: Picture) -> list[Option]:
    counts: Counter[tuple[str, str]] = Counter()
    for view in picture.hosts:
        counts.update({(one.held.symptom.name, one.held.symptom.severity.value) for one in view.seen})
    return [
        (name, f"{words.spelt(name)}, {severity} ({number})") for (name, severity), number in sorted(counts.items())
    ]


def _zones(picture: Picture) -> list[Option]:
    counts = Counter(view.zone for view in picture.hosts if view.zone)
    return [(zone, f"{zone} ({number})") for zone, number in sorted(counts.items())]
