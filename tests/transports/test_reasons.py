"""The table from the operating system's errors to reasons: each kind of trouble has its own name."""

from __future__ import annotations

import errno
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.reasons import from_os_error

WHAT = "connect to 192.0.2.1:22"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('192.0.2.1', 22)"), Reason.REFUSED),
        (OSError(errno.EHOSTUNREACH, "No route to host"), Reason.UNREACHABLE),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Reason.UNREACHABLE),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), Reason.UNREACHABLE),
        (OSError(errno.EPERM, "Operation not permitted"), Reason.UNREACHABLE),
        (OSError(errno.ECONNRESET, "Connection reset by peer"), Reason.RESET),
        (OSError(errno.EPIPE, "Broken pipe"), Reason.RESET),
        (OSError(errno.EMFILE, "Too many open files"), Reason.EXHAUSTED),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), Reason.EXHAUSTED),
        (OSError(errno.EINVAL, "Invalid argument"), Reason.UNREACHABLE),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Reason.UNREACHABLE),
        (ConnectionResetError("Connection lost"), Reason.RESET),
        (ConnectionRefusedError(), Reason.REFUSED),
        (TimeoutError(), Reason.TIMEOUT),
        (OSError("something without a number"), Reason.UNREACHABLE),
    ],
)
def test_each_error_has_its_reason(error: OSError, reason: Reason) -> None:
    """The reason follows the error's number, or its class where a library gave no number."""
    failure = from_os_error(error, WHAT)
    assert reason == failure.reason
    assert failure.detail.startswith(f"{WHAT}: ")


def test_detail_is_the_systems_text_and_not_the_librarys() -> None:
    """An operator reads `Connection refused`, not the socket tuple that asyncio puts in its place."""
    failure = from_os_error(OSError(errno.ECONNREFUSED, "Connect call failed ('192.0.2.1', 22)"), WHAT)
    assert f"{WHAT}: Connection refused" == failure.detail


def test_own_shortage_says_whose_it_is() -> None:
    """Too many open files on the exporter's machine must not read as the host's fault."""
    assert "cs_exporter itself" in from_os_error(OSError(errno.EMFILE, "Too many open files"), WHAT).detail


@given(st.one_of(st.none(), st.integers(-5, 5000)), st.text())
def test_any_error_is_mapped(number: int | None, text: str) -> None:
    """Whatever the number and text, the answer is a failure with a reason of the list."""
    error = OSError(text) if number is None else OSError(number, text)
    assert isinstance(from_os_error(error, WHAT), ProbeFailed)
