"""Runbooks as pages: whoever was woken by an alert follows its link here, from the exporter that saw the symptom.

Every exporter serves those of its own version, with the limits that its own configuration has put in force.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from html import escape

from cs_exporter.config.sections import GlobalSection
from cs_exporter.matrix.rendering import of_inventory
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.runbooks import INTRODUCTION, Link, Runbook, Section, pages
from cs_exporter.matrix.whole import Matrix
from cs_exporter.model import Inventory
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Cause, Severity
from cs_exporter.web import words
from cs_exporter.web.frame import Page, Site
from cs_exporter.web.marks import badge, command_html
from cs_exporter.web.picture import State

BASE_INTERVAL = GlobalSection().interval
"""Seconds; an interval that is no multiple of it is rounded up, in the texts of runbooks only."""

_ALERT = re.compile(r"\bCs[A-Z]\w*")

_INTRODUCED = "".join(
    re.sub("`([^`]+)`", r"<code>\1</code>", f"<p>{escape(paragraph)}</p>") for paragraph in INTRODUCTION.split("\n\n")
)

_SEVERITIES = {Severity.CRITICAL: State.CRITICAL, Severity.WARNING: State.WARNING, Severity.INFO: State.INFO}


class Runbooks:
    """All runbooks; worked out anew when there is another inventory."""

    def __init__(self) -> None:
        self._of: Inventory | None = None
        self._rows: Mapping[str, Row] = {}
        self._books: Mapping[str, Runbook] = {}

    def index(self, inventory: Inventory, site: Site) -> Page:
        """The list of all, by cause."""
        rows = self._known(inventory).values()
        parts = "".join(_of_cause(cause, [row for row in rows if row.cause is cause], site) for cause in Cause)
        lead = "What every alert means, where to look, and how to mend it; with the limits in force here."
        content = f'<div class="top"><h1>Runbooks</h1></div>\n<p>{lead}</p>\n{_INTRODUCED}\n{parts}'
        return site.page("Runbooks · cs_exporter", content, here="/runbooks/")

    def page(self, name: str, inventory: Inventory, site: Site) -> Page | None:
        """The page of one alert; None where there is no such alert."""
        row = self._known(inventory).get(name)
        return None if row is None else _page(row, self._books[name], self._rows.keys(), site)

    def _known(self, inventory: Inventory) -> Mapping[str, Row]:
        if inventory is not self._of:
            rendering = of_inventory(inventory, PROBES, DERIVED, BASE_INTERVAL)
            matrix = Matrix(rendering)
            self._rows, self._books = {row.name: row for row in matrix.rows}, pages(matrix)
            self._of = inventory
        return self._rows


def _of_cause(cause: Cause, rows: Iterable[Row], site: Site) -> str:
    items = "".join(
        f'<li>{badge(_SEVERITIES[row.severity])} <a href="{site.runbook(row.name)}">{escape(row.name)}</a> '
        f"{escape(row.sees)}</li>"
        for row in sorted(rows, key=lambda row: (_SEVERITIES[row.severity], row.name))
    )
    return f'<section class="prose"><h2>{words.CAUSES[cause]}</h2><ul>{items}</ul></section>' if items else ""


def _page(row: Row, book: Runbook, names: Collection[str], site: Site) -> Page:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in book.facts)
    holds = f'<a href="{site.link("/", symptom=row.name)}">hosts where it is seen now</a>' if row.symptom else ""
    content = (
        f'<p class="top"><a href="{site.link("/runbooks/")}">All runbooks</a> {holds}</p>\n'
        f'<article class="prose"><h1>{escape(book.title)}</h1>\n'
        f"<p>{badge(_SEVERITIES[row.severity])} {escape(book.lead)}</p>"
        f'<dl class="facts">{facts}</dl>\n{"".join(_section(part, names, site) for part in book.sections)}</article>'
    )
    return site.page(f"{row.name} · cs_exporter", content, here="")


def _section(part: Section, names: Collection[str], site: Site) -> str:
    text = "".join(f"<p>{_text(paragraph, names, site)}</p>" for paragraph in part.text)
    typed = "".join(map(command_html, part.commands))
    code = f"<pre>{escape(part.code)}</pre>" if part.code else ""
    links = [link for link in part.links if link.runbook]
    listed = "".join(f"<li>{_link(link, site)}</li>" for link in links)
    inside = f"{text}{typed}{code}{f'<ul>{listed}</ul>' if listed else ''}"
    # Dashboards live in Grafana, whose address nobody has told us.
    return f"<section><h2>{escape(part.title)}</h2>{inside}</section>" if inside else ""


def _text(paragraph: str, names: Collection[str], site: Site) -> str:
    """As HTML; an alert that is mentioned is a link to its own runbook."""

    def linked(found: re.Match[str]) -> str:
        name = found[0]
        return f'<a href="{site.runbook(name)}">{name}</a>' if name in names else name

    return _ALERT.sub(linked, escape(paragraph))


def _link(link: Link, site: Site) -> str:
    return f'<a href="{site.runbook(link.runbook)}">{escape(link.text)}</a>'
