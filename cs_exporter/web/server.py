"""Listens: opens the addresses, bounds connections, and takes in new certificates and passwords without a restart.

A listener is opened once; at a reload the same socket gets a new TLS context, so no connection is refused meanwhile.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time

from aiohttp import web

from cs_exporter.config.errors import ConfigError
from cs_exporter.ports import Clock
from cs_exporter.web.app import Gate, make_app
from cs_exporter.web.daemon import Daemon
from cs_exporter.web.options import ListenAddress, WebOptions
from cs_exporter.web.security import Security, load_security

MAX_CONNECTIONS = 500
KEEPALIVE = 90.0
"""Seconds an idle connection is kept: longer than scrapes are usually apart."""
FIRST_REQUEST = 10.0
"""Seconds a new connection has to send its first request."""
TLS_HANDSHAKE = 5.0
SHUTDOWN = 1.0
"""Seconds requests under way are given to end when the server stops, and once more to be cancelled."""

_BACKLOG = 128
_MENDS = {
    errno.EADDRINUSE: "is in use; stop the program that listens there, or choose another port",
    errno.EACCES: "may not be used by this user; choose a port above 1023",
    errno.EADDRNOTAVAIL: "is no address of this machine; choose one that is",
}


class WebServer:
    """The listeners and the application behind them."""

    def __init__(self, daemon: Daemon, options: WebOptions, clock: Clock = time) -> None:
        """Reads the security file. Raises ConfigError."""
        self._options = options
        self._security = load_security(options.config_file)
        self._gate = Gate(self._security)
        self._silent: set[web.RequestHandler] = set()
        app = make_app(daemon, options, self._gate, self._spoke, clock)
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=KEEPALIVE, lingering_time=1.0, shutdown_timeout=SHUTDOWN
        )
        self._listeners: list[asyncio.Server] = []

    async def start(self) -> None:
        """Open all addresses, or none. Raises ConfigError for one that can't be had."""
        await self._runner.setup()
        try:
            for address in self._options.listen:
                self._listeners.append(await self._listen(address))
        except ConfigError:
            await self.stop()
            raise

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the server listens, with the ports that were really opened."""
        names = [sock.getsockname() for listener in self._listeners for sock in listener.sockets]
        return tuple(str(ListenAddress(name[0], name[1])) for name in names)

    @property
    def scheme(self) -> str:
        """How to speak to it."""
        return "https" if self._security.tls else "http"

    def read_security(self) -> Security:
        """Read the security file anew, for `apply`. Raises ConfigError."""
        return load_security(self._options.config_file)

    async def apply(self, security: Security) -> None:
        """Use it from the next connection and the next request on; requests under way end as they began."""
        self._security = security
        self._gate.replace(security)
        before = self._listeners
        sockets = [sock for listener in before for sock in listener.sockets]
        self._listeners = [await self._serve(sock.dup()) for sock in sockets]
        for sock in sockets:
            asyncio.get_running_loop().remove_reader(sock.fileno())
        # A connection that an old listener accepted in this turn gets its transport in the next one; were the listener
        # closed before that, asyncio would forget the connection, and its client wait for ever.
        for _ in range(2):
            await asyncio.sleep(0)
        for listener in before:
            listener.close()

    async def stop(self) -> None:
        """Close the listeners, let requests under way end within `SHUTDOWN` seconds, close all connections."""
        for listener in self._listeners:
            listener.close()
        self._listeners = []
        await self._runner.cleanup()
        self._silent.clear()

    async def _listen(self, address: ListenAddress) -> asyncio.Server:
        loop, tls = asyncio.get_running_loop(), self._security.tls
        try:
            return await loop.create_server(
                self._door,
                address.host or None,
                address.port,
                backlog=_BACKLOG,
                ssl=tls,
                ssl_handshake_timeout=TLS_HANDSHAKE if tls else None,
            )
        except OSError as error:
            mend = _MENDS.get(error.errno or 0, f"can't be listened on ({error.strerror or error}); choose another")
            raise ConfigError("--web.listen-address", "", f"{str(address)!r} {mend}") from None

    async def _serve(self, sock: socket.socket) -> asyncio.Server:
        tls = self._security.tls
        return await asyncio.get_running_loop().create_server(
            self._door, sock=sock, backlog=_BACKLOG, ssl=tls, ssl_handshake_timeout=TLS_HANDSHAKE if tls else None
        )

    def _door(self) -> asyncio.BaseProtocol:
        """What answers a new connection; one that never asks anything is closed before long."""
        server = self._runner.server
        if server is None or len(server.connections) >= MAX_CONNECTIONS:
            return _Refusal()
        handler = server()
        self._silent.add(handler)
        asyncio.get_running_loop().call_later(FIRST_REQUEST, self._close_silent, handler)
        return handler

    def _spoke(self, request: web.BaseRequest) -> None:
        self._silent.discard(request.protocol)

    def _close_silent(self, handler: web.RequestHandler) -> None:
        if handler in self._silent:
            self._silent.discard(handler)
            handler.force_close()


class _Refusal(asyncio.Protocol):
    """Answers a connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
