"""The page of one host: what is wrong with it and what to do about it, what was asked, and what came of it lately.

It is where an operator ends who was paged for one machine: from here to the history, to a run by hand, to runbooks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from cs_exporter.board import Entry
from cs_exporter.history import Past, Stretch
from cs_exporter.matrix.runbooks import CAPITALS, command
from cs_exporter.spec import AnySpec
from cs_exporter.web import words
from cs_exporter.web.blanks import are_left, filled
from cs_exporter.web.frame import Page, Site
from cs_exporter.web.marks import badge, command_html, mark, symptom_case, symptom_name, symptom_text
from cs_exporter.web.picture import HostView, Left, Picture, State, end, state_of, told
from cs_exporter.web.watch import Seen

STRETCHES = 8
"""Stretches of outcomes per probe; all that are remembered are in /history."""

CASES = 4
"""Cases of one symptom that are listed; the others unfold."""

WHERE = "On this host, unless another one is named."
"""Where to type a command."""

Asked = Sequence[tuple[AnySpec, Entry, Past]]
"""The probes that the host is asked, with what is known and what is remembered of each."""


def host_page(picture: Picture, view: HostView, asked: Asked, site: Site) -> Page:
    """The page of a host."""
    name = escape(view.name)
    content = (
        f'<p class="top"><a href="{site.link("/")}">All hosts</a></p>\n'
        f'<div class="top"><h1>{name}</h1><p id="asof" data-live>as of '
        f'<time datetime="{words.stamp(picture.wall)}">{words.moment(picture.wall)} UTC</time></p></div>\n'
        f'<p id="said" role="status" aria-live="polite">{escape(_said(view))}</p>\n'
        f'<div id="host" data-live>{_facts(view, picture.countdowns)}\n<section aria-labelledby="wrong"><h2 id="wrong">'
        f"What is wrong</h2>{_wrong(view, picture.wall, site)}</section>\n"
        f'<section aria-labelledby="asked"><h2 id="asked">What is asked</h2>{_asked(view, asked, site)}</section></div>'
    )
    return site.page(f"{view.name} · cs_exporter", content, here="", worst=view.state)


def _said(view: HostView) -> str:
    if view.state is State.BLIND:
        return f"can't ask: {words.unanswered(view.blind, view.asked)}"
    names = ", ".join(dict.fromkeys(words.spelt(one.held.symptom.name) for one in view.seen))
    return f"{words.STATES[view.state]}{': ' if names else ''}{names}"


def _facts(view: HostView, countdowns: Mapping[str, Mapping[str, float]]) -> str:
    facts = {"state": badge(view.state)}
    if view.left:
        facts["time left"] = f"<b>{escape(words.left(view.left))}</b>"
    elif times := _times(view, countdowns):
        facts["time left"] = f"{escape('; '.join(map(words.left, times)))}, if no more is heard"
    if view.host is not None:
        place = view.host.place
        plain = {
            "address": view.host.address,
            "roles": ", ".join(sorted(role.value.replace("_", " ") for role in view.host.roles)),
            "platform": view.host.platform,
            "zone": place.cloud_zone,
            "pod": place.cloud_pod,
            "cluster": place.cloud_cluster,
            "hypervisor": place.hypervisor,
        }
        facts |= {name: escape(value) for name, value in plain.items() if value}
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in facts.items())
    return f'<dl class="facts">{pairs}</dl>'


def _times(view: HostView, countdowns: Mapping[str, Mapping[str, float]]) -> list[Left]:
    """What is left although nothing is wrong with it."""
    return [Left(of[view.name], end(until, view.host)) for until, of in countdowns.items() if view.name in of]


def _wrong(view: HostView, wall: float, site: Site) -> str:
    if not view.seen:
        known = ", as of the latest answers"
        if view.blind:
            known = f", but it can't be asked: {words.unanswered(view.blind, view.asked)}"
        return f"<p>No symptom is seen{escape(known)}.</p>"
    note = "<p>The host is in maintenance: none of this pages anybody.</p>" if view.state is State.MAINTENANCE else ""
    alike: dict[str, list[Seen]] = {}
    for one in told(view.seen, wall):
        alike.setdefault(one.held.symptom.name, []).append(one)
    return note + "".join(_symptom(cases, wall, view.name, site) for cases in alike.values())


def _symptom(cases: Sequence[Seen], wall: float, host: str, site: Site) -> str:
    """What a symptom is about, once; its commands are filled in for each case that is listed."""
    seen = cases[0]
    symptom = seen.held.symptom
    key = escape(symptom.name)
    known = [{**one.held.labels, "host": host} for one in cases[:CASES]]
    typed = dict.fromkeys(filled(command(text), labels) for text in symptom.look for labels in known)
    commands = "".join(map(command_html, typed))
    where = f"{WHERE} {CAPITALS}" if are_left(typed) else WHERE
    lead = symptom_text(seen, wall) if len(cases) == 1 else symptom_name(seen)
    return (
        f'<article class="symptom"><p>{badge(state_of(seen, wall))} {lead}</p>{_cases(cases, wall, key)}'
        f'<details data-key="what:{key}"><summary data-key="open:{key}">what it means, where to look, how to mend it'
        f"</summary><p>{escape(symptom.means)}</p><p>{escape(where)}</p>{commands}<p>{escape(symptom.fix)}</p>"
        f"<p>{mark(site, seen, host)}</p></details></article>"
    )


def _cases(cases: Sequence[Seen], wall: float, key: str) -> str:
    """Where it is seen: a port that twenty machines can't reach is one trouble of one host."""
    if len(cases) == 1:
        return ""
    mixed = len({state_of(one, wall) for one in cases}) > 1
    badges = [f"{badge(state_of(one, wall))} " if mixed else "" for one in cases]
    items = [f"<li>{state}{symptom_case(one, wall)}</li>" for state, one in zip(badges, cases, strict=True)]
    more = items[CASES:]
    listed = f"<ul>{''.join(items[:CASES])}</ul>"
    if not more:
        return listed
    return (
        f'{listed}<details data-key="cases:{key}"><summary data-key="show:{key}">and {len(more)} more</summary>'
        f"<ul>{''.join(more)}</ul></details>"
    )


def _asked(view: HostView, asked: Asked, site: Site) -> str:
    if not asked:
        return "<p>Nothing has been asked yet, or nothing is asked of it.</p>"
    rows = "\n".join(_probe(view.name, *one, site) for one in asked)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Probes" data-key="table"><table class="stacked">'
        '<caption>Probes and their last outcomes</caption><thead><tr><th scope="col">probe</th>'
        '<th scope="col">latest run</th><th scope="col">when</th><th scope="col">before</th>'
        f'<th scope="col">more</th></tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'
    )


def _probe(host: str, sheet: AnySpec, entry: Entry, past: Past, site: Site) -> str:
    latest, name = entry.latest, escape(sheet.name)
    history, run = site.link("/history", host=host, probe=sheet.name), site.link("/probe", host=host, probe=sheet.name)
    return (
        f'<tr><th scope="row">{name} <small>{escape(sheet.question)}</small></th><td>{_outcome(entry)}</td>'
        f"<td>{words.moment(latest.started)} UTC <small>took {latest.duration:.2f} s, every {entry.interval:g} s"
        f"</small></td><td>{_before(name, past)}</td>"
        f'<td><a href="{history}" data-key="history:{name}" aria-label="history of {name}">history</a> '
        f'<a href="{run}" data-key="run:{name}" aria-label="run {name} now">run now</a></td></tr>'
    )


def _outcome(entry: Entry) -> str:
    if entry.failure is not None:
        reason = escape(entry.failure.reason.value.replace("_", " "))
        return f"{badge(State.BLIND)} {reason} <small>{escape(entry.failure.detail)}</small>"
    return "answered" if entry.supported else '<span class="none">does not apply</span>'


def _before(probe: str, past: Past) -> str:
    if len(past.latest) < 2:  # noqa: PLR2004  # one stretch: the latest run says it all
        return "the same" if past.latest and past.latest[0].count > 1 else ""
    items = "".join(f"<li>{_stretch(one)}</li>" for one in past.latest[:STRETCHES])
    return (
        f'<details data-key="before:{probe}"><summary data-key="see:{probe}">{len(past.latest)} changes</summary>'
        f"<ol>{items}</ol></details>"
    )


def _stretch(stretch: Stretch) -> str:
    what = stretch.reason.value.replace("_", " ") if stretch.reason else stretch.state.value
    times = f"{stretch.count} {'run' if stretch.count == 1 else 'runs'}, last {words.stamp(stretch.last)}"
    detail = f" <small>{escape(stretch.detail)}</small>" if stretch.detail else ""
    return f"<b>{escape(what)}</b> {times}{detail}"
