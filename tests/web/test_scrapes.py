"""Scrapes share a page that is being made, are compressed, and leave the event loop to the probes."""

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from collections.abc import Callable
from typing import Self

import pytest

from cs_exporter.board import Board
from cs_exporter.build import Build
from cs_exporter.exposition.pages import OPENMETRICS, TEXT, Exposition
from cs_exporter.model import Host, Inventory
from cs_exporter.spec import Sample
from cs_exporter.web.scrapes import Scrapes, _zlib_gzip, accepts_gzip, compress
from tests.exposition.stubs import BUILD, Weights, outcome
from tests.lab.wait import wait_until_async
from tests.web.support import StubDaemon, running

HOSTS = 625
PER_HOST = 80  # together 50,000 samples


def big_daemon() -> StubDaemon:
    """A daemon whose board holds 50,000 samples of readings."""
    parts = tuple(Sample(float(number), (f"part-{number}",)) for number in range(PER_HOST - 2))
    board = Board(Inventory({f"kvm{number}": Host(f"kvm{number}", "192.0.2.1") for number in range(HOSTS)}))
    for name in board.inventory.hosts:
        board.land(outcome(Weights(1.0, parts), name), 30.0)
    return StubDaemon(board)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip, deflate", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*;q=0", False),
        ("br;q=1.0, *;q=0.1", True),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(header: str, *, accepted: bool) -> None:
    """Weight 0 means: anything but this."""
    assert accepted is accepts_gzip(header)


@pytest.mark.parametrize("squeeze", [compress, _zlib_gzip])
def test_both_compressors_write_gzip(squeeze: Callable[[bytes], bytes]) -> None:
    """Machines without ISA-L send the same to any client; equal pages give equal bytes."""
    page = b"cs_probe_success 1.0\n" * 1000
    assert page == gzip.decompress(squeeze(page)) == zlib.decompress(squeeze(page), 31)
    assert squeeze(page) == squeeze(page)
    assert len(squeeze(page)) < len(page) / 20


async def test_scrapes_of_the_same_moment_share_a_page() -> None:
    """However many replicas ask; another format is another page, and the next moment a new one."""
    daemon = big_daemon()
    scrapes = Scrapes(daemon, Exposition(daemon.probes, daemon.derived, BUILD))
    same = await asyncio.gather(
        *(scrapes.page(TEXT, gzip=True) for _ in range(20)), scrapes.page(OPENMETRICS, gzip=True)
    )
    assert (2, 2) == (daemon.snapshots, len({id(page) for page in same}))
    await scrapes.page(TEXT, gzip=True)
    assert (3, {}) == (daemon.snapshots, scrapes._in_flight)


async def test_a_client_that_goes_away_takes_the_page_from_nobody() -> None:
    """The first to ask is cancelled while its page is being made; the second still gets it."""
    daemon = big_daemon()
    scrapes = Scrapes(daemon, Exposition(daemon.probes, daemon.derived, Build("1", "", "3")))
    first, second = (asyncio.ensure_future(scrapes.page(TEXT, gzip=False)) for _ in range(2))
    await wait_until_async(lambda: daemon.snapshots == 1)
    first.cancel()
    page = await second
    assert (True, 1) == (first.cancelled(), daemon.snapshots)
    assert b'cs_weight_part_grams{host="kvm624",part="part-77"} 77.0\n' in page.body


class LoopLag:
    """Measures, while it is entered, by how much the event loop is at most late."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.001
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, loop.time() - due)


SCRAPE = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Accept-Encoding": sys.argv[2]})
body = urllib.request.urlopen(request, timeout=60).read()
print(len(body))
"""


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_fifty_thousand_samples_do_not_hold_up_the_event_loop(
    encoding: str, record_property: Callable[[str, object], None]
) -> None:
    """Never for 50 ms; the client is another process. The best of three: machines are noisy."""
    figures = []
    async with running(big_daemon()) as server:
        address = f"http://{server.addresses[0]}/metrics"
        for _attempt in range(3):
            begun = asyncio.get_running_loop().time()
            async with LoopLag() as lag:
                client = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-c", SCRAPE, address, encoding), stdout=asyncio.subprocess.PIPE
                )
                printed, _ = await asyncio.wait_for(client.communicate(), 60)
            figures.append((lag.longest * 1000, asyncio.get_running_loop().time() - begun, int(printed)))
            if figures[-1][0] < 50:
                break
    told = ", ".join(
        f"lag {lag:.0f} ms, {seconds:.2f} s with the client's start, {size} B" for lag, seconds, size in figures
    )
    record_property(f"50,000 samples, {encoding}", told)
    sys.stdout.write(f"{encoding}: {told}\n")
    assert min(figures)[0] < 50, told
    assert min(size for _, _, size in figures) > (100_000 if encoding == "gzip" else 2_000_000)
