"""One table from database servers' error numbers, and the library's errors, to the closed list of reasons.

Numbers as in "Server Error Message Reference" (MySQL) and "MariaDB Error Codes".
"""

from __future__ import annotations

import ssl
import struct

from pymysql.err import MySQLError

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import SqlError
from cs_exporter.transports.mysql.wire import NotTlsError
from cs_exporter.transports.reasons import from_os_error

TOO_MANY = 1040
"""The number of "Too many connections"."""

UNREADY = 1047
"""The number by which a Galera node refuses statements on tables; of old that of an unknown command."""

_REASONS = {
    **dict.fromkeys((TOO_MANY, 1203, 1226), Reason.EXHAUSTED),
    1129: Reason.REFUSED,  # our address is blocked
    # No access: to a database, with this password, to a table, a column, a routine, from this host; a privilege is
    # missing; the account's plug-in lets nobody in by password.
    **dict.fromkeys((1044, 1045, 1130, 1142, 1143, 1227, 1370, 1698), Reason.DENIED),
    # A Galera node out of its cluster; shutting down; in offline mode.
    **dict.fromkeys((UNREADY, 1053, 3032), Reason.NOT_READY),
    # Broken on the wire; ended by KILL (MariaDB); left alone for longer than wait_timeout.
    **dict.fromkeys((1152, 1153, 1156, 1158, 1159, 1160, 1161, 1184, 1927, 4031), Reason.RESET),
}

_MENDS = {
    UNREADY: ": a Galera node that has lost its cluster, or is about to join it; other nodes may answer",
    1129: "; to be let in again, type there: FLUSH HOSTS (MySQL 9: TRUNCATE performance_schema.host_cache)",
}

LIBRARY_ERRORS = (MySQLError, OSError, NotTlsError, EOFError)
"""What a session raises (mysql_login)."""

_LIBRARY_REASONS = {
    **dict.fromkeys((2006, 2013), Reason.RESET),
    2059: Reason.DENIED,  # by a plug-in that the library does not have, or that we do not use
}

_SERVERS = frozenset((*range(1000, 2000), *range(3000, 1 << 16)))
"""The numbers that servers use for their own errors."""

_ERROR = struct.Struct("<HBxBH")
_ERROR_MARK = 0xFF
_STATE = len("#08004")

_LONGEST = 300
_LOST = "the connection was lost"


def from_library(error: Exception, what: str, otherwise: Reason) -> ProbeFailed:
    """The failure that an error of the library means.

    `what` begins the detail; `otherwise` is the reason of a server's error that the table does not have: whoever logs
    in was not let in, whoever asks has asked what can't be done.
    """
    if isinstance(error, NotTlsError):
        return _told_in_clear(error.said, what)
    if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
        return _of_the_system(error if isinstance(error, OSError) else error.__cause__, what)
    if isinstance(error, EOFError):
        return ProbeFailed(Reason.RESET, f"{what}: {_LOST}")
    number = error.args[0] if error.args else None
    if isinstance(error, MySQLError) and isinstance(number, int):
        return _numbered(number, str(error.args[-1]), what, otherwise)
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: no database server's answer: {_line(str(error))}")


def _of_the_system(error: BaseException | None, what: str) -> ProbeFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProbeFailed(Reason.HOST_KEY, f"{what}: the certificate is not to be trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return ProbeFailed(Reason.UNPARSABLE, f"{what}: TLS failed: {_line(str(error))}")
    return from_os_error(error if isinstance(error, OSError) else OSError(), what)


def _numbered(number: int, text: str, what: str, otherwise: Reason) -> ProbeFailed:
    if number in _LIBRARY_REASONS:
        return ProbeFailed(_LIBRARY_REASONS[number], f"{what}: {_line(text)}")
    if number not in _SERVERS:
        return ProbeFailed(Reason.UNPARSABLE, f"{what}: {_line(text)} ({number})")
    detail = f"{what}: {_line(text)} ({number})"
    if number == UNREADY and "wsrep" not in text.lower():
        return SqlError(otherwise, detail, number)
    return SqlError(_REASONS.get(number, otherwise), f"{detail}{_MENDS.get(number, '')}", number)


def _told_in_clear(said: bytes, what: str) -> ProbeFailed:
    """An error packet in the place of TLS: 3 bytes length, number of the packet, 0xff, 2 bytes number of the error."""
    if len(said) > _ERROR.size:
        low, high, mark, number = _ERROR.unpack_from(said)
        if mark == _ERROR_MARK:
            text = said[_ERROR.size : 4 + low + (high << 16)].decode("utf-8", "replace")
            return _numbered(number, text[_STATE:] if text.startswith("#") else text, what, Reason.DENIED)
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: the answer to TLS is not TLS")


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
