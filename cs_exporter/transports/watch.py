"""Many sockets behind one descriptor that the event loop watches: what waits for an ICMP error needs it.

uvloop hears of the first error of a socket only and then watches it no more; an epoll instance among its
descriptors is just readable (epoll(7)), as often as one of its sockets has something to tell.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

_MOST_EVENTS = 256


class Watch:
    """Calls back what was added, as often as its socket has data or an error. Empty, it holds no descriptor."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._epoll: select.epoll | None = None

    def add(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Watch a socket in the running loop, until `remove`. Raises OSError where descriptors run out."""
        if self._epoll is None:
            epoll = select.epoll()
            asyncio.get_running_loop().add_reader(epoll.fileno(), self._look)
            self._epoll = epoll
        self._callbacks[descriptor] = ready
        self._epoll.register(descriptor, select.EPOLLIN)

    def remove(self, descriptor: int) -> None:
        """Watch it no more, before it is closed."""
        del self._callbacks[descriptor]
        if self._epoll is None:
            return
        self._epoll.unregister(descriptor)
        if not self._callbacks:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def _look(self) -> None:
        if self._epoll is None:
            return
        for descriptor, _ in self._epoll.poll(0, _MOST_EVENTS):
            ready = self._callbacks.get(descriptor)
            if ready is not None:
                ready()
