"""One table from the operating system's errors to the closed list of reasons.

Every transport uses it, so that the same trouble has the same name whoever meets it.
"""

from __future__ import annotations

import errno
import os
import socket

from cs_exporter.model import ProbeFailed, Reason

_REASONS = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.ENETRESET: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ENOTCONN: Reason.RESET,
    errno.ESHUTDOWN: Reason.RESET,
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.ENETUNREACH: Reason.UNREACHABLE,
    errno.EHOSTDOWN: Reason.UNREACHABLE,
    errno.ENETDOWN: Reason.UNREACHABLE,
    errno.EAFNOSUPPORT: Reason.UNREACHABLE,
    # The kernel gave up repeating itself: whether connecting or connected, nothing acknowledges our packets.
    errno.ETIMEDOUT: Reason.UNREACHABLE,
    # A packet filter or a prohibiting route of this machine.
    errno.EACCES: Reason.UNREACHABLE,
    errno.EPERM: Reason.UNREACHABLE,
}

_OWN_SHORTAGE = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN))

UNRESOLVED = "the name does not resolve"
"""In the detail of every failure to find a name's address, whatever its cause."""

# Libraries raise some of these without a number.
_BY_CLASS: tuple[tuple[type[OSError], Reason], ...] = (
    (ConnectionRefusedError, Reason.REFUSED),
    (ConnectionError, Reason.RESET),
    (TimeoutError, Reason.TIMEOUT),
)


def from_os_error(error: OSError, what: str) -> ProbeFailed:
    """The failure that an error of a socket operation means; `what` says what was tried ("connect to 10.0.0.1:22")."""
    if isinstance(error, socket.gaierror):
        detail = f"{what}: {UNRESOLVED}: {error.strerror or error}"
        return ProbeFailed(Reason.UNREACHABLE, detail, ours=True)
    number = error.errno
    if number in _OWN_SHORTAGE:
        detail = f"{what}: on the machine of cs_exporter itself: {os.strerror(number)}"
        return ProbeFailed(Reason.EXHAUSTED, detail, ours=True)
    if number is not None:
        return ProbeFailed(_REASONS.get(number, Reason.UNREACHABLE), f"{what}: {os.strerror(number)}")
    reason = next((reason for kind, reason in _BY_CLASS if isinstance(error, kind)), Reason.UNREACHABLE)
    return ProbeFailed(reason, f"{what}: {str(error) or type(error).__name__}")
