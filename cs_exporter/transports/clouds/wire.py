"""One request to a cloud's API and its answer, within a time and a size, never through a proxy, never redirected.

The client libraries sign, log in and read; what they send goes over a connection of ours that is kept between calls.
"""

from __future__ import annotations

import io
import logging
import ssl
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.clouds import errors

LARGEST = 64 * 1024 * 1024
"""Bytes of one page; 500 hosts with all their details are a hundredth of that."""

CONNECT_TIME = 5.0
"""Seconds to be let in; a longer one is no use where the answer has to come within a poll."""

_CHUNK = 64 * 1024
_IN_URLS = "urllib3.connectionpool"
"""At DEBUG it logs whole addresses, which with GET may carry key and signature."""


class Wire(requests.Session):
    """The connection to one cloud; for one thread at a time.

    `place`: what was asked last, without secrets. `answering`: whether the head of an answer has come to that request.
    """

    def __init__(self) -> None:
        super().__init__()
        # Neither a proxy of the environment, which would see internal calls or swallow them, nor .netrc.
        self.trust_env = False
        self.place = ""
        self.answering = False
        self._ends = 0.0
        self._sent: Callable[[], None] = _nobody
        logging.getLogger(_IN_URLS).setLevel(logging.INFO)

    def begin(self, ends: float, sent: Callable[[], None]) -> None:
        """A call begins. `ends`: monotonic time at which its requests have to be over. `sent` is told of each."""
        self._ends, self._sent = ends, sent

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401  # requests'
        """Send, and read the whole answer. Raises ProbeFailed."""
        self.answering = False
        self.place = shown(request.url or "")
        left = self._ends - time.monotonic()
        if left <= 0:
            raise ProbeFailed(Reason.TIMEOUT, f"{self.place}: no time was left for another request")
        kwargs |= {"timeout": (min(left, CONNECT_TIME), left), "stream": True, "allow_redirects": False, "proxies": {}}
        if kwargs.get("verify") is True:
            kwargs["verify"] = system_authorities()
        self._sent()
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
            if time.monotonic() > self._ends:
                raise errors.overdue(self.place, answering=True)
            if len(body) > LARGEST:
                raise ProbeFailed(Reason.UNPARSABLE, f"{self.place}: an answer of more than {LARGEST >> 20} MiB")
        whole = requests.Response()
        whole.status_code, whole.reason, whole.headers = response.status_code, response.reason, response.headers
        whole.encoding, whole.raw = response.encoding, io.BytesIO(body)
        whole.url, whole.request = response.url, response.request
        return whole


def _nobody() -> None:
    """Nobody counts requests."""


def checked_authority(ca_file: str) -> None:
    """Raises ProbeFailed(COMMAND) where the file has no certificates in it."""
    try:
        ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ProbeFailed(Reason.COMMAND, f"{ca_file}: {why}", ours=True) from error


def system_authorities() -> str | None:
    """Where the certificates are that vouch for APIs: the system's, not those that the libraries bring along."""
    system = ssl.get_default_verify_paths()
    return system.cafile or system.capath


def not_verified() -> None:
    """The operator wants no certificate to be checked, and needs no warning at each request."""
    warnings.filterwarnings("ignore", message="Unverified HTTPS request")


def shown(url: str) -> str:
    """An address without what could be a secret in it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"
