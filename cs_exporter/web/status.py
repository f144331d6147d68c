"""The status page: how many hosts are in which state, and hosts and their causes, worst first, in colour and in words.

Everything on it comes from one picture, and everything a reader wished from the address: see `wanted`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from cs_exporter.spec import Cause
from cs_exporter.web import words
from cs_exporter.web.about import about
from cs_exporter.web.filters import form
from cs_exporter.web.frame import Page, Site
from cs_exporter.web.marks import badge, mark, symptom_text
from cs_exporter.web.picture import CAUSES, Cell, HostView, Picture, State, state_of, told
from cs_exporter.web.wanted import ROWS, Wanted
from cs_exporter.web.watch import Seen

SPREAD = 8
"""Symptoms that are listed with the number of hosts that have them."""
DETAILS = 12
"""Symptoms of one host that unfold in the table; all of them are on its own page."""

_TILES = (State.CRITICAL, State.WARNING, State.BLIND, State.PENDING, State.MAINTENANCE, State.OK)
_RARE = (State.INFO, State.UNKNOWN)
_TOLD = {State.CRITICAL, State.WARNING, State.BLIND, State.PENDING}


def status_page(picture: Picture, wanted: Wanted, site: Site) -> Page:
    """The page of a moment, for what is wanted of it."""
    chosen = wanted.chosen(picture)
    wanted = wanted.on_page(min(wanted.page, _pages(chosen))) if not wanted.all_rows else wanted
    counts = picture.counts()
    content = (
        f'<div class="top"><h1>Status</h1><p id="asof" data-live>{_as_of(picture)}</p></div>\n'
        f'<div id="overview" data-live>{_banners(picture)}{_tiles(picture, wanted, site)}'
        f"{_spread(picture, site)}</div>\n"
        f"{form(picture, wanted, site)}\n"
        f'<p id="said" role="status" aria-live="polite">{escape(_said(picture, chosen))}</p>\n'
        f'<div id="hosts" data-live>{_table(picture, wanted, chosen, site)}</div>\n'
        f"{about(site)}"
    )
    critical, worst = counts[State.CRITICAL], min(_TOLD & counts.keys(), default=State.OK)
    title = f"{critical} critical · cs_exporter" if critical else "Status · cs_exporter"
    return site.page(title, content, here="/", worst=worst)


def _pages(chosen: Sequence[HostView]) -> int:
    return max(1, -(-len(chosen) // ROWS))


def _as_of(picture: Picture) -> str:
    return f'as of <time datetime="{words.stamp(picture.wall)}">{words.moment(picture.wall)} UTC</time>'


def _banners(picture: Picture) -> str:
    troubles = []
    if not picture.swept:
        troubles.append("The first sweep is still under way: not every host has been asked yet.")
    if not picture.reloaded:
        troubles.append("The configuration could not be taken in at the last reload; the one before it is in force.")
    lines = [f'<p class="banner">{escape(text)}</p>' for text in troubles]
    lines += [
        f'<p class="banner">{badge(state_of(one, picture.wall))} {symptom_text(one, picture.wall)}</p>'
        for one in picture.fleet
    ]
    return "".join(lines)


def _tiles(picture: Picture, wanted: Wanted, site: Site) -> str:
    counts = picture.counts()
    shown = [*_TILES, *(state for state in _RARE if counts[state])]
    items = [_tile(words.STATES[state], counts[state], state, wanted, site) for state in shown]
    items.append(_tile("all hosts", len(picture.hosts), None, wanted, site))
    return f'<ul class="tiles" aria-label="Hosts by state">{"".join(items)}</ul>'


def _tile(what: str, number: int, state: State | None, wanted: Wanted, site: Site) -> str:
    name = state.word if state is not None else ""
    link = site.link("/", state=name) if name else site.link("/")
    here = ' aria-current="true"' if wanted.state == name else ""
    kind = f"{name} some" if number and name else name
    return f'<li><a class="{kind}" href="{link}" data-key="tile:{name}"{here}><b>{number}</b> {what}</a></li>'


def _spread(picture: Picture, site: Site) -> str:
    """The symptoms that most hosts have: one cause behind many hosts is seen here and not in a table."""
    found: Counter[tuple[State, str]] = Counter()
    for view in picture.hosts:
        if view.state is not State.MAINTENANCE:
            seen = told(view.seen, picture.wall)
            found.update({(state_of(one, picture.wall), one.held.symptom.name) for one in seen})
    common = sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))[:SPREAD]
    if not common:
        return ""
    items = "".join(
        f'<li><a class="{state.word}" href="{site.link("/", symptom=name)}" data-key="spread:{state.word}:{name}">'
        f"{escape(words.spelt(name))}</a> {words.STATES[state]} on {number} {_hosts(number)}</li>"
        for (state, name), number in common
    )
    return f'<ul class="spread" aria-label="What is wrong, by symptom">{items}</ul>'


def _hosts(number: int) -> str:
    return "host" if number == 1 else "hosts"


def _said(picture: Picture, chosen: Sequence[HostView]) -> str:
    counts = picture.counts()
    shown = (*_TILES[:4], State.UNKNOWN)  # of what is not known nobody may say that it is fine
    bad = ", ".join(f"{counts[state]} {words.STATES[state]}" for state in shown if counts[state])
    return f"{len(chosen)} of {len(picture.hosts)} hosts; {bad or 'nothing is wrong'}."


def _table(picture: Picture, wanted: Wanted, chosen: Sequence[HostView], site: Site) -> str:
    if not picture.hosts:
        return "<p>There are no hosts: the configuration names none that is to be asked.</p>"
    if not chosen:
        return f'<p>No host is like that. <a href="{site.link("/")}">Show all hosts</a></p>'
    shown = wanted.shown(chosen)
    columns = [cause for cause in CAUSES if any(view.cells[cause].state is not State.UNKNOWN for view in shown)]
    heads = "".join(f'<th scope="col">{words.CAUSES[cause]}</th>' for cause in columns)
    rows = "\n".join(_row(view, columns, picture.wall, site) for view in shown)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Hosts and causes, worst first" data-key="table">'
        '<table class="hosts stacked"><caption>Hosts, worst first</caption><thead><tr><th scope="col">host</th>'
        '<th scope="col">what is wrong</th><th scope="col">time left</th>'
        f"{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>{_paging(wanted, chosen, site)}"
    )


def _paging(wanted: Wanted, chosen: Sequence[HostView], site: Site) -> str:
    pages = _pages(chosen)
    if pages == 1 or wanted.all_rows:
        return ""
    first, last = (wanted.page - 1) * ROWS + 1, min(wanted.page * ROWS, len(chosen))
    base = site.link("/")
    links = [
        f'<a href="{base}{escape(wanted.on_page(page).query())}" data-key="page:{name}">{name}</a>'
        for name, page in (("previous", wanted.page - 1), ("next", wanted.page + 1))
        if 1 <= page <= pages
    ]
    every = Wanted(wanted.text, wanted.zone, wanted.symptom, wanted.state, all_rows=True).query()
    links.append(f'<a href="{base}{escape(every)}" data-key="page:all">show all</a>')
    return f'<nav class="paging" aria-label="More hosts">{first} to {last} of {len(chosen)} {" ".join(links)}</nav>'


def _row(view: HostView, columns: Sequence[Cause], wall: float, site: Site) -> str:
    name = escape(view.name)
    place = escape(_place(view))
    cells = "".join(_cell(view, cause) for cause in columns)
    time = escape(words.left(view.left)) if view.left and view.state is not State.MAINTENANCE else ""
    return (
        f'<tr class="{view.state.word}"><th scope="row"><a href="{site.host(view.name)}" data-key="host:{name}">{name}'
        f"</a> <small>{place}</small></th><td>{_reason(view, wall, site)}</td>"
        f'<td class="left">{time}</td>{cells}</tr>'
    )


def _place(view: HostView) -> str:
    if view.host is None:
        return "not in the inventory"
    place = view.host.place
    roles = ", ".join(sorted(role.value.replace("_", " ") for role in view.host.roles))
    return " · ".join(filter(None, (place.cloud_cluster or place.cloud_pod or place.cloud_zone, roles)))


def _reason(view: HostView, wall: float, site: Site) -> str:
    """What is wrong with it, in a sentence; what else is, behind it."""
    seen = told(view.seen, wall)
    lead, others = badge(view.state), seen
    if view.blind:
        detail = escape(view.blind[0].failure.detail)
        blind = escape(words.unanswered(view.blind, view.asked))
    if view.state is State.BLIND:
        lead += f" <b>{blind}</b> <small>{detail}</small>"
    elif seen and view.state is not State.MAINTENANCE:
        lead += f" {symptom_text(seen[0], wall)} {mark(site, seen[0], view.name)}"
        others = seen[1:]
    if view.blind and view.state is not State.BLIND:
        lead += f" <small>can&#39;t ask {blind}</small>"
    return lead + _others(view, others, wall, site)


def _others(view: HostView, others: Sequence[Seen], wall: float, site: Site) -> str:
    if not others:
        return ""
    items = "".join(
        f"<li>{badge(state_of(one, wall))} {symptom_text(one, wall)} {mark(site, one, view.name)}</li>"
        for one in others[:DETAILS]
    )
    key, number = escape(view.name), len(others)
    more = f"and {number} more"
    if view.state in {State.BLIND, State.MAINTENANCE}:
        more = f"{number} {'symptom' if number == 1 else 'symptoms'}"
    return f'<details data-key="more:{key}"><summary data-key="open:{key}">{more}</summary><ul>{items}</ul></details>'


def _cell(view: HostView, cause: Cause) -> str:
    cell = view.cells[cause]
    kind = "muted" if view.state is State.MAINTENANCE and cell.seen else cell.state.word
    silent = ' aria-label="not known"' if cell.state is State.UNKNOWN else ""
    return f'<td class="cell {kind}" data-cause="{words.CAUSES[cause]}"{silent}>{_cell_words(cell)}</td>'


def _cell_words(cell: Cell) -> str:
    if cell.seen is not None:
        more = f" +{cell.more}" if cell.more else ""
        state = f"<b>{words.STATES[cell.state]}</b> "
        return f"{state}{escape(words.spelt(cell.seen.held.symptom.name))}{more}"
    if cell.blind is not None:
        return f"<b>{words.STATES[State.BLIND]}</b> {escape(cell.blind.failure.reason.value.replace('_', ' '))}"
    return "ok" if cell.state is State.OK else "&ndash;"
