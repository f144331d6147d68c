"""The exporter's own command, with a tick on its loop that notes how late it is, and what its process takes.

Run as `python -m tests.bench.exporter FILE ARGUMENT...`: everything after FILE goes to `cs-exporter`, and at the end
the file says when each tick was due, and how late it came. The tick costs about a hundredth of what is measured.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cs_exporter import cli, service
from tests.lab.wait import wait_until

TICK = 0.05
"""Seconds between two ticks."""

START, SWEEP, PAGE, END = 60.0, 150.0, 30.0, 20.0
"""Deadlines, in seconds."""

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Scrape:
    """One scrape: seconds on the client's clock, bytes as they came, and the page."""

    seconds: float
    size: int
    text: str

    def total(self, name: str, labels: str = "[^}]*") -> float:
        """The sum of a metric's samples whose labels are these, as a regular expression."""
        found = re.finditer(rf"^{name}(?:\{{{labels}\}})? (\S+)$", self.text, re.MULTILINE)
        return sum(float(one[1]) for one in found)

    @property
    def series(self) -> int:
        """How many samples there are."""
        return sum(not line.startswith("#") for line in self.text.splitlines())


class Running:
    """An exporter's process, from outside."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, ticks: Path) -> None:
        self._process = process
        self._log = log
        self._ticks = ticks
        self.url = wait_until(self._announced, START, "the exporter to listen") or ""

    def cpu(self) -> float:
        """Processor seconds it has taken so far, all threads, in the kernel and outside."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def memory(self) -> int:
        """Bytes that it holds, of shared pages its share."""
        rollup = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text(encoding="utf-8")
        return 1024 * sum(int(number) for number in re.findall(r"^Pss: +(\d+) kB", rollup, re.MULTILINE))

    def scrape(self, *, packed: bool = True) -> Scrape:
        """Fetch /metrics as Prometheus does; packed by gzip, unless that is not wanted."""
        request = urllib.request.Request(self.url + "metrics")  # noqa: S310 (our own server)
        if packed:
            request.add_header("Accept-Encoding", "gzip")
        began = time.monotonic()
        with urllib.request.urlopen(request, timeout=PAGE) as answer:  # noqa: S310
            body: bytes = answer.read()
        took = time.monotonic() - began
        return Scrape(took, len(body), (gzip.decompress(body) if packed else body).decode())

    def swept(self) -> None:
        """Wait for the end of the first sweep."""

        def ready() -> bool:
            with suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{self.url}-/ready", timeout=PAGE):  # noqa: S310
                return True
            return False

        wait_until(ready, SWEEP, "the first sweep to end", pause=0.2)

    def late(self, begin: float, end: float) -> list[float]:
        """End it; seconds by which the ticks between these two moments (of the monotonic clock) came late, sorted."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(END)
        noted: list[tuple[float, float]] = json.loads(self._ticks.read_text(encoding="utf-8"))
        return sorted(late for due, late in noted if begin <= due <= end)

    def _announced(self) -> str | None:
        said = self._log.read_text(encoding="utf-8")
        if self._process.poll() is not None:
            raise AssertionError(f"the exporter has ended: {said}")
        found = re.search(r"url=(http://\S+/)", said)
        return found.group(1) if found else None


@contextmanager
def running(configuration: str, folder: Path, name: str) -> Iterator[Running]:
    """Run it with that configuration; killed at the end if it has not ended by then."""
    file, log, ticks = (folder / f"{name}.{kind}" for kind in ("yml", "log", "ticks"))
    file.write_text(configuration, encoding="utf-8")
    arguments = ["run", f"--config.file={file}", "--web.listen-address=127.0.0.1:0"]
    with log.open("wb") as output:
        argv = [sys.executable, "-m", "tests.bench.exporter", str(ticks), *arguments]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield Running(process, log, ticks)
    finally:
        process.kill()
        process.wait(END)


def main(file: Path, arguments: list[str]) -> None:
    """Be the exporter."""
    noted: list[tuple[float, float]] = []
    new_loop = service._quickest_loop

    def ticking() -> asyncio.AbstractEventLoop:
        loop = new_loop()

        def tick(due: float) -> None:
            now = time.monotonic()
            noted.append((due, max(0.0, now - due)))
            loop.call_later(TICK, tick, now + TICK)

        loop.call_later(TICK, tick, time.monotonic() + TICK)
        return loop

    vars(service)["_quickest_loop"] = ticking
    sys.argv[1:] = arguments
    try:
        cli.main()
    finally:
        file.write_text(json.dumps(noted), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
