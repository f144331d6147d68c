"""Echoes from the exporter, with "don't fragment" set and the kernel's cached path MTU left aside (ip(7)).

Works with what the process is allowed: raw sockets, ping sockets, or else UDP to a closed port.
"""

from __future__ import annotations

from cs_exporter.model import UnsupportedError
from cs_exporter.ports import Counters, Echo, EchoWay


class Echoes:
    """Implements ports.Mtu."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    @property
    def way(self) -> EchoWay:
        """See ports.Mtu."""
        return EchoWay.UDP

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """See ports.Mtu."""
        del address, size, deadline
        raise UnsupportedError("not built")
