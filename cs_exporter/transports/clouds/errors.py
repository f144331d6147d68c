"""One table from whatever goes wrong with a cloud's API to the closed list of reasons.

Nothing of a request gets into a detail, because requests carry keys and signatures; so libraries' texts are not used.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError
from cs_exporter.transports.reasons import from_os_error

_LONGEST = 300
_NOTICED = 60.0
"""Seconds between two clocks worth a word: our requests are good for ten minutes, and the header has whole seconds."""

_UNAUTHORIZED = 401
_API_REASONS = {
    _UNAUTHORIZED: Reason.DENIED,
    411: Reason.DENIED,  # asks for a second factor
    429: Reason.EXHAUSTED,  # api.throttling
    503: Reason.NOT_READY,  # preparing for maintenance or shutdown
    530: Reason.NOT_READY,  # internal error: often its database
    531: Reason.DENIED,  # the account may not
    533: Reason.NOT_READY,
    534: Reason.NOT_READY,  # a resource is unavailable
}
"""CloudStack's number (ApiErrorCode) -> reason; others (430 malformed, 431 parameter, 432 unsupported) are COMMAND."""

_BUSY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


def refused(body: object, response: requests.Response, what: str) -> ApiError:
    """The API's own error. `body`: its JSON below the command's name."""
    told = body if isinstance(body, Mapping) else {}
    number = told.get("errorcode")
    code = number if isinstance(number, int) else response.status_code
    text = " ".join(str(told.get("errortext", "no error text")).split())[:_LONGEST]
    detail = f"{what}: {text} ({code})"
    if code == _UNAUTHORIZED and "signature" in text:
        detail += f": a wrong key or secret, or {_clocks(response)}"
    return ApiError(_API_REASONS.get(code, Reason.COMMAND), detail, code)


def no_api(response: requests.Response, what: str) -> ProbeFailed:
    """Somebody answered who is not the API: a load balancer, or another web server."""
    status = response.status_code
    said = f"{status} {response.reason or ''}".strip()
    if status in _BUSY:
        return ProbeFailed(Reason.NOT_READY, f"{what}: {said}: a proxy has no server to give this to")
    if response.is_redirect or status in (HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.NOT_MODIFIED):
        return ProbeFailed(Reason.UNPARSABLE, f"{what}: {said}: leads elsewhere, where keys are not sent: mend the url")
    kind = response.headers.get("Content-Type", "no type")[:_LONGEST]
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: {said} with {kind} is no answer of the API: is the url right?")


def not_transferred(error: requests.RequestException | OSError, what: str, *, answering: bool) -> ProbeFailed:
    """No whole answer came. `answering`: its head had come already."""
    cause = next(_causes(error), None)
    if isinstance(cause, ssl.SSLError):
        return _of_tls(cause, what)
    if isinstance(error, requests.ConnectTimeout):
        return ProbeFailed(Reason.UNREACHABLE, f"{what}: no answer to the connection request")
    if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
        return overdue(what, answering=answering)
    if isinstance(error, requests.exceptions.ContentDecodingError | requests.exceptions.InvalidURL):
        return ProbeFailed(Reason.UNPARSABLE, f"{what}: {type(error).__name__}")
    if cause is not None:
        return from_os_error(cause, what)
    return ProbeFailed(Reason.RESET, f"{what}: the connection broke {'in the middle' if answering else 'at once'}")


def overdue(what: str, *, answering: bool) -> ProbeFailed:
    """The time that there was has passed."""
    if answering:
        return ProbeFailed(Reason.TIMEOUT, f"{what}: the answer did not end in time")
    return ProbeFailed(Reason.MUTE, f"{what}: no answer in time")


def _of_tls(error: ssl.SSLError, what: str) -> ProbeFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProbeFailed(Reason.HOST_KEY, f"{what}: the certificate is not to be trusted: {error.verify_message}")
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: TLS failed: {error.reason or type(error).__name__}")


def _causes(error: BaseException) -> Iterator[OSError]:
    """The system's errors behind a library's; its own are OSErrors too, without a meaning."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        if isinstance(one, OSError) and not isinstance(one, requests.RequestException):
            yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _clocks(response: requests.Response) -> str:
    """What the clocks have to do with it: a request says until when it is good."""
    try:
        ahead = time.time() - parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return "clocks that differ by minutes"
    if abs(ahead) < _NOTICED:
        return "no such command for this account (the clocks agree)"
    return f"the clock: this machine's is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the API's"
