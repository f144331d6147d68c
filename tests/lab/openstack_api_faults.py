"""How an answer of the lab's OpenStack APIs can go wrong, as clients of real ones have seen it.

Apart from the server, which is about right answers.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum

from aiohttp import web

from tests.lab.openstack_api_answers import refusal


class Fault(StrEnum):
    """How an answer goes wrong."""

    HANG = "hang"  # the request is taken, and nothing comes back: a server that is stopped
    NOT_READY = "not_ready"  # 503 with the service's own body: its database is lost
    NO_SERVER = "no_server"  # 503 with a load balancer's page
    DENIED = "denied"  # 401
    FORBIDDEN = "forbidden"  # 403: the account has not the role
    TOO_MANY = "too_many"  # 429
    BROKEN = "broken"  # 500
    HTML = "html"  # 200 with somebody else's web page
    ELSEWHERE = "elsewhere"  # a redirection
    NO_LIST = "no_list"  # 200 with JSON that has no such list
    CUT = "cut"  # the connection is broken in the middle of the body


_STATUS = {Fault.NOT_READY: 503, Fault.DENIED: 401, Fault.FORBIDDEN: 403, Fault.TOO_MANY: 429, Fault.BROKEN: 500}


async def faulty(fault: Fault, service: str, request: web.Request) -> web.StreamResponse:
    """The answer that goes wrong so."""
    if fault in _STATUS:
        return refusal(service, _STATUS[fault])
    match fault:
        case Fault.HANG:
            await asyncio.Event().wait()
        case Fault.CUT:
            return await _cut(request)
        case Fault.ELSEWHERE:
            return web.Response(status=302, headers={"Location": f"http://{request.host}/elsewhere"})
        case Fault.NO_LIST:
            return web.json_response({"others": []})
        case Fault.NO_SERVER:
            page = "<html><body><h1>503 Service Unavailable</h1></body></html>"
            return web.Response(status=503, text=page, content_type="text/html")
    return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"services": [')
    if request.transport is not None:
        request.transport.close()
    return response
