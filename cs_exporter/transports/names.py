"""Host names to addresses, looked up in a few threads of our own that nobody ever waits for.

The C library's look-up can't be cancelled, and beside a silent name server it takes its time: in the event loop's own
threads it would hold up whoever else needs one, addresses written as numbers (uvloop), pages and the end included.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.reasons import UNRESOLVED, from_os_error

THREADS = 8
WAITING = 1024
"""Names that may wait for a thread."""

Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, Address]
"""What getaddrinfo(3) gives: family, kind, protocol, canonical name, address."""

Found = Sequence[AddressInfo]
Ask = Callable[[str, int], Found]


def _ask_library(name: str, port: int) -> Found:
    try:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # A name that is none (an empty or overlong label) fails in its encoding, before anybody is asked.
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    except socket.gaierror:
        # The C library tells a lack of descriptors as an unknown name; this tells it as what it is.
        socket.socket().close()
        raise


@dataclass(eq=False, slots=True)
class _LookUp:
    key: tuple[str, int]
    done: Future[Found] = field(default_factory=Future)
    askers: int = 0


class Names:
    """Looks names up. One look-up at a time for each name and port, however many ask; safe in any thread."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING, ask: Ask = _ask_library) -> None:
        self._most = threads
        self._room = waiting
        self._ask = ask
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], _LookUp] = {}
        self._queue: deque[_LookUp] = deque()
        self._busy = 0

    async def addresses(self, name: str, port: int, what: str, ends: float) -> Found:
        """The addresses of a name or number, until loop time `ends`. Raises ProbeFailed; `what` begins its detail."""
        with suppress(socket.gaierror, UnicodeError):
            return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        try:
            async with asyncio.timeout_at(ends):
                return await self._look_up(name, port)
        except TimeoutError as error:
            ahead = f"; {len(self._queue)} names wait for it" if self._queue else ""
            detail = f"{what}: {UNRESOLVED}: no name server has answered in time{ahead}"
            raise ProbeFailed(Reason.UNREACHABLE, detail, ours=True) from error
        except _FullError as error:
            detail = f"{what}: {UNRESOLVED}: {self._room} names already wait for the name server"
            raise ProbeFailed(Reason.UNREACHABLE, detail, ours=True) from error
        except OSError as error:
            raise from_os_error(error, what) from error

    async def _look_up(self, name: str, port: int) -> Found:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Found] = loop.create_future()
        look_up = self._join((name, port))
        try:
            look_up.done.add_done_callback(partial(_tell, loop, found))
            return await found
        finally:
            self._leave(look_up)

    def _join(self, key: tuple[str, int]) -> _LookUp:
        with self._lock:
            look_up = self._under_way.get(key)
            if look_up is None:
                if len(self._queue) >= self._room:
                    raise _FullError
                look_up = _LookUp(key)
                self._start_thread()
                self._under_way[key] = look_up
                self._queue.append(look_up)
            look_up.askers += 1
            return look_up

    def _start_thread(self) -> None:
        if self._busy >= self._most:
            return
        try:
            threading.Thread(target=self._work, name="names", daemon=True).start()
        except RuntimeError as error:
            if not self._busy:
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
        else:
            self._busy += 1

    def _leave(self, look_up: _LookUp) -> None:
        """What nobody waits for any more gives up its place in the queue."""
        with self._lock:
            look_up.askers -= 1
            if not look_up.askers and look_up in self._queue:
                self._queue.remove(look_up)
                del self._under_way[look_up.key]

    def _work(self) -> None:
        while (look_up := self._next()) is not None:
            try:
                found = self._ask(*look_up.key)
            except OSError as error:
                self._forget(look_up)
                look_up.done.set_exception(error)
            else:
                self._forget(look_up)
                look_up.done.set_result(found)

    def _next(self) -> _LookUp | None:
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            self._busy -= 1
            return None

    def _forget(self, look_up: _LookUp) -> None:
        with self._lock:
            del self._under_way[look_up.key]


class _FullError(Exception):
    """No room for another name."""


def _tell(loop: asyncio.AbstractEventLoop, found: asyncio.Future[Found], done: Future[Found]) -> None:
    with suppress(RuntimeError):  # a loop that has ended meanwhile has nobody who waits
        loop.call_soon_threadsafe(_settle, found, done)


def _settle(found: asyncio.Future[Found], done: Future[Found]) -> None:
    if found.done():
        return
    error = done.exception()
    if error is None:
        found.set_result(done.result())
    else:
        found.set_exception(error)


names = Names()
"""The process's one: its threads are the bound, whoever asks."""
