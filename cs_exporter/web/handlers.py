"""What each path answers. Handlers read the board or ask the daemon, and never hold up the event loop themselves.

Errors are plain one-liners: whoever reads them has curl or a browser in front of him and wants the mend.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from aiohttp import web

from cs_exporter.board import FLEET
from cs_exporter.build import this_build
from cs_exporter.config.errors import ConfigError
from cs_exporter.exposition.pages import Exposition, negotiate
from cs_exporter.model import Host
from cs_exporter.web.daemon import Daemon
from cs_exporter.web.options import WebOptions
from cs_exporter.web.scrapes import Scrapes, accepts_gzip
from cs_exporter.web.tables import history_json, targets_json

MAX_SCRAPES = 40
MAX_RUNS = 20
SEND_DEADLINE = 60.0
"""Seconds a client may take to read a page; one that stalls must not hold a place for ever."""
CHUNK = 256 * 1024
"""Bytes written between two looks at the client: more would be copied into buffers, and encrypted in one go."""

PROBE_TIMEOUT = 10.0
LONGEST_PROBE_TIMEOUT = 120.0
TIMEOUT_OFFSET = 0.5
"""Seconds kept back from a scrape's timeout for the answer's own way."""
LATE_ANSWER = 0.25
"""Seconds the daemon may be late with an outcome before the request is given up."""

_PLAIN = "text/plain"
_LONGEST_SHOWN = 100
_LISTED = 10


class Handlers:
    """One method per path."""

    def __init__(self, daemon: Daemon, options: WebOptions) -> None:
        self._daemon = daemon
        self._options = options
        self._build = this_build()
        self._exposition = Exposition(daemon.probes, daemon.derived, self._build)
        self._scrapes = Scrapes(daemon, self._exposition)
        self._scraping = Places(MAX_SCRAPES, "scrapes")
        self._running = Places(MAX_RUNS, "runs")
        self._one_reload = asyncio.Lock()

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """The board, in the format and encoding the client likes best."""
        with self._scraping.taken():
            gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
            scrape = await self._scrapes.page(negotiate(request.headers.get("Accept", "")), gzip=gzip)
            response = web.StreamResponse(
                headers={"Content-Type": scrape.content_type, "Vary": "Accept, Accept-Encoding"}
            )
            if scrape.encoding:
                response.headers["Content-Encoding"] = scrape.encoding
            response.content_length = len(scrape.body)
            await _send(request, response, scrape.body)
            return response

    async def probe(self, request: web.Request) -> web.Response:
        """One run of one probe on one host, now, as an exposition of its own."""
        host = await self._host(request)
        name = _given(request, "probe")
        if name in {sheet.name for sheet in self._daemon.derived}:
            _refuse(f"{name} is derived from other probes and has no runs of its own; see {self._link('/history')}")
        await self._known("probe", name, [sheet.name for sheet in self._daemon.probes])
        timeout = _timeout(request.headers.get("X-Prometheus-Scrape-Timeout-Seconds", ""))
        with self._running.taken():
            try:
                async with asyncio.timeout(timeout + LATE_ANSWER):
                    outcome = await self._daemon.run_probe(name, host.name, timeout)
            except TimeoutError:
                raise web.HTTPGatewayTimeout(text=f"no outcome within {timeout:g} s; ask for longer\n") from None
        page = self._exposition.render_outcome(outcome, host, negotiate(request.headers.get("Accept", "")))
        return web.Response(body=page.body, headers={"Content-Type": page.content_type})

    async def targets(self, _request: web.Request) -> web.Response:
        """All hosts but clouds themselves, for Prometheus' http_sd_config; always the whole list."""
        text = await asyncio.to_thread(targets_json, [host for host in self._daemon.board.inventory if not host.cloud])
        return web.Response(text=text, content_type="application/json")

    async def past(self, request: web.Request) -> web.Response:
        """The last outcomes of one probe on one host; a derived probe without a host is the fleet's own."""
        derived = [sheet.name for sheet in self._daemon.derived]
        name = _given(request, "probe")
        await self._known("probe", name, [*(sheet.name for sheet in self._daemon.probes), *derived])
        fleet = name in derived and not request.query.get("host")
        host = FLEET if fleet else (await self._host(request)).name
        text = history_json(host, name, self._daemon.history.past(host, name))
        return web.Response(text=text, content_type="application/json")

    async def config(self, _request: web.Request) -> web.Response:
        """The configuration in force, secrets hidden."""
        shown = await asyncio.to_thread(self._daemon.shown_config)  # seconds, with ten thousand hosts
        return web.Response(text=shown, content_type=_PLAIN)

    async def healthy(self, _request: web.Request) -> web.Response:
        """The process is alive and its event loop turns."""
        return web.Response(text="cs_exporter is healthy.\n", content_type=_PLAIN)

    async def ready(self, _request: web.Request) -> web.Response:
        """Whether every probe has run once on every host, so that absence means something."""
        if self._daemon.board.health.first_sweep_done:
            return web.Response(text="cs_exporter is ready.\n", content_type=_PLAIN)
        raise web.HTTPServiceUnavailable(text="not ready: the first sweep of all hosts is still under way\n")

    async def reload(self, _request: web.Request) -> web.Response:
        """Take in the configuration anew; a bad file changes nothing."""
        async with self._one_reload:
            try:
                await self._daemon.reload()
            except ConfigError as error:
                raise web.HTTPBadRequest(text=f"nothing was changed: {error}\n") from None
        return web.Response(text="reloaded\n", content_type=_PLAIN)

    async def _host(self, request: web.Request) -> Host:
        name = _given(request, "host")
        inventory = self._daemon.board.inventory
        host = inventory.get(name)
        if host is None:
            await self._known("host", name, list(inventory.hosts))
            raise web.HTTPBadRequest(text=f"host {name!r} has just left the inventory\n")
        return host

    async def _known(self, kind: str, name: str, names: list[str]) -> None:
        if name not in names:
            # In a thread: among ten thousand names this takes a tenth of a second.
            mend = await asyncio.to_thread(_nearest, name[:_LONGEST_SHOWN], names)
            _refuse(f"{kind} {name[:_LONGEST_SHOWN]!r} is not known; {mend}")

    def _link(self, path: str) -> str:
        return f"{self._options.link_prefix}{path}"


class Places:
    """A bounded number of requests at a time; one more is turned away at once rather than queued."""

    def __init__(self, number: int, what: str) -> None:
        self._number = number
        self._what = what
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place. Raises HTTPServiceUnavailable where there is none."""
        if self._taken >= self._number:
            text = f"{self._number} {self._what} are under way already; try again later\n"
            raise web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "5"})
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


async def _send(request: web.Request, response: web.StreamResponse, body: bytes) -> None:
    """Write a long body piece by piece, as fast as the client reads, but not for ever."""
    try:
        async with asyncio.timeout(SEND_DEADLINE):
            await response.prepare(request)
            if request.method != "HEAD":
                view = memoryview(body)
                for start in range(0, len(body), CHUNK):
                    await response.write(view[start : start + CHUNK])
            await response.write_eof()
    except ConnectionError:
        return  # the client has gone, as one does whose own deadline is over
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


def _given(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        _refuse(f"{name} is missing; add {name}=NAME to the address")
    return value


def _nearest(name: str, names: Iterable[str]) -> str:
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    if len(known) > _LISTED:
        return f"{len(known)} are, such as {', '.join(known[:3])}"
    return f"known: {', '.join(known)}" if known else "none is"


def _timeout(header: str) -> float:
    """Seconds a run may take, from the seconds Prometheus gives the scrape; the default where it says nothing."""
    try:
        given = float(header)
    except ValueError:
        return PROBE_TIMEOUT
    if not given > 0:
        return PROBE_TIMEOUT
    return min(max(given - TIMEOUT_OFFSET, given / 2), LONGEST_PROBE_TIMEOUT)


def _refuse(text: str) -> NoReturn:
    raise web.HTTPBadRequest(text=f"{text}\n")
