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
        epoll = self._epoll = self._epoll or self._opened()
        try:
            epoll.register(descriptor, select.EPOLLIN)
            self._callbacks[descriptor] = ready
        finally:
            self._close_if_idle()

    def remove(self, descriptor: int) -> None:
        """Watch it no more, before it is closed."""
        del self._callbacks[descriptor]
        if self._epoll is not None:
            self._epoll.unregister(descriptor)
        self._close_if_idle()

    def _opened(self) -> select.epoll:
        epoll = select.epoll()
        asyncio.get_running_loop().add_reader(epoll.fileno(), self._look)
        return epoll

    def _close_if_idle(self) -> None:
        if self._epoll is not None and not self._callbacks:
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
