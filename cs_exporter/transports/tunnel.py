"""Connections that a host makes for us, through the SSH connection it is asked over (direct-tcpip, RFC 4254 §7.2).

What a host can reach is what matters for it; nothing is installed or started there.
"""

from __future__ import annotations

from cs_exporter.model import UnsupportedError
from cs_exporter.ports import Clock, Counters, Dial, Talk
from cs_exporter.transports.shell import HostShell


class HostTunnel:
    """Implements ports.Dialer from one host's vantage."""

    def __init__(self, shell: HostShell, clock: Clock, counters: Counters) -> None:
        self._shell = shell
        self._clock = clock
        self._counters = counters

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer. Raises UnsupportedError where the host is not asked over SSH, or forwards nothing."""
        del address, port, talk, deadline
        raise UnsupportedError("not built")
