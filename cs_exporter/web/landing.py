"""The landing page: what this is, that it asks on its own timer and why, and which of its hosts can be asked.

One file without scripts, pictures or anything from elsewhere: it must work on the day the network does not.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import NamedTuple
from urllib.parse import urlencode

from cs_exporter.board import Entry, Snapshot
from cs_exporter.build import Build
from cs_exporter.model import Host
from cs_exporter.spec import AnyDerived, AnySpec, Severity
from cs_exporter.symptoms import Holding, holding
from cs_exporter.web import wrong
from cs_exporter.web.options import WebOptions

SHOWN_HOSTS = 50

_FOLDER = files("cs_exporter.web")
_STYLE = _FOLDER.joinpath("landing.css").read_text("utf-8")
_PAGE = Template(_FOLDER.joinpath("landing.html").read_text("utf-8"))
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}

_PAGES = (
    ("/probe?host=…&probe=…", "", "one run of one probe on one host, now, as metrics of its own"),
    ("/history?host=…&probe=…", "", "the last outcomes with time, duration, reason and detail (JSON)"),
    ("/sd", "/sd", "all hosts, for Prometheus' http_sd_config (JSON)"),
    ("/config", "/config", "the configuration in force, secrets hidden"),
    ("/-/healthy", "/-/healthy", "200 while the process is alive"),
    ("/-/ready", "/-/ready", "200 once every probe has run on every host, 503 before"),
    ("/-/reload", "", "POST: take in the configuration anew, as SIGHUP does"),
)

_Entries = Mapping[str, Mapping[str, Entry]]
"""Host -> probe -> what is known."""


class LandingPage(NamedTuple):
    """The page and the headers that go with it."""

    html: str
    headers: Mapping[str, str]


def landing_page(
    snapshot: Snapshot,
    probes: Sequence[AnySpec],
    build: Build,
    options: WebOptions,
    *,
    derived: Sequence[AnyDerived] = (),
    wall: float = 0.0,
) -> LandingPage:
    """The page of this moment; links begin with the options' prefix."""
    entries = _by_host(snapshot, {sheet.name for sheet in probes})
    metrics = options.link_prefix + options.telemetry_path
    rows = wrong.worst_first(holding(snapshot, (*probes, *derived), wall), snapshot)
    html = _PAGE.substitute(
        style=_STYLE,
        facts=_facts(snapshot, entries, rows),
        wrong=wrong.section(rows),
        hosts=_hosts(snapshot, probes, entries, options.link_prefix),
        metrics=escape(metrics),
        pages=_pages(metrics, options.link_prefix),
        build=escape(f"cs_exporter {build.version} {build.revision[:12]}".strip() + f", Python {build.python_version}"),
    )
    return LandingPage(html, HEADERS)


def _by_host(snapshot: Snapshot, probes: set[str]) -> _Entries:
    found: dict[str, dict[str, Entry]] = {}
    for entry in snapshot.entries:
        if entry.latest.probe in probes:
            found.setdefault(entry.latest.host, {})[entry.latest.probe] = entry
    return found


def _facts(snapshot: Snapshot, entries: _Entries, rows: Sequence[Holding]) -> str:
    failing = sum(entry.failure is not None for of_host in entries.values() for entry in of_host.values())
    sweep = ("Yes", "ok") if snapshot.health.first_sweep_done else ("Not yet", "waiting")
    facts = (
        (str(len(snapshot.inventory)), "", "hosts"),
        _fact(wrong.count(rows, Severity.CRITICAL), "critical symptoms"),
        _fact(wrong.count(rows, Severity.WARNING), "warnings"),
        _fact(failing, "runs failing now"),
        (*sweep, "first sweep done"),
    )
    return "\n".join(f'<li><b class="{kind}">{value}</b><span>{what}</span></li>' for value, kind, what in facts)


def _fact(number: int, what: str) -> tuple[str, str, str]:
    return str(number), "failing" if number else "ok", what


def _hosts(snapshot: Snapshot, probes: Sequence[AnySpec], entries: _Entries, prefix: str) -> str:
    if not len(snapshot.inventory):
        return "<p>There are none: the configuration names no host that is to be asked.</p>"

    def worst_first(host: Host) -> tuple[int, str]:
        return -sum(entry.failure is not None for entry in entries.get(host.name, {}).values()), host.name

    shown = heapq.nsmallest(SHOWN_HOSTS, snapshot.hosts(), key=worst_first)
    names = [sheet.name for sheet in probes]
    head = "".join(f'<th scope="col">{escape(name).replace("_", "_<wbr>")}</th>' for name in names)
    body = "\n".join(_row(host, names, entries.get(host.name, {}), prefix) for host in shown)
    return (
        f'<p class="note">{_note(snapshot)}</p>\n'
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="hosts"><table>'
        f'<thead><tr><th scope="col">host</th>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def _note(snapshot: Snapshot) -> str:
    number = len(snapshot.inventory)
    which = (
        f"{SHOWN_HOSTS} of {number} hosts, failing runs first."
        if number > SHOWN_HOSTS
        else "All hosts, failing runs first."
    )
    return f"{which} <em>answered</em> says that the probe found out, not that what it found is good."


def _row(host: Host, names: Sequence[str], entries: Mapping[str, Entry], prefix: str) -> str:
    cells = "".join(_cell(host.name, name, entries.get(name), prefix) for name in names)
    note = " <small>(maintenance)</small>" if host.maintenance else ""
    return f'<tr><th scope="row">{escape(host.name)}{note}</th>{cells}</tr>'


def _cell(host: str, probe: str, entry: Entry | None, prefix: str) -> str:
    if entry is None:
        return '<td class="none">not asked</td>'
    link = escape(f"{prefix}/history?{urlencode({'host': host, 'probe': probe})}")
    if not entry.supported:
        return f'<td class="unsupported"><a href="{link}">unsupported</a></td>'
    if entry.failure is not None:
        detail = escape(entry.failure.detail)
        return f'<td class="failing" title="{detail}"><a href="{link}">{entry.failure.reason.value}</a></td>'
    return f'<td class="answered"><a href="{link}">answered</a></td>'


def _pages(metrics: str, prefix: str) -> str:
    pages = [(metrics, metrics, "the metrics: text or OpenMetrics, by what the client asks for")]
    pages += [(prefix + shown, prefix + path if path else "", what) for shown, path, what in _PAGES]
    return "\n".join(f"<dt>{_linked(shown, path)}</dt><dd>{escape(what)}</dd>" for shown, path, what in pages)


def _linked(shown: str, path: str) -> str:
    code = f"<code>{escape(shown)}</code>"
    return f'<a href="{escape(path)}">{code}</a>' if path else code
