"""One session on a database server: how it is begun, what is asked on it, how it is left. Built on aiomysql's protocol.

The library connects by itself, goes on in clear where a server offers no TLS, and lets a server ask for the password in
clear; so everything before the password is ours, by the library's own steps (its connection.py, 0.3.2).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiomysql.connection import Connection
from pymysql.charset import charset_by_name
from pymysql.connections import MAX_PACKET_LEN
from pymysql.constants import CLIENT
from pymysql.err import InternalError, MySQLError

from cs_exporter.model import Host, MysqlTls, ProbeFailed, Reason
from cs_exporter.ports import SqlRow
from cs_exporter.transports.mysql.wire import Wire

_LONGEST_PASSWORD = 4096
_FAKED = "5.5.5-"
"""What MariaDB puts before its version, for replicas of old MySQL servers."""

_NONSENSE = (
    ValueError,
    LookupError,
    TypeError,
    NameError,
    AttributeError,
    AssertionError,
    RuntimeError,
    struct.error,
)
_CLEAR_TEXT = (b"mysql_clear_password", b"mysql_old_password")

# The kernel gives up on a peer that acknowledges nothing after about a minute (tcp(7)), and on nothing else.
_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000),
)


class Session(Connection):  # type: ignore[misc]  # the library ships no types
    """A session on a connected socket, which is then its own.

    All methods may raise mysql_errors.LIBRARY_ERRORS. A session is closed by `leave` or `abort`, whatever happened.
    """

    def __init__(self, host: Host, password: str) -> None:
        super().__init__(
            host=host.address,
            user=host.mysql.user,
            password=password,
            charset="utf8mb4",
            use_unicode=False,
            conv={},
            autocommit=True,
            program_name="cs_exporter",
        )
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS
        self._wire = Wire()

    @property
    def in_step(self) -> bool:
        """Whether the connection stands and the next thing on it is ours to say."""
        return not self.closed and self._wire.in_step

    @property
    def spoken(self) -> bool:
        """Whether the server has said anything."""
        return self._wire.spoken

    @property
    def number(self) -> int:
        """The connection's id on the server."""
        return int(self.server_thread_id[0])

    @property
    def version(self) -> str:
        """The server's version, as its greeting has it."""
        return str(self.server_version).removeprefix(_FAKED)

    async def attach(self, connected: socket.socket) -> None:
        """Take over a connected socket."""
        try:
            for level, option, value in _KEEPALIVE:
                connected.setsockopt(level, option, value)
            await asyncio.get_running_loop().create_connection(lambda: self._wire, sock=connected)
        except BaseException:
            connected.close()
            raise
        self._reader = self._writer = self._wire
        self._next_seq_id = 0

    async def greeting(self) -> None:
        """Wait for the server's first words."""
        with _nonsense():
            await self._get_server_information()

    async def authenticate(self, tls: ssl.SSLContext | None) -> None:
        """By TLS where a context is given, log in."""
        if tls is not None:
            await self._secure_by(tls)
        with _nonsense():
            await self._request_authentication()

    async def rows(self, statement: str) -> tuple[SqlRow, ...]:
        """The rows of a statement."""
        with _nonsense():
            await self.query(statement)
        result = self._result
        names = [str(column[0]) for column in result.description or ()]
        return tuple(dict(zip(names, map(_text, row), strict=True)) for row in result.rows or ())

    def leave(self) -> None:
        """Tell the server that this was all, and close. What is under way is broken off."""
        if self.in_step:
            self._wire.write(b"\1\0\0\0\1")  # COM_QUIT, the first packet of its command
        self.close()

    def abort(self) -> None:
        """Close at once."""
        if self._writer is not None:
            self._wire.transport.abort()
        self.close()

    async def ended(self, limit: float) -> None:
        """Wait until its descriptor is closed, by force after `limit` seconds."""
        try:
            async with asyncio.timeout(limit):
                await self._wire.ended()
        except TimeoutError:
            self._wire.transport.abort()
            await self._wire.ended()

    async def _secure_by(self, tls: ssl.SSLContext) -> None:
        if not self.server_capabilities & CLIENT.SSL:
            raise ProbeFailed(Reason.DENIED, f"mysql {self._host}: the server offers no TLS, which `tls` asks for")
        self.client_flag |= CLIENT.SSL
        collation = charset_by_name(self.charset).id
        self.write_packet(struct.pack("<iIB23s", self.client_flag, MAX_PACKET_LEN, collation, b""))
        await self._wire.secure(tls, self._host)
        self._secure = True

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:  # noqa: ANN401  # the library's
        """See the library: the server asks for another way to log in."""
        if plugin_name in _CLEAR_TEXT and not self._secure:
            raise MySQLError(2059, f"the server asks for the password in clear ({plugin_name.decode()})")
        return await super()._process_auth(plugin_name, auth_packet)


def password_of(host: Host) -> str:
    """The password as it is in its file now: the first line. Raises ProbeFailed(COMMAND).

    Read as Latin-1 because the library writes it so: what a server gets are the file's own bytes.
    """
    if host.mysql.password_file is None:
        return ""
    try:
        with Path(host.mysql.password_file).open("rb") as file:
            return file.readline(_LONGEST_PASSWORD).rstrip(b"\r\n").decode("latin-1")
    except OSError as error:
        raise _unreadable(host.mysql.password_file, error) from error


def tls_of(host: Host) -> ssl.SSLContext | None:
    """How the connection is encrypted; None: not at all. Raises ProbeFailed(COMMAND)."""
    if host.mysql.tls is MysqlTls.OFF:
        return None
    try:
        context = ssl.create_default_context(cafile=host.mysql.ca_file)
    except (OSError, ValueError) as error:
        raise _unreadable(host.mysql.ca_file or "certificates of this machine", error) from error
    if host.mysql.tls is MysqlTls.REQUIRED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _nonsense() -> Iterator[None]:
    """What the library raises, in its steps, at bytes that no database server sends becomes an error of its own."""
    try:
        yield
    except _NONSENSE as error:
        raise InternalError(f"{type(error).__name__}: {error}") from error


def _unreadable(path: str, error: Exception) -> ProbeFailed:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ProbeFailed(Reason.COMMAND, f"{path}: {reason}", ours=True)


def _text(value: bytes | str | None) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
