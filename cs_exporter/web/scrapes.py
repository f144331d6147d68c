"""Pages for scrapes: made in a thread from a snapshot, one at a time, and shared by all who ask at the same moment.

The event loop keeps the probes' deadlines; however many Prometheus replicas scrape, they cost it and the machine one
page for each format in flight.
"""

from __future__ import annotations

import asyncio
import gc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from cs_exporter.board import Snapshot
from cs_exporter.exposition.pages import Exposition, Format
from cs_exporter.web.daemon import Daemon

_GZIP_WINDOW = 31  # zlib's largest window, plus 16 for a gzip header


@dataclass(frozen=True, slots=True)
class Scrape:
    """A page as it goes over the wire."""

    body: bytes
    content_type: str
    encoding: str  # of the body: "gzip", or empty


class Scrapes:
    """Makes pages of the daemon's board."""

    def __init__(self, daemon: Daemon, exposition: Exposition) -> None:
        self._daemon = daemon
        self._exposition = exposition
        self._in_flight: dict[tuple[Format, bool], asyncio.Task[Scrape]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def page(self, wanted: Format, *, gzip: bool) -> Scrape:
        """The board as it is now, or as it was when a page of that format was begun that is still being made."""
        key = (wanted, gzip)
        task = self._in_flight.get(key)
        if task is None:
            task = self._in_flight[key] = asyncio.create_task(self._make(wanted, gzip=gzip))
            task.add_done_callback(lambda _task: self._in_flight.pop(key))
        # A client that goes away must not take the page from those who wait for the same one.
        return await asyncio.shield(task)

    async def _make(self, wanted: Format, *, gzip: bool) -> Scrape:
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._render, self._daemon.snapshot(), wanted, gzip=gzip)

    def _render(self, snapshot: Snapshot, wanted: Format, *, gzip: bool) -> Scrape:
        with collector_at_rest():
            page = self._exposition.render(snapshot, wanted, self._daemon.series_limit)
        return Scrape(compress(page.body) if gzip else page.body, page.content_type, "gzip" if gzip else "")


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No garbage collection meanwhile.

    A page makes objects by the hundred thousand and no cycles, and each full collection that they provoke stops the
    event loop: with a board of 50,000 samples for 45 ms, where it is late by 15 ms without.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _zlib_gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor.compress(body) + compressor.flush()


def _fastest_gzip() -> Callable[[bytes], bytes]:
    try:
        from isal import igzip  # noqa: PLC0415  # not there on every processor
    except ImportError:
        return _zlib_gzip
    return partial(igzip.compress, compresslevel=1, mtime=0)


compress = _fastest_gzip()
"""gzip, fast: ISA-L is several times faster than zlib; both leave the interpreter free for the event loop."""


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip (RFC 9110, Accept-Encoding)."""
    weights: dict[str, str] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, weight = (part.strip() for part in item.partition(";"))
        weights[coding] = weight.removeprefix("q=")
    weight = weights.get("gzip", weights.get("*", "0"))
    return not weight or weight.strip("0.") != ""
