"""The troubled cloud behind a real server, whose symptoms have lasted for a quarter of an hour; and what happens next.

For browsers: tests of the pages as they are read, and the pictures in the README.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from cs_exporter.web import looks
from cs_exporter.web.options import web_options
from cs_exporter.web.server import WebServer
from tests.web.clouds import troubled
from tests.web.planted import INTERVAL, NOW, Cloud, Rows, Told, derived, probes
from tests.web.support import LOCAL, StubDaemon, client

LASTING = 900.0
"""Seconds for which all that is told at the beginning has been there."""


@dataclass
class Past:
    """The exporter's clocks, the wall clock put back by so many seconds."""

    back: float = 0.0

    def time(self) -> float:
        """The wall clock."""
        return time.time() - self.back

    def monotonic(self) -> float:
        """The real one."""
        return time.monotonic()


@dataclass
class Shown:
    """A served cloud."""

    url: str
    cloud: Cloud
    daemon: StubDaemon
    server: WebServer

    def happens(self, host: str, probe: str, samples: Rows) -> None:
        """A run finds this out, besides what was known."""
        self.cloud.tell(host, probe, samples)
        (outcome,) = (one for one in self.cloud.outcomes() if (one.host, one.probe) == (host, probe))
        assert isinstance(outcome.result, Told)
        self.daemon.board.land(replace(outcome), INTERVAL)


@asynccontextmanager
async def shown(cloud: Cloud | None = None) -> AsyncIterator[Shown]:
    """Serve a cloud; every page that is asked for shows it as it is at that moment."""
    told, clock = cloud or troubled(), Past(LASTING)
    daemon = StubDaemon(board=told.board(), history=told.history(), probes=probes(), derived=derived(), now=NOW)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(looks, "FRESH", 0.0)
        patched.setattr(looks, "SHARE", 0)
        server = WebServer(daemon, web_options(LOCAL), clock)
        await server.start()
        try:
            url = f"http://{server.addresses[0]}"
            async with client(url) as asking:
                await asking.ask("/")
            clock.back = 0.0
            yield Shown(url, told, daemon, server)
        finally:
            await server.stop()
