"""One TCP destination as a probe asks it: whether it accepts, and whether whoever accepted says a word.

The same question from two vantages, the exporter's own sockets and a host's, through its SSH connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class PortState(StrEnum):
    """How a destination answered."""

    OPEN = "open"  # accepted; and, where a first word is expected, said one
    REFUSED = "refused"
    FILTERED = "filtered"  # no answer to the connection request, or an ICMP message instead of one
    RESET = "reset"  # accepted, and broke the connection before its first word
    MUTE = "mute"  # accepted, and never said its first word


@dataclass(frozen=True, slots=True)
class Talk:
    """What is done after the connection is accepted. Nothing is ever sent but `send`."""

    send: bytes = b""  # said at once, inside TLS where `tls` is set
    listen: bool = False  # a first byte must come within the deadline
    tls: bool = False  # a TLS handshake first; the certificate is looked at, not verified
    server_name: str | None = None  # SNI of that handshake


@dataclass(frozen=True, slots=True)
class Dial:
    """What one connection attempt showed. Seconds throughout; `detail` is one line for a human.

    `connect_seconds`: from the exporter the kernel's own figure (tcpi_rtt), untouched by what the event loop does;
    from a host the time until its SSH server reported success, less the round trip to that host.
    """

    state: PortState
    detail: str
    connect_seconds: float | None = None
    syn_retransmits: int | None = None  # connection requests that had to be repeated; unknown from a host
    first_byte_seconds: float | None = None
    first_bytes: bytes = b""  # at most 64
    not_after: float | None = None  # end of the TLS certificate's validity, seconds since the epoch
    tls_error: str | None = None  # the handshake's failure, where there was one


class Dialer(Protocol):
    """Connects, looks, closes at once. Raises ProbeFailed only where it could not even try (our own fault, SSH)."""

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """One attempt within `deadline` seconds, all phases together.

        There is never a second attempt at a destination while one is under way, also when its asker has given up:
        a further call joins it, or says `filtered` since when.
        """
