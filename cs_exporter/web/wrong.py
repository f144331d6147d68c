"""What is wrong now: the symptoms that hold, worst first, for the landing page.

A page that shows only which runs fail is green while the cloud burns: a bad answer is an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cs_exporter.board import Snapshot
from cs_exporter.spec import Severity
from cs_exporter.symptoms import Holding

SHOWN = 100
_WORST = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def worst_first(held: Sequence[Holding], snapshot: Snapshot) -> list[Holding]:
    """The symptoms that matter, critical ones first, then by host; hosts in maintenance are left out."""
    muted = {host.name for host in snapshot.hosts() if host.maintenance}
    rows = [one for one in held if one.host not in muted]
    return sorted(rows, key=lambda one: (_WORST[one.symptom.severity], one.host, one.symptom.name))


def count(rows: Sequence[Holding], severity: Severity) -> int:
    """How many of them have that severity."""
    return sum(one.symptom.severity is severity for one in rows)


def section(rows: Sequence[Holding]) -> str:
    """The table as HTML; one line where nothing is wrong."""
    if not rows:
        return '<p class="note">No symptom holds, as of the latest answers.</p>'
    body = "\n".join(map(_row, rows[:SHOWN]))
    more = f'<p class="note">and {len(rows) - SHOWN} more</p>' if len(rows) > SHOWN else ""
    return (
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="wrong"><table>'
        f'<thead><tr><th scope="col">host</th><th scope="col">symptom</th></tr></thead>\n<tbody>\n{body}\n'
        f"</tbody></table></div>{more}"
    )


def _row(held: Holding) -> str:
    symptom = held.symptom
    labels = " ".join(f"{key}={value}" for key, value in held.labels.items())
    value = "" if symptom.unit == "boolean" else f" ({held.value:.4g} {symptom.unit}, limit {held.limit:.4g})"
    kind = "failing" if symptom.severity is Severity.CRITICAL else "told"
    return (
        f'<tr><th scope="row">{escape(held.host)}</th><td class="{kind} text"><b>{symptom.severity.value}</b> '
        f"{escape(symptom.name)}: {escape(symptom.sees)}{escape(value)} <small>{escape(labels)}</small></td></tr>"
    )
