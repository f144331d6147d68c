"""Whatever goes wrong with an API has its reason, with a detail that leads on and gives nothing away."""

from __future__ import annotations

import errno
import os
import time
from email.utils import formatdate

import pytest
import requests

from cs_exporter.model import Reason
from cs_exporter.transports.clouds import errors

NOT_VERIFIED = "unable to verify user credentials and/or request signature"


def answer(status: int = 401, **headers: str) -> requests.Response:
    """An answer with that status."""
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    return response


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (401, Reason.DENIED),
        (411, Reason.DENIED),
        (429, Reason.EXHAUSTED),
        (431, Reason.COMMAND),
        (432, Reason.COMMAND),
        (530, Reason.NOT_READY),
        (531, Reason.DENIED),
        (534, Reason.NOT_READY),
        (599, Reason.COMMAND),
    ],
)
def test_errors_of_the_api(code: int, reason: Reason) -> None:
    """By their number, with the API's words on one line."""
    error = errors.refused({"errorcode": code, "errortext": "some\nwords"}, answer(code), "listHosts at http://ms")
    assert (reason, code, f"listHosts at http://ms: some words ({code})") == (error.reason, error.code, error.detail)


@pytest.mark.parametrize("body", [None, [], {}, {"errorcode": "none"}])
def test_an_error_without_sense(body: object) -> None:
    """The status counts."""
    error = errors.refused(body, answer(530), "listHosts")
    assert (Reason.NOT_READY, 530) == (error.reason, error.code)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (900, "the clock: this machine's is 900 s behind the API's"),
        (-900, "the clock: this machine's is 900 s ahead of the API's"),
        (0, "a wrong key or secret, or no such command for this account (the clocks agree)"),
    ],
)
def test_a_signature_that_is_refused_is_held_against_the_clocks(seconds: float, words: str) -> None:
    """The answer says what time it is there."""
    # Half a second on, because the header's seconds are whole.
    date = formatdate(round(time.time() - 0.5) + seconds, usegmt=True)
    error = errors.refused({"errorcode": 401, "errortext": NOT_VERIFIED}, answer(Date=date), "listHosts")
    told = error.detail.replace("899 s", "900 s").replace("901 s", "900 s")
    assert told.endswith(words), error.detail


def test_a_refusal_without_a_date() -> None:
    """The clocks are named all the same."""
    error = errors.refused({"errorcode": 401, "errortext": NOT_VERIFIED}, answer(), "listHosts")
    assert error.detail.endswith("a wrong key or secret, or clocks that differ by minutes")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_servers_is_not_ready(status: int) -> None:
    """That may be over soon."""
    assert Reason.NOT_READY is errors.no_api(answer(status), "listHosts").reason


def test_what_a_library_says_is_not_repeated() -> None:
    """It has the whole address in it."""
    cause = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    error = requests.ConnectionError("Max retries exceeded with url: /client/api?apiKey=k&signature=s")
    error.__cause__ = cause
    failure = errors.not_transferred(error, "http://ms/client/api", answering=False)
    assert (Reason.UNREACHABLE, "http://ms/client/api: No route to host") == (failure.reason, failure.detail)


@pytest.mark.parametrize(
    ("error", "answering", "reason"),
    [
        (requests.ConnectTimeout(), False, Reason.UNREACHABLE),
        (requests.ReadTimeout(), False, Reason.MUTE),
        (requests.ConnectionError(TimeoutError()), True, Reason.TIMEOUT),
        (requests.exceptions.ChunkedEncodingError(), True, Reason.RESET),
        (requests.exceptions.ContentDecodingError(), True, Reason.UNPARSABLE),
        (requests.exceptions.InvalidURL(), False, Reason.UNPARSABLE),
    ],
)
def test_errors_of_the_transfer(error: requests.RequestException, answering: bool, reason: Reason) -> None:  # noqa: FBT001  # a table's column
    """By how far it had come."""
    assert reason is errors.not_transferred(error, "http://ms", answering=answering).reason
