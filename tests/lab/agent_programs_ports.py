"""The ports of a management server: how it listens, and what its user interface answers.

As Java does: one IPv6 socket takes IPv4 connections as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

HANDSHAKE = 30.0

Attend = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def listen(port: int, attend: Attend) -> None:
    """Take connections on all addresses, IPv4 ones on the IPv6 socket, as Java does."""
    listening = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, reuse_port=False)
    server = await asyncio.start_server(attend, sock=listening)
    await server.start_serving()


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one HTTP request: the user interface is there, all else is not."""
    with contextlib.suppress(OSError, EOFError, ValueError):
        async with asyncio.timeout(HANDSHAKE):
            request = await reader.readuntil(b"\r\n\r\n")
        status = b"200 OK" if request.split()[1].startswith(b"/client") else b"404 Not Found"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    writer.close()
