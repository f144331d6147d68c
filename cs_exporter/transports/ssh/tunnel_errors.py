"""What an SSH server says when it opens no connection for us, as a state, or as whose fault it is that none is known.

OpenSSH sends the text of the error that it met; for the few it knows no text for, only a number (RFC 4254 §5.1).
"""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import asyncssh

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Dial, PortState
from cs_exporter.transports.dial.errors import not_accepted

_PROHIBITED, _CONNECT_FAILED, _UNKNOWN_TYPE, _SHORTAGE = 1, 2, 3, 4
_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN)
_KNOWN = (
    *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH),
    *(errno.EHOSTDOWN, errno.ENETDOWN, errno.EACCES, errno.EPERM, *_SHORT),
)
_NUMBERS = {os.strerror(number): number for number in _KNOWN}


def not_opened(error: asyncssh.ChannelOpenError, address: str, port: int) -> Dial:
    """The answer that a refused channel is.

    Raises UnsupportedError where the host forwards nothing to there, ProbeFailed where it lacks something itself.
    """
    if error.code in (_PROHIBITED, _UNKNOWN_TYPE):
        shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        raise UnsupportedError(
            f"the host's SSH server connects nobody to {shown}: the account's line in authorized_keys needs"
            f' port-forwarding,permitopen="{shown}" and sshd_config AllowTcpForwarding local'
        )
    number = _NUMBERS.get(error.reason)
    if error.code == _SHORTAGE or number in _SHORT:
        raise ProbeFailed(Reason.EXHAUSTED, f"the host's SSH server can't connect to anything: {error.reason}")
    answer = None if number is None else not_accepted(number)
    if answer is None:
        # So says OpenSSH where the host's kernel did not even send a request.
        return Dial(PortState.FILTERED, f"the host can't connect there (no route?): {error.reason!r}")
    return replace(answer, detail=f"{answer.detail}, seen from the host")
