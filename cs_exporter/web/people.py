"""What the pages for people answer: status, one host, runbooks, and the status as JSON.

Made in a thread from one picture, a few at a time: however many screens show them, the event loop keeps its deadlines.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from aiohttp import web

from cs_exporter.build import this_build
from cs_exporter.ports import Clock
from cs_exporter.web.daemon import Daemon
from cs_exporter.web.frame import Page, Site
from cs_exporter.web.handlers import Places
from cs_exporter.web.hostpage import Asked, host_page
from cs_exporter.web.looks import Looks
from cs_exporter.web.options import WebOptions
from cs_exporter.web.runbookpages import Runbooks
from cs_exporter.web.scrapes import accepts_gzip, collector_at_rest, compress
from cs_exporter.web.status import status_page
from cs_exporter.web.statusjson import status_json
from cs_exporter.web.wanted import wanted

MAX_PAGES = 40


class People:
    """One method per path."""

    def __init__(self, daemon: Daemon, options: WebOptions, clock: Clock = time) -> None:
        self._daemon = daemon
        self._site = Site(options, this_build())
        self._runbooks = Runbooks()
        self._rendering = Places(MAX_PAGES, "pages")
        self._one_at_a_time = asyncio.Lock()
        self.looks = Looks(daemon, clock)

    async def status(self, request: web.Request) -> web.Response:
        """How the hosts are, for a human; with host=NAME, how one of them is."""
        name = request.query.get("host", "")
        with self._rendering.taken():
            picture = await self.looks.picture()
            if not name:
                return await self._answer(request, partial(status_page, picture, wanted(request.query), self._site))
            view = next((view for view in picture.hosts if view.name == name), None)
            if view is None:
                raise web.HTTPNotFound(text=f"host {name[:100]!r} is not known; / has a list\n")
            asked = self._asked(name)
            return await self._answer(request, partial(host_page, picture, view, asked, self._site))

    async def status_json(self, request: web.Request) -> web.Response:
        """The same for a program."""
        with self._rendering.taken():
            picture = await self.looks.picture()
            return await self._send(request, partial(status_json, picture, wanted(request.query)), "application/json")

    async def runbooks(self, request: web.Request) -> web.Response:
        """The list of all runbooks."""
        with self._rendering.taken():
            return await self._answer(request, partial(self._runbooks.index, self._daemon.board.inventory, self._site))

    async def runbook(self, request: web.Request) -> web.Response:
        """The runbook of one alert."""
        name = request.match_info["name"]
        make = partial(self._runbooks.page, name, self._daemon.board.inventory, self._site)
        with self._rendering.taken():
            return await self._answer(request, partial(_known, make, name))

    def _asked(self, host: str) -> Asked:
        """What is known and remembered of the host's probes; history is for the event loop's thread alone."""
        board, history = self._daemon.board, self._daemon.history
        entries = ((sheet, board.entry(sheet.name, host)) for sheet in self._daemon.probes)
        return [(sheet, entry, history.past(host, sheet.name)) for sheet, entry in entries if entry is not None]

    async def _answer(self, request: web.Request, make: Callable[[], Page]) -> web.Response:
        headers: dict[str, str] = {}

        def text() -> str:
            page = make()
            headers.update(page.headers)
            return page.html

        response = await self._send(request, text, "text/html")
        response.headers.update(headers)
        return response

    async def _send(self, request: web.Request, make: Callable[[], str], content_type: str) -> web.Response:
        gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        async with self._one_at_a_time:
            body = await asyncio.to_thread(_encoded, make, gzip=gzip)
        response = web.Response(
            body=body, content_type=content_type, charset="utf-8", headers={"Vary": "Accept-Encoding"}
        )
        if gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response


def _encoded(make: Callable[[], str], *, gzip: bool) -> bytes:
    with collector_at_rest():
        body = make().encode()
    return compress(body) if gzip else body


def _known(make: Callable[[], Page | None], name: str) -> Page:
    page = make()
    if page is None:
        raise web.HTTPNotFound(text=f"no alert is named {name[:100]!r}; /runbooks/ has a list\n")
    return page
