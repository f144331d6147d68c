"""What errors of OpenStack's services and of keystoneauth mean in the closed list of reasons.

Each service writes its errors in a shape of its own; a text is taken wherever one is, and is the service's word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import requests

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError
from cs_exporter.transports.clouds import errors

NO_SUCH_SERVICE = 0
"""The number of an ApiError that is about the catalog, which has no such service."""

_LONGEST = 300
_REASONS: Mapping[int, Reason] = {
    HTTPStatus.UNAUTHORIZED: Reason.DENIED,
    HTTPStatus.FORBIDDEN: Reason.DENIED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Reason.EXHAUSTED,  # nova's "over limit" of old
    HTTPStatus.TOO_MANY_REQUESTS: Reason.EXHAUSTED,
    HTTPStatus.INTERNAL_SERVER_ERROR: Reason.NOT_READY,  # often its database or its message bus
    HTTPStatus.BAD_GATEWAY: Reason.NOT_READY,
    HTTPStatus.SERVICE_UNAVAILABLE: Reason.NOT_READY,
    HTTPStatus.GATEWAY_TIMEOUT: Reason.NOT_READY,
}
"""Status -> reason; others are COMMAND."""


def refused(response: requests.Response, what: str) -> ProbeFailed:
    """Of an answer whose status is not 200."""
    status, body = response.status_code, body_of(response)
    if body is None and status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
        return errors.no_api(response, what)
    text = next(_texts(body), response.reason or "no error text")
    return _told(status, text, what)


def no_list(response: requests.Response, name: str, what: str) -> ProbeFailed:
    """Of an answer with status 200 that is not the list."""
    if body_of(response) is None:
        return errors.no_api(response, what)
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: the answer has no list {name!r}")


def not_in_catalog(service: str, interface: str, region: str) -> ApiError:
    """The account's catalog names no such endpoint."""
    where = f"{interface}, region {region}" if region else interface
    return ApiError(Reason.COMMAND, f"the cloud's catalog has no {service} service ({where})", NO_SUCH_SERVICE)


def no_keystone(what: str) -> ProbeFailed:
    """Who answered a login is somebody else."""
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: no answer of keystone: is auth_url right?")


def body_of(response: requests.Response) -> object:
    """The answer's JSON; None where it is none."""
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def from_keystone(error: Exception, what: str) -> ProbeFailed:
    """Of whatever keystoneauth raises at a login: keystone's status where there is one, behind another error, too."""
    status, text = _status(error)
    if status is not None:
        return _told(status, f"login: {text}", what)
    name = type(error).__name__
    if name in ("DiscoveryFailure", "InvalidResponse"):
        return no_keystone(what)
    if name == "MissingAuthMethods":
        return ApiError(Reason.DENIED, f"{what}: login: keystone wants a second factor", HTTPStatus.UNAUTHORIZED)
    return ProbeFailed(Reason.COMMAND, f"{what}: {_line(str(error))}")


def _status(error: BaseException | None) -> tuple[int | None, str]:
    """The HTTP status of an error or of one behind it, and its text."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        status = getattr(error, "http_status", None)
        if isinstance(status, int):
            return status, str(error).removesuffix(f" (HTTP {status})")
        seen.append(error)
        error = error.__cause__ or error.__context__
    return None, ""


def _told(status: int, text: str, what: str) -> ApiError:
    return ApiError(_REASONS.get(status, Reason.COMMAND), f"{what}: {_line(text)} ({status})", status)


def _texts(body: object) -> Iterator[str]:
    """All messages in an error's JSON: {"forbidden": {"message": ...}}, {"NeutronError": ...}, {"message": ...}."""
    if isinstance(body, Mapping):
        for name in ("message", "faultstring"):
            if isinstance(body.get(name), str):
                yield body[name]
        for value in body.values():
            yield from _texts(value)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
