"""Runbooks: one page per row, for whoever was woken by it and has to know what to type next.

As data, so that the status page shows them as HTML and the committed pages are Markdown, without a second wording.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cs_exporter.matrix import containers
from cs_exporter.matrix.dashboards.files import panels_of
from cs_exporter.matrix.inhibitions import graph
from cs_exporter.matrix.markdown import HEAD, code, link, table
from cs_exporter.matrix.rows import OWN, Row
from cs_exporter.matrix.usage import names_in
from cs_exporter.matrix.whole import Matrix
from cs_exporter.matrix.words import SEVERITIES, limited, spoken
from cs_exporter.spec import Cause

FOLDER = "alerts/runbooks"

BLANK = re.compile(
    r"(?<!\$)\b(?:ADDRESS|AGENT|BACKEND|BUS|CLIENT|DEVICE|FILE|HOST|MANAGEMENT_SERVER|MAP|MOUNTPOINT|PEER|PLATFORM|PORT|"
    r"PROBE|QUEUE|SERVER|SYMPTOM|VANTAGE|VHOST)\b"
)
"""What is to be filled in, in a command."""

CAPITALS = "Capitals stand for what the alert's labels say."

LOGIN = "SQL is asked as root of its server, or with -u and -p of an account that may read it."

INTRODUCTION = """\
What to type when an alert has come, by what is behind it. Each page says on which machine, and each step that is for
another one does so itself.

`cs-exporter` is typed on the exporter's machine, as root or as the user that it runs as:
`/opt/cs_exporter/bin/cs-exporter` where it was installed by deploy/systemd, `docker exec cs_exporter cs-exporter` where
it runs in a container. Without `--config.file` it reads `/etc/cs_exporter/cs_exporter.yml`; where
`systemctl cat cs-exporter` shows another file, add `--config.file=FILE`, or it does not know the hosts.

While a cloud can't be asked, `cs-exporter probe PROBE HOST` knows its hosts only if `--storage.path` names the folder
of the exporter that runs. That one still knows them, and asks at once as well:
`curl -sS 'http://localhost:10595/probe?host=HOST&probe=PROBE'` on its machine, with `https:` and `-u` where it has TLS
and asks for a password.

Steps are typed as packages of Ubuntu and Debian have it. Where OpenStack runs in containers of kolla-ansible, or comes
from RDO, each page says what is typed instead.
"""

_OF_THE_CLOUD = re.compile(r"^mariadb -e .*\bcloud\.\w")
_BY_NAME = re.compile(r"(?=.*\bHOST\b).*(?:\bcloud\.\w|management-server\.log|list_queues)")
_ASKING = re.compile(r"^cs-exporter probe (?!cloudstack_|openstack_)(\w+) HOST\b")
"""A cloud itself is in the configuration, and is known as long as that is."""

_PLACED = re.compile(r"(?:or [^;]*; )?on ")
"""A note that begins with the place, or with what else would do there."""

_PROGRAM = re.compile(r"\bcs-exporter (?:check|collector|hosts|matrix|probe)")

_ALERT = re.compile(r"\bCs[A-Z]\w+")


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type; `note` says where, or what else would do; may be empty."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Another page: `runbook` is an alert's name, or `dashboard` a dashboard's uid ("cs-host")."""

    text: str
    runbook: str = ""
    dashboard: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a runbook: paragraphs, then commands in the order to type them, then a text as it is, then links."""

    title: str
    text: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    code: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Runbook:
    """A page: `title` is the alert's name, `lead` what is seen, in one sentence; `facts` are pairs of few words."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def pages(matrix: Matrix) -> dict[str, Runbook]:
    """Every row's page, by its alert's name."""
    muting, panels = graph(matrix.rows), panels_of(matrix)
    muted_by = {row.name: [name for name, others in muting.items() if row.name in others] for row in matrix.rows}
    return {row.name: runbook(row, muted_by[row.name], muting[row.name], panels[row.name]) for row in matrix.rows}


def runbook(row: Row, muted_by: Sequence[str] = (), mutes: Sequence[str] = (), panels: Sequence[str] = ()) -> Runbook:
    """The page of one row; `muted_by` and `mutes` are names of alerts, `panels` as in "cs-host: Title"."""
    facts = (
        ("severity", SEVERITIES[row.severity]),
        ("cause", row.cause.value),
        *((("blind", "it only says that something can't be seen"),) if "blind" in row.labels else ()),
        ("probe", row.probe),
        ("metric", ", ".join(names_in(row.condition)) or "none"),
        *((("limit", limited(row)),) if row.limit and row.unit != "boolean" else ()),
        ("fires", "at once" if row.wait == 0 else f"after {spoken(row.wait)}"),
        ("ends", f"{spoken(row.keep)} after it was last seen" if row.keep else "as soon as it is over"),
    )
    sections = (*_program(_sections(row)), *_muting(row, muted_by, mutes), *_drawn(panels))
    return Runbook(row.name, row.sees, facts, sections)


def _program(sections: Iterable[Section]) -> Iterator[Section]:
    """With what cs-exporter is typed as, where the page types it first."""
    told = False
    for section in sections:
        types = any(map(_PROGRAM.search, (*section.text, *(item.text for item in section.commands))))
        yield replace(section, text=(*section.text, containers.PROGRAM)) if types and not told else section
        told = told or types


def command(text: str) -> Command:
    """What a sheet says under `look`, with what is not to be typed apart: "uptime, on the host"."""
    after = re.match(r"(.*?), ((?:on|as|and|for) .*)$", text)
    typed, note = (after[1], after[2]) if after else (text, "")
    inside = re.match(r"(.*?) \(([a-zA-Z].*)\)$", typed)
    if inside:
        typed, note = inside[1], "; ".join(filter(None, (inside[2], note)))
    return Command(typed, "; ".join(filter(None, (*_place(typed), note, *_name(typed)))))


def _place(typed: str) -> Iterator[str]:
    """Where to ask the cloud's tables: HOST is a machine that has none of them."""
    if _OF_THE_CLOUD.search(typed):
        yield "on the cloud's database server"


def _name(typed: str) -> Iterator[str]:
    """The configuration may call a host otherwise than the cloud's tables and logs do."""
    if _BY_NAME.match(typed):
        yield "with the name that the cloud has for the host"


def _sections(row: Row) -> Iterator[Section]:
    yield Section("What it means", (row.means,))
    commands = tuple(map(command, row.look))
    yield Section("Look", (" ".join(_how(row, commands)), *_instead(commands)), commands)
    told, table_of_ways = containers.said(row.probe, (item.text for item in commands))
    if told:
        yield Section(containers.TITLE, told, code=table_of_ways)
    yield Section("Mend", (row.fix,))
    yield Section("The alert", tuple(_waits(row)), code=row.condition)
    if row.symptom is not None and row.threshold is not None and row.unit != "boolean":
        yield _limit(row, row.threshold)


def _how(row: Row, commands: Sequence[Command]) -> Iterator[str]:
    """Where, as whom, and with what these are typed; sentences."""
    yield where(row)
    if any(item.text.startswith(("mariadb ", "mysql ")) for item in commands):
        yield LOGIN
    if any(BLANK.search(f"{item.text} {item.note}") for item in commands):
        yield CAPITALS


def _instead(commands: Iterable[Command]) -> Iterator[str]:
    """What knows the host while the cloud can't be asked who belongs to it: the command line has nothing in store."""
    asked = next(filter(None, (_ASKING.match(item.text) for item in commands)), None)
    if asked:
        yield (
            "While the cloud can't be asked, cs-exporter probe may not know its hosts; the exporter that runs does: "
            f"curl -sS 'http://localhost:10595/probe?host=HOST&probe={asked[1]}' on its machine."
        )


def where(row: Row) -> str:
    """On which machine to type what does not say so itself; one sentence."""
    if all(_PLACED.match(command(said).note) for said in row.look):
        return "Each step says on which machine."
    machine = "HOST" if row.per_host and row.probe != OWN else "the exporter's machine"
    return f"On {machine}, unless another one is named."


def _muting(row: Row, muted_by: Sequence[str], mutes: Sequence[str]) -> Iterator[Section]:
    if row.per_host:
        planned = ("Maintenance of the host, declared in the cloud or in the configuration.",)
        yield Section("Muted by", planned, links=_runbooks(muted_by))
    elif muted_by:
        yield Section("Muted by", links=_runbooks(muted_by))
    if mutes:
        yield Section("Mutes", links=_runbooks(mutes))


def _runbooks(names: Sequence[str]) -> tuple[Link, ...]:
    return tuple(Link(name, runbook=name) for name in names)


def _drawn(panels: Sequence[str]) -> Iterator[Section]:
    shown = [panel.partition(": ") for panel in panels]
    if shown:
        links = (Link(f"{title} ({uid})", dashboard=uid) for uid, _, title in shown)
        yield Section("Dashboards", links=tuple(links))


def _waits(row: Row) -> Iterator[str]:
    if row.symptom is not None and row.symptom.runs > 1:
        yield f"It fires when {row.symptom.runs} runs in a row have seen it: after {spoken(row.wait)}."
    else:
        yield "It fires at once." if row.wait == 0 else f"It fires when it has been so for {spoken(row.wait)}."
    if row.keep:
        yield f"It ends {spoken(row.keep)} after it was last seen, so that a lost poll does not resolve it."
    if row.recorded:
        yield "If its probe finds nothing out on the host any more, it goes on until it does again, for a day at most."


def _limit(row: Row, threshold: float) -> Section:
    how = (
        f"The value is in {row.unit}. A host, a group, or all hosts under `defaults` can have a limit of their own in "
        "the configuration of cs_exporter; `cs-exporter matrix write --config.file FILE --output DIR` then writes the "
        "rules that go with it."
    )
    return Section("Another limit", (how,), code=f"limits: {{{row.name}: {threshold:.15g}}}")


def text(page: Runbook, names: Collection[str] = ()) -> str:
    """The page as Markdown; `names` of other pages are links."""
    parts = [f"{HEAD}\n# {page.title}\n", f"{page.lead}\n", table(("", ""), page.facts)]
    for section in page.sections:
        parts.append(f"## {section.title}\n")
        parts += [f"{_ALERT.sub(lambda found: _page_of(found[0], names), said)}\n" for said in section.text]
        if section.commands:
            parts.append("".join(f"{number}. {_typed(item)}\n" for number, item in enumerate(section.commands, 1)))
        if section.code:
            parts.append(f"```\n{section.code}\n```\n")
        if section.links:
            parts.append("".join(f"- {_linked(item)}\n" for item in section.links))
    return "\n".join(parts)


def _page_of(name: str, names: Collection[str]) -> str:
    return link(name, f"{name}.md") if name in names else name


def _typed(item: Command) -> str:
    return f"{code(item.text)} ({item.note})" if item.note else code(item.text)


def _linked(item: Link) -> str:
    if item.runbook:
        return link(item.text, f"{item.runbook}.md")
    return link(item.text, f"../../deploy/grafana/dashboards/{item.dashboard}.json")


def lines(page: Runbook) -> Iterator[str]:
    """The page for a terminal."""
    yield from (page.title, f"  {page.lead}", "")
    yield from (f"  {name:<8}  {value}" for name, value in page.facts)
    for section in page.sections:
        yield from ("", section.title)
        yield from (f"  {paragraph}" for paragraph in section.text)
        for number, item in enumerate(section.commands, 1):
            yield f"  {number}. {item.text}{f'   # {item.note}' if item.note else ''}"
        yield from (f"    {line}" for line in section.code.splitlines())
        yield from (f"  {item.text}" for item in section.links)


def files(matrix: Matrix) -> dict[str, str]:
    """Every row's page, and a list of them by cause."""
    found = pages(matrix)
    written = {f"{FOLDER}/{name}.md": text(page, found.keys() - {name}) for name, page in found.items()}
    return {f"{FOLDER}/README.md": _index(matrix), **written}


def _index(matrix: Matrix) -> str:
    parts = [f"{HEAD}\n# Runbooks\n", INTRODUCTION]
    for cause in Cause:
        rows = [row for row in matrix.rows if row.cause is cause]
        if rows:
            parts.append(f"## {cause.value}\n")
            listed = ((link(row.name, f"{row.name}.md"), row.severity.value, row.sees) for row in rows)
            parts.append(table(("alert", "severity", "what you see"), listed))
    return "\n".join(parts)
