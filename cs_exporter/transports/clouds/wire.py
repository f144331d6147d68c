"""One request to a cloud's API and its answer, within a time and a size, never through a proxy, never redirected.

The library `cs` signs; what it sends goes over a connection of ours that is kept between calls.
"""

from __future__ import annotations

import io
import logging
import ssl
import time
import warnings
from typing import Any
from urllib.parse import urlsplit

import requests
from cs import CloudStack, CloudStackApiException, CloudStackException

from cs_exporter.model import ApiTarget, ProbeFailed, Reason
from cs_exporter.transports.clouds import errors
from cs_exporter.transports.clouds.keys import Keys
from cs_exporter.transports.clouds.pages import Page

LARGEST = 64 * 1024 * 1024
"""Bytes of one page; 500 hosts with all their details are a hundredth of that."""

CONNECT_TIME = 5.0
"""Seconds to be let in; a longer one is no use where the answer has to come within a poll."""

GOOD_FOR = 600
"""Seconds for which a request is good. With enforce.post.requests.and.timestamps no more than 900 are taken."""

_CHUNK = 64 * 1024
_METHOD_NOT_ALLOWED = 405


class Wire(requests.Session):
    """The connection to one API; for one thread at a time. `ends`: monotonic time at which a request has to be over.

    `answering`: whether the head of an answer has come to the last request.
    """

    def __init__(self, target: ApiTarget) -> None:
        super().__init__()
        # Neither a proxy of the environment, which would see internal calls or swallow them, nor .netrc.
        self.trust_env = False
        self.place = shown(target.url)
        self.ends = 0.0
        self.answering = False
        self.by_post = True

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401  # requests'
        """Send, and read the whole answer. Raises ProbeFailed."""
        self.answering = False
        left = self.ends - time.monotonic()
        if left <= 0:
            raise ProbeFailed(Reason.TIMEOUT, f"{self.place}: no time was left for another page")
        kwargs |= {"timeout": (min(left, CONNECT_TIME), left), "stream": True, "allow_redirects": False, "proxies": {}}
        try:
            with super().send(request, **kwargs) as response:
                self.answering = True
                return self._whole(response)
        except (requests.RequestException, OSError) as error:
            raise errors.not_transferred(error, self.place, answering=self.answering) from None

    def _whole(self, response: requests.Response) -> requests.Response:
        """The same with its body read. A server that gives a byte now and then does not keep us beyond our time."""
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if time.monotonic() > self.ends:
                raise errors.overdue(self.place, answering=True)
            if len(body) > LARGEST:
                raise ProbeFailed(Reason.UNPARSABLE, f"{self.place}: an answer of more than {LARGEST >> 20} MiB")
        whole = requests.Response()
        whole.status_code, whole.reason, whole.headers = response.status_code, response.reason, response.headers
        whole.encoding, whole.raw = response.encoding, io.BytesIO(body)
        return whole


class Line:
    """What one thread asks one API through. `keys` are those that are now in their files."""

    def __init__(self, wire: Wire, target: ApiTarget, keys: Keys) -> None:
        self._wire = wire
        self._target = target
        self._keys = keys

    def page(self, command: str, arguments: dict[str, str], number: int, size: int) -> Page:
        """One page of a list. Raises ProbeFailed; ApiError where the API itself refuses."""
        what = f"{command} at {self._wire.place}"
        asked = {**arguments, "page": str(number), "pagesize": str(size)}
        try:
            return page_of(self._call(command, asked), what)
        except CloudStackApiException as error:
            raise self._hidden(errors.refused(error.error, error.response, what)) from None
        except CloudStackException as error:
            raise self._hidden(errors.no_api(error.response, what)) from None

    def _call(self, command: str, asked: dict[str, str]) -> object:
        """By POST, which leaves keys out of the logs of whoever stands between; by GET where that is not allowed."""
        try:
            return getattr(self._client(), command)(**asked)
        except CloudStackException as error:
            if not self._wire.by_post or error.response.status_code != _METHOD_NOT_ALLOWED:
                raise
        self._wire.by_post = False
        return getattr(self._client(), command)(**asked)

    def _client(self) -> CloudStack:
        return CloudStack(
            endpoint=self._target.url,
            key=self._keys.key,
            secret=self._keys.secret,
            method="post" if self._wire.by_post else "get",
            verify=verification(self._target),
            dangerous_no_tls_verify=not self._target.verify,
            expiration=GOOD_FOR,
            session=self._wire,
        )

    def _hidden(self, failure: ProbeFailed) -> ProbeFailed:
        """The same, in case a server repeats what it was asked."""
        failure.detail = self._keys.hide(failure.detail)
        failure.args = (self._keys.hide(str(failure)),)
        return failure


def opened(target: ApiTarget) -> Wire:
    """A connection to an API, made when first used. Raises ProbeFailed(COMMAND) where `ca_file` is no good."""
    if target.ca_file is not None and target.verify:
        try:
            ssl.create_default_context(cafile=target.ca_file)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise ProbeFailed(Reason.COMMAND, f"{target.ca_file}: {why}", ours=True) from error
    if not target.verify:
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    # At DEBUG it logs whole addresses, which with GET carry key and signature.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    return Wire(target)


def verification(target: ApiTarget) -> str | None:
    """Where the certificates are that vouch for the API: the system's, not those that the library brings along."""
    if not target.verify:
        return None
    system = ssl.get_default_verify_paths()
    return target.ca_file or system.cafile or system.capath


def page_of(answer: object, what: str) -> Page:
    """The page in an answer: an object with `count` and one list; where that is empty, it is left out."""
    if not isinstance(answer, dict):
        raise ProbeFailed(Reason.UNPARSABLE, f"{what}: the answer is no list")
    count = answer.get("count")
    rows, *others = [value for key, value in answer.items() if key != "count"] or [[]]
    sound = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if others or not sound or not isinstance(count, int | None):
        raise ProbeFailed(Reason.UNPARSABLE, f"{what}: the answer is no list")
    return Page(count, tuple(rows))


def shown(url: str) -> str:
    """An address without what could be a secret in it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"
