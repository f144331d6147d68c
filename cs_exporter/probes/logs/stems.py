"""The closed list of events that are counted in CloudStack's logs, each by what its lines have in every version.

A line is of the first event that has a stem in it. Stems end where versions begin to differ, which is mostly where a
host is named. Their texts are those of the sources from 4.11 to 4.22; none is a pattern, or has a quote or a backslash.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Stems = Mapping[str, tuple[str, ...]]
"""Event -> texts, one of which is in its line."""

PING = "Ping from "
"""Not an event: it says that an agent was heard, where the message begins with it: anybody's text may contain it."""

PINGS_LOGGER = "AgentManagerImpl] ("
DEBUG = " DEBUG ["
"""Of lines by the logger that writes those about pings, at their level: while they come, pings are written down."""

BEHIND = "Found the following agents behind on ping: ["
POOL = "(total="
"""HikariCP's figures of a pool: in its refusals, and in its statistics where it is set to DEBUG."""

SERVER: Stems = MappingProxyType(
    {
        "behind_on_ping": (BEHIND,),
        "investigation": ("Investigating why host ",),
        "host_in_alert": ("Host in ALERT state, ",),
        "host_disconnected": ("Host disconnected, ",),
        "pool_exhausted": (
            "Connection is not available, request timed out after ",  # HikariCP
            "Cannot get a connection, pool error",  # DBCP
        ),
        "too_many_connections": ("Too many connections",),
        "certificate": (
            "Certificate ownership verification failed for client",
            "Client is using revoked certificate of serial=",
            "certificate(s) are expected from client",
            "Certificate auto-renewal failed for ",
            "Certificate expiring soon for ",
        ),
        "certificate_expired_or_clock": ("Client certificate has expired with serial=",),
        "ssl_handshake": ("SSL error caught during ",),
        "denied": (
            "Rejecting new connection",
            "Throwing away a request because it came through as the first command on a connect",
        ),
        "connect_process_error": (
            "says there is an error in the connect process for ",
            "Unable to create attache for agent",
        ),
        "out_of_memory": ("java.lang.OutOfMemoryError",),
        "db_fence": (
            "DB communication problem detected, fence it",
            "Invalid cluster session found, fence it",
            "perform active fencing",
        ),
        "heartbeat_slow": ("Management server heartbeat takes too long",),
        "command_timeout": ("Operation timed out: ", "Timed out on Seq "),
    }
)

AGENT: Stems = MappingProxyType(
    {
        "heartbeat_write": ("Write heartbeat for pool [",),
        "pings_given_up": ("Ping Interval has gone past ",),
        "ssl_handshake": ("SSL Handshake failed while connecting to host",),
        "unknown_host": ("unknown host? ",),
        "denied": ("Not allowed to connect to the server", "agent.max.concurrent.new.connections"),
        "startup_unanswered": ("The startup command is now cancelled",),
        "connection_lost": ("Lost connection to host: ",),
        "out_of_memory": ("java.lang.OutOfMemoryError",),
    }
)


def for_grep(stems: Stems, *more: str) -> str:
    """The texts as fixed patterns, one a line, each once."""
    return "\n".join(dict.fromkeys([*more, *(text for texts in stems.values() for text in texts)]))


def for_awk(kind: str, stems: Stems) -> str:
    """A rule of awk that counts a line of that kind of log under its event."""
    tests = ((event, " || ".join(f'has("{text}")' for text in texts)) for event, texts in stems.items())
    rules = "\n\t\t\telse ".join(f'if ({test}) n["{event}"]++' for event, test in tests)
    return f'kind == "{kind}" {{\n\t\t\t{rules}\n\t\t}}'
