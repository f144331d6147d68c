"""ports.Mtu and ports.Netlink that write down what was asked and answered, for `cs-exporter probe`.

One line per packet: its size, what became of it, and who said so.
"""

from __future__ import annotations

from cs_exporter.ports import Clock, Echo, EchoWay, Link, Mtu, Netlink, Route
from cs_exporter.transports.transcript.note import Note, Noting


class NotedMtu:
    """ports.Mtu around another one."""

    def __init__(self, inner: Mtu, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    @property
    def way(self) -> EchoWay:
        """See ports.Mtu."""
        return self._inner.way

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """See ports.Mtu."""
        asked = f"echo ({self.way}): {size} bytes to {address}, not to be fragmented"
        return await self._noted.noted(asked, self._inner.echo(address, size, deadline), _echo)


class NotedNetlink:
    """ports.Netlink around another one."""

    def __init__(self, inner: Netlink, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    async def links(self) -> tuple[Link, ...]:
        """See ports.Netlink."""
        return await self._noted.noted("rtnetlink: the devices", self._inner.links(), _links)

    async def route(self, address: str) -> Route | None:
        """See ports.Netlink."""
        return await self._noted.noted(f"rtnetlink: the route to {address}", self._inner.route(address), _route)


def _echo(echo: Echo) -> list[str]:
    parts = [str(echo.state)]
    if echo.rtt is not None:
        parts.append(f"in {echo.rtt * 1000:.2f} ms")
    if echo.mtu is not None:
        parts.append(f"mtu {echo.mtu}")
    if echo.by:
        parts.append(f"by {echo.by}")
    return [" ".join(parts)]


def _links(links: tuple[Link, ...]) -> list[str]:
    return [_link(link) for link in links]


def _link(link: Link) -> str:
    parts = [f"{link.name}: mtu {link.mtu}", link.kind, "" if link.up else "down"]
    parts += [f"{word} {value}" for word, value in (("on", link.underlay), ("in", link.master)) if value]
    if link.vxlan_port is not None:
        inner = "any id" if link.vxlan_id is None else f"id {link.vxlan_id}"
        parts += [inner, f"port {link.vxlan_port}", f"from {link.vxlan_local}" if link.vxlan_local else ""]
    return " ".join(filter(None, parts))


def _route(route: Route | None) -> list[str]:
    if route is None:
        return ["none"]
    parts = [f"out of {route.device}", f"from {route.source}" if route.source else ""]
    if route.mtu is not None:
        parts.append(f"mtu {route.mtu}{' (learnt, will expire)' if route.cached else ''}")
    return [" ".join(filter(None, parts))]
