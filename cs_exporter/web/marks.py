"""Small pieces of HTML that several pages show alike: a state's badge, a symptom in a sentence, a link to its runbook.

Whatever comes from hosts or from the configuration is escaped here, in one place.
"""

from __future__ import annotations

from html import escape

from cs_exporter.matrix.runbooks import Command
from cs_exporter.web import words
from cs_exporter.web.frame import Site
from cs_exporter.web.picture import State
from cs_exporter.web.watch import Seen


def badge(state: State) -> str:
    """The state as a word on its colour."""
    return f'<b class="badge {state.word}">{words.STATES[state]}</b>'


def symptom_text(seen: Seen, wall: float) -> str:
    """Its name as words, what is seen, how much, where, and for how long."""
    return f"{symptom_name(seen)} {symptom_case(seen, wall)}"


def symptom_name(seen: Seen) -> str:
    """Its name as words, and what is seen."""
    symptom = seen.held.symptom
    return f"<b>{escape(words.spelt(symptom.name))}</b> {escape(symptom.sees)}"


def symptom_case(seen: Seen, wall: float) -> str:
    """How much of it, where, and for how long."""
    small = ", ".join(filter(None, (words.amount(seen), words.labels(seen), words.lasting(seen, wall))))
    return f"<small>{escape(small)}</small>"


def command_html(command: Command) -> str:
    """A command to type, and where."""
    note = f"<small>{escape(command.note)}</small>" if command.note else ""
    return f"<div>{note}<pre>{escape(command.text)}</pre></div>"


def mark(site: Site, seen: Seen, host: str) -> str:
    """The link to what can be done about it; `host` only tells links of one page apart."""
    name = seen.held.symptom.name
    key = escape(" ".join((host, name, *seen.held.labels.values())))
    return (
        f'<a class="do" href="{site.runbook(name)}" data-key="do:{key}" '
        f'aria-label="runbook: {escape(words.spelt(name))}">runbook</a>'
    )
