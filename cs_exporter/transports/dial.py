"""Connections from the exporter to look at a port: the kernel's own connect time, a first byte, a certificate.

Nothing is kept: a destination is connected to, looked at and left.
"""

from __future__ import annotations

from cs_exporter.model import UnsupportedError
from cs_exporter.ports import Clock, Counters, Dial, Talk


class TcpDialer:
    """Implements ports.Dialer with sockets of the exporter."""

    def __init__(self, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        del address, port, talk, deadline
        raise UnsupportedError("not built")

    async def close(self) -> None:
        """Give up every attempt under way."""
