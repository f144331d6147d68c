"""HTTP requests of probes: one connection each, a whole answer or the reason why there is none.

Nothing is kept between two requests, neither connections nor cookies, and no proxy of our environment is asked.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, HttpAnswer, HttpCall, HttpLogin
from cs_exporter.transports.http_wire import HEAD_MOST, NotHttpError, answer, request
from cs_exporter.transports.reasons import from_os_error
from cs_exporter.transports.tcp import connected

_LONGEST_PASSWORD = 4096
_PORTS = {"http": 80, "https": 443}

Server = tuple[str, int]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class _Turn:
    """A server's turns: one at a time; `waiting` counts who has it or waits, so that it can be forgotten."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    since: float = 0.0  # loop time
    waiting: int = 0


@dataclass(eq=False, slots=True)
class _Attempt:
    """One request under way, for what is told when it does not end. Times are the loop's."""

    what: str
    begun: float
    ends: float
    first: float | None = None  # the first byte of the answer

    def spoke(self) -> None:
        """The first byte has come."""
        self.first = asyncio.get_running_loop().time()

    def overdue(self) -> ProbeFailed:
        """Its time has passed after the connection was accepted."""
        if self.first is not None:
            return ProbeFailed(Reason.TIMEOUT, f"{self.what}: the answer did not end in time")
        return ProbeFailed(Reason.MUTE, f"{self.what}: the connection was accepted, and no answer came in time")


class HttpClient:
    """See ports.Http. All methods are for the event loop's thread."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._turns: dict[Server, _Turn] = {}

    async def get(self, call: HttpCall, deadline: float) -> HttpAnswer:
        """See ports.Http."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + deadline
        url = urlsplit(call.url)
        server = url.hostname or "", url.port or _PORTS[url.scheme]
        what = f"http {server[0]} port {server[1]}"
        async with self._turn(server, what, ends):
            authorization, context = await _files(call, what, ends)
            attempt = _Attempt(what, loop.time(), ends)
            self._counters.http_requests += 1
            sock = await connected(*server, what, ends)
            try:
                async with asyncio.timeout_at(ends):
                    name = server[0] if context is not None else None
                    streams = await _opened(sock, context, name, attempt)
                    return await _exchange(streams, request(_host(url), _target(url), authorization), call, attempt)
            except TimeoutError as error:
                raise attempt.overdue() from error

    async def close(self) -> None:
        """Nothing is kept."""

    @asynccontextmanager
    async def _turn(self, server: Server, what: str, ends: float) -> AsyncIterator[None]:
        """Hold the server's turn. Raises ProbeFailed where it does not come in time."""
        loop = asyncio.get_running_loop()
        turn = self._turns.setdefault(server, _Turn())
        turn.waiting += 1
        try:
            try:
                async with asyncio.timeout_at(ends):
                    await turn.lock.acquire()
            except TimeoutError as error:
                since = f"another request is under way for {loop.time() - turn.since:.1f} s"
                raise ProbeFailed(Reason.TIMEOUT, f"{what}: not begun, because {since}", ours=True) from error
            try:
                turn.since = loop.time()
                yield
            finally:
                turn.lock.release()
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[server]


async def _files(call: HttpCall, what: str, ends: float) -> tuple[str | None, ssl.SSLContext | None]:
    """What files say: who asks, and whom to believe. Raises ProbeFailed; a file may be on a mount that hangs."""
    try:
        async with asyncio.timeout_at(ends):
            authorization = await asyncio.to_thread(_authorization, call.login) if call.login else None
            context = await asyncio.to_thread(_context, call) if call.url.startswith("https:") else None
            return authorization, context
    except TimeoutError as error:
        raise ProbeFailed(Reason.COMMAND, f"{what}: our own files could not be read in time", ours=True) from error


async def _opened(sock: socket.socket, context: ssl.SSLContext | None, name: str | None, attempt: _Attempt) -> Streams:
    """Streams over a connection, by TLS where there is a context. Raises ProbeFailed."""
    try:
        return await asyncio.open_connection(sock=sock, ssl=context, server_hostname=name, limit=HEAD_MOST)
    except ssl.SSLError as error:
        raise _of_tls(error, attempt.what) from error
    except OSError as error:
        raise from_os_error(error, attempt.what) from error


async def _exchange(streams: Streams, asked: bytes, call: HttpCall, attempt: _Attempt) -> HttpAnswer:
    """Ask. Raises ProbeFailed."""
    what, (reader, writer) = attempt.what, streams
    try:
        writer.write(asked)
        whole = await answer(reader, call.most, attempt.spoke)
    except NotHttpError as error:
        raise ProbeFailed(Reason.UNPARSABLE, f"{what}: {error}") from error
    except asyncio.IncompleteReadError as error:
        ended = "without a word" if attempt.first is None else "in the middle of its answer"
        raise ProbeFailed(Reason.RESET, f"{what}: it closed the connection {ended}") from error
    except ssl.SSLError as error:
        raise _of_tls(error, what) from error
    except OSError as error:
        raise from_os_error(error, what) from error
    finally:
        writer.transport.abort()
    first = attempt.begun if attempt.first is None else attempt.first
    return HttpAnswer(whole.status, whole.body, first - attempt.begun)


def _host(url: SplitResult) -> str:
    """The header's value: without a user that the URL may name."""
    return url.netloc.rpartition("@")[2]


def _target(url: SplitResult) -> str:
    return f"{url.path or '/'}{'?' if url.query else ''}{url.query}"


def _authorization(login: HttpLogin) -> str:
    """The header's value (RFC 7617), with the password as its file has it now. Raises ProbeFailed(COMMAND)."""
    try:
        with Path(login.password_file).open("rb") as file:
            password = file.readline(_LONGEST_PASSWORD).rstrip(b"\r\n")
    except OSError as error:
        raise _unreadable(login.password_file, "password_file", error) from error
    return f"Basic {b64encode(login.user.encode() + b':' + password).decode()}"


def _context(call: HttpCall) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=call.ca_file)
    except (OSError, ValueError) as error:
        raise _unreadable(call.ca_file or "the system's certificates", "ca_file", error) from error
    if not call.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unreadable(path: str, setting: str, error: OSError | ValueError) -> ProbeFailed:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ProbeFailed(Reason.COMMAND, f"{path} can't be used ({said}); correct {setting}", ours=True)


def _of_tls(error: ssl.SSLError, what: str) -> ProbeFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProbeFailed(Reason.HOST_KEY, f"{what}: the certificate is not to be trusted: {error.verify_message}")
    return ProbeFailed(Reason.UNPARSABLE, f"{what}: TLS failed: {error.reason or type(error).__name__}")
