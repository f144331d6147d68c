"""A stand without a cloud: hosts that are broken in name only, and what Prometheus would have of that.

Its clock goes on by a second with each look, and by how long it takes to break something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal, cast

from tests.demo.cloud import Cloud
from tests.demo.fault import Fault, Row
from tests.demo.pace import TEST
from tests.e2e.judge import Failing, Moments, Span
from tests.e2e.placed import HOST
from tests.e2e.stand import LOOK, Stand
from tests.e2e.test_placed import fault
from tests.lab.control import LabError
from tests.lab.receiver import Notification, Receiver
from tests.live.exporter import Exporter

BREAKING, SHOWS, ENDS = 5.0, 7.0, 3.0
"""Seconds that it takes to break something, until then runs fail, and for which they do when it is mended."""

Fails = Literal["break", "mend", ""]


class _Shown:
    def get(self, _path: str) -> tuple[int, str]:
        return 200, ""


class FakeStand(Stand):
    """All that a course asks of one. No symptom ever holds, and no alert fires: where it is broken, runs fail.

    `under_way`: notifications that the receiver gets when their time has come.
    """

    def __init__(self) -> None:
        self.pace, self.clock = TEST, 1000.0
        self.cloud, self.exporter, self.receiver = cast(Cloud, None), cast(Exporter, _Shown()), Receiver("")
        self.broken: dict[str, list[Span]] = defaultdict(list)  # by host
        self.under_way: list[Notification] = []
        self._looks: list[float] = []

    def fault(self, name: str, host: str, fails: Fails = "", times: int = 0) -> Fault:
        """One on that host, which nobody is told of; the lab fails to break or to mend it so many times."""
        left = times

        def meet(what: Fails) -> None:
            nonlocal left
            if what == fails and left:
                left -= 1
                raise LabError(f"it did not {what}")

        @contextmanager
        def breaks(_cloud: Cloud, host: str) -> Iterator[None]:
            begin = self.clock
            self.broken[host].append(Span(begin, float("inf")))
            self.clock += BREAKING
            try:
                meet("break")
                yield
            finally:
                self.broken[host][-1] = Span(begin, self.clock)
                meet("mend")

        query = 'cs_probe_failing{host="$host"} == 1'
        return replace(fault(name, host, queries=(query,), blind=("$host",)), pages=(), breaks=breaks)

    def _fails(self, host: str, at: float) -> bool:
        return any(span.begin + SHOWS <= at <= span.end + ENDS for span in self.broken[host])

    def now(self) -> float:
        """Its own clock."""
        return self.clock

    def red_now(self) -> frozenset[Row]:
        """Nothing; the time of the next look has come."""
        self.clock += LOOK
        self._looks.append(self.clock)
        self.receiver.got[:] = [one for one in self.under_way if one.received <= self.clock]
        return frozenset()

    def firing_now(self) -> frozenset[Row]:
        """Nothing."""
        return frozenset()

    def blind_now(self) -> frozenset[str]:
        """The hosts where runs fail."""
        return frozenset(host for host in self.broken if self._fails(host, self.clock))

    def finds(self, query: str) -> bool:
        """Whether runs fail on the host that it names."""
        return not self.blind_now().isdisjoint(HOST.findall(query))

    def found(self, query: str, _span: Span) -> Moments:
        """When they did."""
        return frozenset(at for host in HOST.findall(query) for at in self._looks if self._fails(host, at))

    def red(self, _span: Span) -> dict[Row, Moments]:
        """Nothing."""
        return {}

    def failing(self, span: Span) -> dict[Failing, Moments]:
        """When runs failed, by host."""
        found = {host: self.found(f'host="{host}"', span) for host in self.broken}
        return {Failing(host, "time_drift", "host_key"): moments for host, moments in found.items() if moments}

    def deadlines(self, _span: Span) -> dict[str, tuple[tuple[float, float], ...]]:
        """No agent is silent."""
        return {}

    def lag(self, _span: Span) -> float:
        """Never late."""
        return 0.0
