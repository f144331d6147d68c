"""One HTTP request as a probe makes it: the whole answer, of whatever status, or why there is none.

Only GET, so that nothing is ever changed; credentials are read from their file by the transport, at each request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpLogin:
    """Who asks, by basic authentication (RFC 7617). The file's first line is the password; its path is absolute."""

    user: str
    password_file: str


@dataclass(frozen=True, slots=True)
class HttpCall:
    """What is asked. `verify` False believes whoever answers; `ca_file` None: the system's."""

    url: str
    login: HttpLogin | None = None
    verify: bool = True
    ca_file: str | None = None
    most: int = 8 << 20
    """bytes of body that are read; a longer one is unparsable"""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer. `first_byte_seconds`: to its first byte, the name's resolution, connecting and TLS included."""

    status: int
    body: bytes
    first_byte_seconds: float


class Http(Protocol):
    """Asks servers over HTTP. Redirects are answers, not followed.

    All errors are ProbeFailed: unreachable (no answer to the connection request, or the name does not resolve),
    refused, mute (accepted, and said nothing within the deadline), timeout (said something, and not all within the
    deadline), reset, host_key (a certificate that is not to be trusted), unparsable (no HTTP, no TLS, or too long),
    command (the password's or the authority's file can't be used).
    """

    async def get(self, call: HttpCall, deadline: float) -> HttpAnswer:
        """One request and its whole answer within `deadline` seconds, name resolution included.

        There is never a second request to a server while one is under way: who comes meanwhile waits for its end.
        """
