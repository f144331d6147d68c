"""What `openssl x509 -enddate -startdate` says of certificate files, one block per file (openssl-x509(1), Debian 12).

A block begins with a state and the file's path; only a file that could be read has dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cs_exporter.model import UnparsableError


class FileState(StrEnum):
    """What became of looking into a file."""

    READ = "read"
    MISSING = "missing"
    UNREADABLE = "unreadable"  # it, or a folder on the way to it, is closed to the account
    STRANGE = "strange"  # it holds no certificate that openssl understands


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """The first certificate of a file. Times are seconds since the epoch; None unless it was read."""

    path: str
    state: FileState
    not_before: float | None = None
    not_after: float | None = None


_STATES = frozenset(state.value for state in FileState)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse(text: str) -> tuple[CertificateFile, ...]:
    """The files in the order they were asked for. Raises UnparsableError."""
    found: list[CertificateFile] = []
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key in ("notBefore", "notAfter") and found:
            last = found[-1]
            before, after = last.not_before, last.not_after
            moment = _moment(value)
            before, after = (moment, after) if key == "notBefore" else (before, moment)
            found[-1] = CertificateFile(last.path, FileState.READ, before, after)
            continue
        state, _, path = line.partition(" ")
        if state not in _STATES or not path.startswith("/"):
            raise UnparsableError(f"not a certificate's dates: {line[:60]!r}")
        found.append(CertificateFile(path, FileState(state)))
    for one in found:
        if one.state is FileState.READ and one.not_after is None:
            raise UnparsableError(f"no end date for {one.path}")
    return tuple(found)


def _moment(text: str) -> float:
    """A date such as "Nov  5 12:00:00 2027 GMT": always in English and in GMT, whatever the locale."""
    parts = text.split()
    try:
        month, day, time, year, zone = parts
        hour, minute, second = (int(part) for part in time.split(":"))
        moment = datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise UnparsableError(f"not a date of openssl's: {text[:40]!r}") from error
    if zone != "GMT":
        raise UnparsableError(f"not in GMT: {text[:40]!r}")
    return moment.timestamp()
