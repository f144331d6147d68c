"""What a fault of the small cloud is: how it is brought about, where, and what must and may show while it lasts.

Said once, for the command that breaks the demo and for the tests that watch it through a real Prometheus, and that
receive what it pages.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Cause, Severity
from tests.demo.cloud import Cloud
from tests.demo.pace import Pace

HERE = "$host"
"""Stands for the host that is broken, as a host's name in `Row` and inside a query."""

ANY = "*"

ENDPOINT = "endpoint:cloudstack"
"""The cloud itself, as the exporter asks its database."""

EXPORTER = "exporter"
"""The machine that watches all others: no host of the cloud, but its own clock may be wrong too."""


@dataclass(frozen=True)
class Row:
    """A symptom at a host: by the host's name, HERE or ANY; empty, if it is about no single one."""

    host: str
    symptom: str


@dataclass(frozen=True)
class Page:
    """What somebody gets: paged (critical) or a ticket (warning), with what is behind it."""

    severity: Severity
    cause: Cause

    def __str__(self) -> str:
        return f"{'page' if self.severity is Severity.CRITICAL else 'ticket'}: {self.cause.value}"


UNREACHABLE = Page(Severity.WARNING, Cause.REACHABILITY)
"""A host that can't be asked: nobody is paged, since nothing follows for what it does for the cloud."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    `hosts`: where it can be put, the first unless another is named. `breaks`: holds it for a with block, and mends it.
    `probe`: whose interval counts; `slack`: seconds that pass before its next run can know (an agent's limit, the
    NTP client's poll). `rows`: symptoms that must hold. `queries`: PromQL that must find something (reasons of runs
    that fail, states of mounts). `also`: symptoms that may hold as well; any other row is one too many.
    `blind`: hosts on which runs may fail meanwhile. `part`: what it takes hold of, HERE in it standing for the host:
    two faults of one part can't be there at once. `alone`: nothing else can be told in time while it is there.
    `pages`: what must be received, each once; without it, what the worst of `rows` brings. `besides`: what may be
    received too, and `because`: for which reason a fault honestly brings more than one.
    """

    name: str
    tells: str  # one line for the list of faults: what breaks
    hosts: tuple[str, ...]
    breaks: Callable[[Cloud, str], AbstractContextManager[object]]
    probe: str
    rows: tuple[Row, ...] = ()
    queries: tuple[str, ...] = ()
    also: tuple[Row, ...] = ()
    blind: tuple[str, ...] = ()
    slack: Callable[[Pace], float] = lambda _pace: 0.0
    part: str = ""
    alone: bool = False
    pages: tuple[Page, ...] | None = None
    besides: tuple[Page, ...] = ()
    because: str = ""

    @property
    def brings(self) -> tuple[Page, ...]:
        """What must be received, each once."""
        if self.pages is not None:
            return self.pages
        found = [Page(*_DECLARED[row.symptom]) for row in self.rows]
        return tuple(sorted(found, key=lambda page: _ORDER.index(page.severity))[:1])


_SHEETS: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
_DECLARED = {symptom.name: (symptom.severity, symptom.cause) for sheet in _SHEETS for symptom in sheet.symptoms}
_ORDER = tuple(Severity)
