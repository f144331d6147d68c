"""The application: which path is whose, who is let in, and what every answer carries.

Routes and links follow --web.route-prefix and --web.external-url as Prometheus' own do.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cs_exporter.ports import Clock
from cs_exporter.web.auth import Authenticator, TooManyChecksError
from cs_exporter.web.daemon import Daemon
from cs_exporter.web.handlers import Handlers
from cs_exporter.web.options import WebOptions
from cs_exporter.web.people import People
from cs_exporter.web.security import Security

MAX_BODY = 64 * 1024
"""Bytes a request may bring along: none of ours has a use for any."""

_HEADERS = {
    "Server": "cs_exporter",  # in place of the library and its version
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Gate:
    """Who is let in and which headers the operator wants; replaced as a whole at a reload."""

    def __init__(self, security: Security) -> None:
        self.replace(security)

    def replace(self, security: Security) -> None:
        """Take a new file's users and headers; passwords that were checked before are checked again."""
        self.authenticator = Authenticator(security.users)
        self.headers: Mapping[str, str] = security.headers


def make_app(
    daemon: Daemon,
    options: WebOptions,
    gate: Gate,
    spoke: Callable[[web.BaseRequest], None],
    clock: Clock = time,
) -> web.Application:
    """The application; `spoke` is called with each request before anything else is done with it."""
    app = web.Application(middlewares=[_admission(gate, spoke)], client_max_size=MAX_BODY)
    app.on_response_prepare.append(_dress(gate))
    people = People(daemon, options, clock)
    app.cleanup_ctx.append(people.looks.keep_looking)
    _add_routes(app, Handlers(daemon, options), people, options)
    return app


def _add_routes(app: web.Application, handlers: Handlers, people: People, options: WebOptions) -> None:
    prefix, router = options.route_prefix, app.router
    router.add_get(f"{prefix}{options.telemetry_path}", handlers.metrics)
    router.add_get(f"{prefix}/", people.status)
    router.add_get(f"{prefix}/status.json", people.status_json)
    for path in ("/runbooks", "/runbooks/"):
        router.add_get(f"{prefix}{path}", people.runbooks)
    router.add_get(f"{prefix}/runbooks/{{name}}", people.runbook)
    router.add_get(f"{prefix}/probe", handlers.probe)
    router.add_get(f"{prefix}/sd", handlers.targets)
    router.add_get(f"{prefix}/history", handlers.past)
    router.add_get(f"{prefix}/config", handlers.config)
    router.add_get(f"{prefix}/-/healthy", handlers.healthy)
    router.add_get(f"{prefix}/-/ready", handlers.ready)
    router.add_post(f"{prefix}/-/reload", handlers.reload)
    if prefix:
        # Nobody comes to / through a proxy that adds the prefix; the bare prefix may have come through one.
        router.add_get("/", _redirect(f"{prefix}/"))
        router.add_get(prefix, _redirect(f"{options.link_prefix}/"))


def _redirect(path: str) -> Handler:
    async def redirect(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(path)

    return redirect


def _admission(gate: Gate, spoke: Callable[[web.BaseRequest], None]) -> Middleware:
    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        spoke(request)
        try:
            if not await gate.authenticator.allows(request.headers.get("Authorization", "")):
                raise web.HTTPUnauthorized(text="a user and password are wanted\n", headers=_CHALLENGE)
        except TooManyChecksError:
            text = "too many passwords are being checked; try again later\n"
            raise web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "5"}) from None
        if (request.content_length or 0) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(
                MAX_BODY, request.content_length or 0, text="the request is too large\n"
            )
        try:
            return await handler(request)
        except web.HTTPNotFound as error:
            if request.match_info.http_exception is None:
                raise  # a page of ours says what it does not know
            raise web.HTTPNotFound(text="there is no such page; / has a list\n") from error

    return admit


_CHALLENGE = {"WWW-Authenticate": 'Basic realm="cs_exporter", charset="UTF-8"'}


def _dress(gate: Gate) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def dress(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_HEADERS)
        response.headers.update(gate.headers)

    return dress
