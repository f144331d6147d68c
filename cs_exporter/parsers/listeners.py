"""Who listens on a host's ports, and whether he still accepts: lines of ss(8), and counts of sessions made from them.

Of a listening socket, Recv-Q is how many connections wait to be accepted, and Send-Q how many may (its backlog).
"""

from __future__ import annotations

from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import whole

_LISTEN_FIELDS = 5
_SESSIONS_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket; `address` as ss writes it, such as 0.0.0.0, *, [::] or 127.0.0.1."""

    address: str
    port: int
    queue: int  # connections that wait to be accepted
    backlog: int  # that may wait

    @property
    def loopback(self) -> bool:
        """Whether only the host itself can connect to it."""
        return self.address.startswith(("127.", "[::1]", "[::ffff:127."))


@dataclass(frozen=True, slots=True)
class Sessions:
    """The established TCP connections to one port."""

    port: int
    number: int
    unread: int  # those with bytes that nobody has read yet


def parse(text: str) -> tuple[tuple[Listener, ...], tuple[Sessions, ...]]:
    """Lines of `ss -tlnH`, and lines "sessions PORT NUMBER UNREAD". Raises UnparsableError."""
    listeners, sessions = [], []
    for line in text.splitlines():
        fields = line.split()
        if fields[:1] == ["LISTEN"] and len(fields) >= _LISTEN_FIELDS:
            listeners.append(_listener(fields))
        elif fields[:1] == ["sessions"] and len(fields) == _SESSIONS_FIELDS:
            port, number, unread = (whole(field, "sessions") for field in fields[1:])
            sessions.append(Sessions(port, number, unread))
        elif fields:
            raise UnparsableError(f"not a line of ss: {line[:80]!r}")
    return tuple(listeners), tuple(sessions)


def _listener(fields: list[str]) -> Listener:
    address, _, port = fields[3].rpartition(":")
    return Listener(address, whole(port, "port"), whole(fields[1], "Recv-Q"), whole(fields[2], "Send-Q"))
