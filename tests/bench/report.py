"""The table that `make bench` prints: what was measured, and in units of what the machine is worth.

Apart from the measuring, so that a figure is put into words in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.calibration import Calibration
from tests.bench.figures import Figures

BYTES = 1024


def report(found: Figures, unit: Calibration, again: float) -> Iterator[str]:
    """The lines of the table: what was measured, and in units of the calibration."""
    if found.failing:
        yield f"NOTE: {found.failing:g} runs were failing, so these are not the figures of healthy hosts"
    yield f"units, in CPU: a loop {ms(unit.loop)} ({ms(again)} at the end), an SSH echo {ms(unit.echo)}"
    yield f"  {'':38} {'here':24} {'in loops':>10} {'in echoes':>10}"
    for name, figure, seconds in (*_processor(found), *_memory(found), *_lateness(found), *_scrapes(found)):
        ratios = "" if seconds is None else f"{seconds / unit.loop:10.3f} {seconds / unit.echo:10.1f}"
        yield f"  {name:38} {figure:24} {ratios}"


Row = tuple[str, str, float | None]
"""Name, figure, and seconds to be told as ratios; None where there are none."""


def _processor(found: Figures) -> Iterator[Row]:
    polls = sum(one.polls for one in found.windows)
    poll = [one.cpu / max(1.0, one.polls) for one in found.windows]
    yield "CPU per poll of a host", f"{ms(median(poll))} (worst {ms(max(poll))})", median(poll)
    yield "CPU per login and first poll", ms(found.first), found.first
    share = median(one.cpu / one.seconds for one in found.windows)
    yield "CPU of one processor, without scrapes", f"{share:.1%}", None
    requests, sent, received = (number / max(1.0, polls) for number in found.talk.values())
    yield "requests per poll", f"{requests:.2f}", None
    yield "bytes per poll", f"{sent:.0f} out, {received:.0f} in", None


def _memory(found: Figures) -> Iterator[Row]:
    per_host = (found.memory - found.empty) / max(1, found.hosts - 1)
    yield "memory per host", f"{per_host / BYTES:.0f} KiB", None
    yield "memory with one host", f"{found.empty / BYTES**2:.0f} MiB", None


def _lateness(found: Figures) -> Iterator[Row]:
    late = found.late
    yield "event loop late: median", ms(median(late)), None
    yield "event loop late: 99 of 100 are below", ms(late[len(late) * 99 // 100]), late[len(late) * 99 // 100]
    yield "event loop late: most", ms(late[-1]), late[-1]


def _scrapes(found: Figures) -> Iterator[Row]:
    page = found.plain[0]
    for name, scrapes in (("scrape", found.plain), ("scrape, gzip", found.packed)):
        took = median(one.seconds for one in scrapes)
        yield name, f"{ms(took)}, {scrapes[0].size / BYTES**2:.2f} MiB", took
    cpu = median(one.scrape_cpu for one in found.windows)
    yield "CPU per scrape, gzip", ms(cpu), cpu
    yield "series", f"{page.series}, {page.series / found.hosts:.0f} per host", None


def ms(seconds: float) -> str:
    """Seconds as milliseconds, to three figures."""
    number = seconds * 1000
    return f"{number:.0f} ms" if number >= 100 else f"{number:.3g} ms"
