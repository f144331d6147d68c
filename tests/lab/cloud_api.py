"""A CloudStack API over HTTP that answers from rows of the `cloud` database: it checks signatures and pages, and fails.

With the tables of a real database behind it both sources of a cloud tell one truth. It may run in a lab host's network.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.lab import cloud_api_signing
from tests.lab.cloud_api_answers import LISTS, Answering, Manner, Tables
from tests.lab.cloud_api_faults import Fault
from tests.lab.cloud_api_signing import INTERNAL, RefusedError, error_body
from tests.lab.served import Served

KEY, SECRET = "key-of-the-lab", "secret-of-the-lab"
PATH = "/client/api"

__all__ = ["KEY", "PATH", "SECRET", "CloudApiServer", "Fault", "Manner", "Tables", "plain"]


@dataclass
class Asked:
    """A request that was answered: what was asked, without keys and signature."""

    command: str
    method: str
    arguments: Mapping[str, str]


@dataclass
class _Infliction:
    fault: Fault
    command: str | None
    left: int | None


def plain(**tables: Sequence[Mapping[str, Any]]) -> Tables:
    """Tables of rows that a test writes down; one that it does not name is empty."""
    return lambda name: tables.get(name, ())


@dataclass
class CloudApiServer(Served):
    """`with` one of these it answers at `url`. `tables`: gives the rows of a table, and is called in its own thread.

    `folder`: where it writes `key_file` and `secret_file`.
    `clock_ahead`: seconds that its clock, which judges `expires`, is ahead.
    `forbidden`: commands that the account's role does not allow. `get_only`, `post_only`: refuse the other with 405.
    """

    tables: Tables
    folder: Path
    manner: Manner = field(default_factory=Manner)
    clock_ahead: float = 0.0
    forbidden: set[str] = field(default_factory=set)
    get_only: bool = False
    post_only: bool = False
    keys: dict[str, str] = field(default_factory=lambda: {KEY: SECRET})
    asked: list[Asked] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    _inflicted: list[_Infliction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key_file, self.secret_file = self.folder / "api.key", self.folder / "api.secret"
        self.write_keys(KEY, SECRET)

    @property
    def url(self) -> str:
        """What a client is configured with."""
        return f"{self.origin}{PATH}"

    def write_keys(self, key: str, secret: str) -> None:
        """Put a pair into the files that a client reads."""
        for file, text in ((self.key_file, key), (self.secret_file, secret)):
            file.write_text(f"{text}\n", encoding="utf-8")
            file.chmod(0o600)

    def inflict(self, fault: Fault, command: str | None = None, times: int | None = None) -> None:
        """Let answers go wrong: to one command or to all, that many times or until `heal`."""
        self._inflicted.append(_Infliction(fault, command, times))

    def heal(self) -> None:
        """No fault any more; who hangs stays hanging."""
        self._inflicted.clear()

    def application(self) -> web.Application:
        """See Served."""
        app = web.Application()
        app.router.add_route("*", PATH, self._answer)
        app.on_response_prepare.append(self._dated)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._answered(request)
        finally:
            self.at_once -= 1

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        fields = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
        command = fields.get("command", "")
        fault = self._due(command)
        if fault in _WHOLE:
            return await _WHOLE[fault](request)
        try:
            body = self._judged(request.method, command, fields, fault)
        except RefusedError as refused:
            return web.json_response(error_body(command, refused), status=refused.code)
        self.asked.append(Asked(command, request.method, cloud_api_signing.without_keys(fields)))
        return await _BODY[fault](request, body) if fault in _BODY else web.json_response(body)

    async def _dated(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(time.time() + self.clock_ahead, usegmt=True)

    def _due(self, command: str) -> Fault | None:
        for infliction in self._inflicted:
            if infliction.command in (None, command) and infliction.left != 0:
                infliction.left = None if infliction.left is None else infliction.left - 1
                return infliction.fault
        return None

    def _judged(self, method: str, command: str, fields: Mapping[str, str], fault: Fault | None) -> object:
        if (self.get_only and method != "GET") or (self.post_only and method != "POST"):
            raise RefusedError(405, f"The API command {command} can't be used with {method}")
        now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.clock_ahead)
        known = command in LISTS
        cloud_api_signing.verify(fields, self.keys, now, known=known and fault is not Fault.DENIED)
        if command in self.forbidden:
            raise RefusedError(401, f"The given command '{command}' either does not exist, is not available for user.")
        if fault is Fault.INTERNAL:
            raise RefusedError(INTERNAL, "Internal error executing command, please contact your system administrator")
        answer = Answering(self.tables, self.manner).listed(command, fields)
        if fault is Fault.SHORT_PAGE and answer.rows:
            answer.rows.pop()
        if fault is Fault.MOVING:
            answer.count += int(fields.get("page", "1"))
        return answer.body(command)


async def _hang(request: web.Request) -> web.StreamResponse:
    del request
    await asyncio.Event().wait()
    raise AssertionError


async def _html_503(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(
        status=503, text="<html><body><h1>503 Service Unavailable</h1></body></html>", content_type="text/html"
    )


async def _html_200(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")


async def _elsewhere(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"http://{request.host}/elsewhere")


async def _half(request: web.Request, body: object) -> web.StreamResponse:
    text = str(body).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(text) * 2
    await response.prepare(request)
    await response.write(text)
    return response


async def _hang_middle(request: web.Request, body: object) -> web.StreamResponse:
    await _half(request, body)
    return await _hang(request)


async def _cut(request: web.Request, body: object) -> web.StreamResponse:
    response = await _half(request, body)
    if request.transport is not None:
        request.transport.close()
    return response


_WHOLE: Mapping[Fault | None, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    Fault.HANG: _hang,
    Fault.HTML_503: _html_503,
    Fault.HTML_200: _html_200,
    Fault.ELSEWHERE: _elsewhere,
}
_BODY: Mapping[Fault | None, Callable[[web.Request, object], Awaitable[web.StreamResponse]]] = {
    Fault.HANG_MIDDLE: _hang_middle,
    Fault.CUT: _cut,
}
