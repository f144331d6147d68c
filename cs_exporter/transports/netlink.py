"""The exporter's own network devices and routes (pyroute2, rtnetlink(7)).

Reading only, and beside the event loop where the library blocks.
"""

from __future__ import annotations

from cs_exporter.model import UnsupportedError
from cs_exporter.ports import Link, Route


class KernelLinks:
    """Implements ports.Netlink."""

    async def links(self) -> tuple[Link, ...]:
        """See ports.Netlink."""
        raise UnsupportedError("not built")

    async def route(self, address: str) -> Route | None:
        """See ports.Netlink."""
        del address
        raise UnsupportedError("not built")
