"""Echoes from the exporter, with "don't fragment" set and the kernel's cached path MTU left aside (ip(7)).

Works with what the process is allowed: raw sockets, ping sockets, or else UDP to a closed port.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, Echo, EchoState, EchoWay
from cs_exporter.transports.names import Address, names
from cs_exporter.transports.paths.icmp import EchoSocket, open_socket
from cs_exporter.transports.paths.watch import Watch
from cs_exporter.transports.reasons import from_os_error
from cs_exporter.transports.tcp import RESERVE

PARALLEL = 512
"""Packets under way at most, a socket each; less where the process may open few."""

REVIEW = 600.0
"""Seconds after which it is looked again what this process may do: the sysctl can be set while it runs."""


class Echoes:
    """Implements ports.Mtu."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._watch = Watch()
        self._slots: asyncio.Semaphore | None = None
        self._way = EchoWay.UDP
        self._reviewed = -REVIEW

    @property
    def way(self) -> EchoWay:
        """See ports.Mtu."""
        if time.monotonic() - self._reviewed >= REVIEW:
            self._way = _best_way()
            self._reviewed = time.monotonic()
        return self._way

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """See ports.Mtu. A name's first address counts; finding it, and a free slot, may take `deadline` once more."""
        what = f"echo to {address}"
        ends = asyncio.get_running_loop().time() + deadline
        (family, _, _, _, target), *_ = await names.addresses(address, 0, what, ends)
        async with self._slot(what, ends):
            try:
                return await self._exchange(family, target, size, deadline)
            except PermissionError as error:
                detail = f"{what}: on the machine of cs_exporter itself: {error.strerror}"
                raise ProbeFailed(Reason.UNREACHABLE, f"{detail} (packet filter, route)", ours=True) from error
            except OSError as error:
                raise from_os_error(error, what) from error

    @asynccontextmanager
    async def _slot(self, what: str, ends: float) -> AsyncIterator[None]:
        if self._slots is None:
            most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            spare = PARALLEL if most == resource.RLIM_INFINITY else max(1, (most - RESERVE) // 2)
            self._slots = asyncio.Semaphore(min(PARALLEL, spare))
        try:
            async with asyncio.timeout_at(ends):
                await self._slots.acquire()
        except TimeoutError as error:
            detail = f"{what}: too many echoes are under way"
            raise ProbeFailed(Reason.EXHAUSTED, detail, ours=True) from error
        try:
            yield
        finally:
            self._slots.release()

    async def _exchange(self, family: int, target: Address, size: int, deadline: float) -> Echo:
        sending = self._opened(family, target, size)
        try:
            refused = sending.send()
            if refused is not None:
                return refused
            self._counters.echoes += 1
            return await self._answer(sending, deadline) or Echo(EchoState.SILENT, size)
        finally:
            sending.close()

    def _opened(self, family: int, target: Address, size: int) -> EchoSocket:
        try:
            return EchoSocket(self.way, family, target, size)
        except PermissionError:
            # What was allowed when it was last looked at no longer is.
            self._reviewed = -REVIEW
            return EchoSocket(self.way, family, target, size)

    async def _answer(self, sending: EchoSocket, deadline: float) -> Echo | None:
        found: asyncio.Future[Echo] = asyncio.get_running_loop().create_future()

        def look() -> None:
            echo = sending.answer()
            if echo is not None and not found.done():
                found.set_result(echo)

        descriptor = sending.fileno()
        self._watch.add(descriptor, look)
        try:
            async with asyncio.timeout(deadline):
                return await found
        except TimeoutError:
            # Where the loop was held up, the answer may have been read just now, or still lie there.
            return sending.answer() if found.cancelled() else found.result()
        finally:
            self._watch.remove(descriptor)


def _best_way() -> EchoWay:
    """The best way that the kernel lets this process go."""
    for way in (EchoWay.RAW, EchoWay.PING):
        try:
            open_socket(way, socket.AF_INET).close()
        except PermissionError:
            continue
        return way
    return EchoWay.UDP
