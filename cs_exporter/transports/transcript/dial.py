"""A Dialer that writes down every look at a port, for `cs-exporter probe`: what was done there, and what was seen.

It wraps the real one; both vantages are shown the same way.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cs_exporter.ports import Clock, Dial, Dialer, Talk
from cs_exporter.transports.transcript.note import Note, Noting


class NotedDialer:
    """ports.Dialer around another one. `vantage` is shown: where the connections are made from."""

    def __init__(self, inner: Dialer, vantage: str, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._vantage = vantage
        self._noted = Noting(note, clock)

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        asked = f"connect from {self._vantage} to {address} port {port}{_manner(talk)}"
        return await self._noted.noted(asked, self._inner.dial(address, port, talk, deadline), _seen)


def _manner(talk: Talk) -> str:
    steps = []
    if talk.tls:
        steps.append(f"TLS for {talk.server_name}" if talk.server_name else "TLS")
    if talk.send:
        steps.append(f"say {talk.send!r}")
    if talk.listen:
        steps.append("wait for a byte")
    return ", ".join(["", *steps])


def _seen(dial: Dial) -> list[str]:
    figures = [
        *([] if dial.connect_seconds is None else [f"connected in {dial.connect_seconds * 1000:.3f} ms"]),
        *([f"connection request repeated {dial.syn_retransmits} times"] if dial.syn_retransmits else []),
        *([] if dial.first_byte_seconds is None else [f"first byte after {dial.first_byte_seconds * 1000:.2f} ms"]),
        *([] if dial.not_after is None else [f"certificate valid until {_date(dial.not_after)}"]),
        *([] if dial.tls_error is None else [f"TLS: {dial.tls_error}"]),
    ]
    return [f"{dial.state}: {dial.detail}", *("    " + figure for figure in figures)]


def _date(seconds: float) -> str:
    """The day, where the calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s since 1970"
