"""The exporter as a process of its own in the lab, as users run it: to be reloaded, killed and started again.

What it says is read off its pages, and what it holds off /proc: from outside, as an operator would.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.lab.lab import Lab
from tests.lab.wait import wait_until

START_DEADLINE, END_DEADLINE, PAGE_DEADLINE = 30.0, 10.0, 20.0
TROUBLE = ("Traceback", "mistake", "never retrieved", "exception")
"""What no log of a healthy program has, whatever happens to its hosts."""


class Page:
    """The samples of /metrics at one moment."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples = tuple(samples)

    def hosts(self) -> set[str]:
        """Every host that any series is about."""
        return {sample.labels["host"] for sample in self.samples if sample.labels.get("host")}

    def mentioned(self) -> set[str]:
        """Every label value there is."""
        return {value for sample in self.samples for value in sample.labels.values()}

    def by_host(self, name: str, **labels: str) -> dict[str, float]:
        """The values of one metric by host, of the series that have these labels."""
        wanted = labels.items()
        found = (sample for sample in self.samples if sample.name == name and sample.labels.items() >= wanted)
        return {sample.labels["host"]: sample.value for sample in found}

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the one series of that name that has these labels; None where there is none."""
        wanted = labels.items()
        found = [one.value for one in self.samples if one.name == name and one.labels.items() >= wanted]
        assert len(found) <= 1, f"{name} {labels}: {len(found)} series"
        return found[0] if found else None


class Exporter:
    """`with Exporter(...)`: runs with that configuration in the mgmt namespace, until it is ended or the block is.

    `env` is added to its environment, `flags` to its command line.
    """

    def __init__(
        self,
        lab: Lab,
        file: Path,
        text: str,
        name: str = "exporter",
        env: Mapping[str, str] | None = None,
        flags: Sequence[str] = (),
    ) -> None:
        self._lab = lab
        self._env = env
        self._flags = tuple(flags)
        self.file = file
        self.configure(text)
        self.log_file = file.with_name(f"{name}.log")
        self.log_file.write_text("")
        self._said = 0
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGTERM)

    def start(self) -> None:
        """Start the process and wait until it says where it is to be found."""
        self._said = len(self.log())
        arguments = ["-m", "cs_exporter", "run", f"--config.file={self.file}", *self._flags]
        with self.log_file.open("a", encoding="utf-8") as log:
            self.began = time.time()
            self.process = self._lab.popen(
                [sys.executable, *arguments, f"--web.listen-address={self._lab.mgmt_address}:0"],
                env=self._env,
                stdout=log.fileno(),
                stderr=log.fileno(),
            )
        self.url = wait_until(self._announced, START_DEADLINE, "the announcement") or ""

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal and wait for it."""
        self.process.send_signal(number)
        self.process.wait(END_DEADLINE)

    def configure(self, text: str) -> None:
        """Put another file in the place of the configuration, at one stroke."""
        new = self.file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.rename(self.file)

    def hang_up(self) -> None:
        """Ask for a reload by SIGHUP, and do not wait for it."""
        self.process.send_signal(signal.SIGHUP)

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and body of one of its pages."""
        request = urllib.request.Request(self.url + path, method=method)  # noqa: S310  # our own server
        try:
            with urllib.request.urlopen(request, timeout=PAGE_DEADLINE) as answer:  # noqa: S310
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def page(self) -> Page:
        """What /metrics shows now."""
        families = text_string_to_metric_families(self.get("metrics")[1])
        return Page(sample for family in families for sample in family.samples)

    def first_asked(self, host: str, probe: str) -> float:
        """When the oldest run of which its history tells began, seconds since the epoch."""
        status, body = self.get(f"history?{urllib.parse.urlencode({'host': host, 'probe': probe})}")
        assert 200 == status, body
        return datetime.fromisoformat(json.loads(body)["latest"][-1]["first"]).timestamp()

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def memory(self) -> int:
        """What it holds in memory, in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found.group(1))

    def log(self) -> str:
        """All that it has said."""
        return self.log_file.read_text(encoding="utf-8")

    def trouble(self) -> list[str]:
        """Lines of its log that tell of a mistake of its own."""
        return [line for line in self.log().splitlines() if any(word in line for word in TROUBLE)]

    def _announced(self) -> str | None:
        said = self.log()[self._said :]
        if self.process.poll() is not None:
            raise AssertionError(f"the exporter has ended: {said}")
        found = re.search(r"url=(http://\S+/)", said)
        return found.group(1) if found else None
