"""Measures an exporter that watches simulated hosts: processor time, memory, lateness of its loop, scrapes.

From outside, by /proc and by its own pages, as one would with a program that is in use.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.answers import configuration
from tests.bench.exporter import END, Running, Scrape, running
from tests.lab.wait import wait_until

FEWEST = 2
"""Windows to measure in, at least."""

SCRAPES = 7
TALK = ("cs_ssh_requests_total", "cs_ssh_request_bytes_total", "cs_ssh_answer_bytes_total")
POLLS = r'host="kvm\d+",probe="nfs_mounts"'
"""What is counted as a poll: a hypervisor's probes of 30 s are due together, the slower ones with every so manieth."""


@dataclass(frozen=True)
class Window:
    """Between two scrapes: processor seconds of the exporter, seconds, polls; and what one scrape then took."""

    cpu: float
    seconds: float
    polls: float
    scrape_cpu: float


@dataclass(frozen=True)
class Figures:
    """All that was measured. Seconds and bytes; `late` sorted."""

    hosts: int
    failing: float  # runs, at the end
    first: float  # processor seconds per host of the first sweep
    windows: list[Window]
    plain: list[Scrape]
    packed: list[Scrape]
    talk: dict[str, float]  # of all windows: requests, and bytes both ways
    memory: int
    empty: int  # memory of an exporter that watches one host
    late: list[float]


@contextmanager
def simulated(count: int, folder: Path) -> Iterator[int]:
    """Simulated hosts, in a process of their own; gives the port that all of them listen on."""
    argv = [sys.executable, "-m", "tests.bench.hosts", str(count), str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "the simulated hosts did not start"
            yield int(line)
            process.communicate(timeout=END)
        finally:
            process.kill()


def watched(exporter: Running, seconds: float, every: float) -> tuple[list[Window], Scrape, Scrape]:
    """Scrape it every so many seconds for that long; gives the first and the last page as well."""
    first = page = exporter.scrape()
    found, cpu, moment = [], exporter.cpu(), time.monotonic()
    for _ in range(max(FEWEST, round(seconds / every))):
        wait_until(partial(_passed, moment + every), 2 * every, "the next scrape", pause=0.1)
        before, until = exporter.cpu(), time.monotonic()
        after = exporter.scrape()
        polls = after.total("cs_probe_runs_total", POLLS) - page.total("cs_probe_runs_total", POLLS)
        found.append(Window(before - cpu, until - moment, polls, exporter.cpu() - before))
        page, cpu, moment = after, exporter.cpu(), time.monotonic()
    return found, first, page


def _passed(moment: float) -> bool:
    return time.monotonic() >= moment


def measured(count: int, seconds: float, every: float, port: int, folder: Path) -> Figures:
    """Run an exporter on one host, and one on all of them."""
    files = {"key_file": str(folder / "key"), "known_hosts": str(folder / "known_hosts")}
    with running(configuration(1, port, files), folder, "one") as exporter:
        exporter.swept()
        empty = exporter.memory()
    with running(configuration(count, port, files), folder, "all") as exporter:
        began = exporter.cpu()
        exporter.swept()
        first = (exporter.cpu() - began) / count
        begin = time.monotonic()
        windows, before, after = watched(exporter, seconds, every)
        end = time.monotonic()
        memory = exporter.memory()
        plain, packed = ([exporter.scrape(packed=packed) for _ in range(SCRAPES)] for packed in (False, True))
        talk = {name: after.total(name) - before.total(name) for name in TALK}
        late = exporter.late(begin, end)
    return Figures(count, after.total("cs_probe_failing"), first, windows, plain, packed, talk, memory, empty, late)
