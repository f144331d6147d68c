"""Database servers of the lab as the transport is given them, and peers that only look like one.

Shared by the tests of everything that asks such servers.
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from cs_exporter.model import Host, MysqlTarget, ProbeFailed
from cs_exporter.ports import Counters, Sql
from cs_exporter.transports.mysql.servers import MysqlServers
from tests.lab.mysql import MysqlServer

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a test gives a server that is to answer; one that is not gets BRIEF."""

BRIEF = 0.3
SSL, PLUGIN_AUTH, PROTOCOL_41 = 0x0800, 0x80000, 0x0200


def watched(server: MysqlServer, **target: Any) -> Host:  # noqa: ANN401  # MysqlTarget's own fields
    """The server's host, with what differs from the lab's monitoring account."""
    given: dict[str, Any] = {"password_file": str(server.password_file), **target}
    return Host(server.host.name, server.address, mysql=MysqlTarget(**given))


@asynccontextmanager
async def servers(counters: Counters | None = None) -> AsyncIterator[MysqlServers]:
    """The transport, closed in the end."""
    made = MysqlServers(time, counters or Counters())
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def kept(server: MysqlServer, **target: Any) -> AsyncIterator[Sql]:  # noqa: ANN401  # as watched
    """What a run on the server's host is given."""
    async with servers() as made:
        yield made.of(watched(server, **target))


async def failure(asked: Awaitable[T]) -> ProbeFailed:
    """Why what was asked failed."""
    try:
        result = await asked
    except ProbeFailed as failed:
        return failed
    raise AssertionError(f"did not fail: {result!r}")


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def packet(number: int, content: bytes) -> bytes:
    """One packet of the protocol."""
    return struct.pack("<I", len(content))[:3] + bytes([number]) + content


def greeting(version: bytes = b"8.0.1", capabilities: int = PROTOCOL_41 | PLUGIN_AUTH | SSL) -> bytes:
    """A server's first words (Protocol::HandshakeV10)."""
    low, high = struct.pack("<I", capabilities)[:2], struct.pack("<I", capabilities)[2:]
    salt = os.urandom(20).replace(b"\0", b"\1")
    head = b"\x0a" + version + b"\0" + struct.pack("<I", 7) + salt[:8] + b"\0" + low
    return packet(0, head + b"\x21\2\0" + high + b"\x15" + bytes(10) + salt[8:] + b"\0mysql_native_password\0")


def error(number: int, code: int, text: str) -> bytes:
    """An error packet."""
    return packet(number, b"\xff" + struct.pack("<H", code) + b"#08004" + text.encode())


@asynccontextmanager
async def pretender(
    behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    **target: Any,  # noqa: ANN401
) -> AsyncIterator[Sql]:
    """What a run is given of a peer that behaves so, and hangs up after it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, servers() as made:
        yield made.of(Host("pretender", "127.0.0.1", mysql=MysqlTarget(port=port, **target)))
