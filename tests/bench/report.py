"""The table that `make bench` prints: what was measured, and in units of what the machine is worth.

Apart from the measuring, so that a figure is put into words in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.calibration import Calibration
from tests.bench.figures import Figures


def report(found: Figures, unit: Calibration, again: float) -> Iterator[str]:
    """The lines of the table: what was measured, and in units of the calibration."""
    requests, sent, received = found.talk.values()
    polls = sum(one.polls for one in found.windows)
    poll = [one.cpu / one.polls for one in found.windows]
    share = median(one.cpu / one.seconds for one in found.windows)
    per_host = (found.memory - found.empty) / max(1, found.hosts - 1)
    scrape_cpu = median(one.scrape_cpu for one in found.windows)
    page, late = found.plain[0], found.late
    if found.failing:
        yield f"NOTE: {found.failing:g} runs were failing, so these are not the figures of healthy hosts"
    yield f"CPU of the units: a loop {ms(unit.loop)} ({ms(again)} at the end), an SSH echo {ms(unit.echo)}"
    yield row(
        "CPU per poll of a host", f"{ms(median(poll))} (worst {ms(max(poll))})", median(poll) / unit.echo, "echoes"
    )
    yield row("CPU per login and first poll", ms(found.first), found.first / unit.echo, "echoes")
    yield row("CPU of one processor, scrapes left out", f"{share:.1%}")
    yield row("memory per host", f"{per_host / 1024:.0f} KiB")
    yield row("memory with one host", f"{found.empty / 2**20:.0f} MiB")
    yield row("loop late: median", ms(median(late)))
    yield row("loop late: 99 of 100 are below", ms(late[len(late) * 99 // 100]))
    yield row("loop late: most", ms(late[-1]), late[-1] / unit.loop, "loops")
    for name, scrapes in (("scrape", found.plain), ("scrape, gzip", found.packed)):
        took = median(one.seconds for one in scrapes)
        yield row(name, f"{ms(took)}, {scrapes[0].size / 2**20:.2f} MiB", took / unit.loop, "loops")
    yield row("CPU per scrape, gzip", ms(scrape_cpu), scrape_cpu / unit.loop, "loops")
    yield row("series", f"{page.series} ({page.series / found.hosts:.0f} per host)")
    yield row("requests per poll", f"{requests / polls:.2f}")
    yield row("bytes per poll, out and in", f"{sent / polls:.0f} and {received / polls:.0f}")


def row(name: str, figure: str, ratio: float | None = None, unit: str = "") -> str:
    """A line of the table."""
    return f"  {name:40} {figure:32}" + (f"{ratio:8.2f} {unit}" if ratio is not None else "")


def ms(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1000:.3g} ms"
