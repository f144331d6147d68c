"""Peers that are no SSH servers: each greets a client in one wrong way. Run as `python peers.py MANNER ADDRESS PORT`.

With files of a CERTIFICATE and its KEY after that, inside TLS. A script of its own, standard library only, because it
runs in a host's network namespace in the place of sshd.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable

Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
LINE = b"this is not the server you are looking for\r\n"


async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Accept and never speak, until the client goes away."""
    while await reader.read(1 << 16):
        pass


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer in 16 KiB of bytes without a line's end, and wait."""
    writer.write(bytes(range(128, 256)) * 128)
    await mute(reader, writer)


async def web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as a web server does to what it cannot read, and hang up."""
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def old_version(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet in a version of the protocol that nobody speaks any more, and wait."""
    writer.write(b"SSH-1.5-1.2.27\r\n")
    await mute(reader, writer)


async def garbage_after_banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet as SSH, then send bytes that are no packet, and wait."""
    writer.write(BANNER + bytes(range(255, -1, -1)) * 8)
    await mute(reader, writer)


async def reset_after_banner(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet as SSH, then reset the connection."""
    writer.write(BANNER)
    await writer.drain()
    connection: socket.socket = writer.get_extra_info("socket")
    # Closing with a linger time of zero sends RST instead of FIN (socket(7)).
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Hear the client's version and close, without a word."""
    await reader.readline()


async def endless_lines(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send lines of text without end; RFC 4253 section 4.2 allows some before the version line."""
    while True:
        writer.write(LINE)
        await writer.drain()


async def endless_line(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send one line without end."""
    while True:
        writer.write(b"x" * 4096)
        await writer.drain()


MANNERS: dict[str, Greeting] = {
    greeting.__name__: greeting
    for greeting in (
        mute,
        garbage,
        web_server,
        old_version,
        garbage_after_banner,
        reset_after_banner,
        hang_up,
        endless_lines,
        endless_line,
    )
}


async def serve(manner: str, address: str, port: int, *certificate: str) -> None:
    """Greet everybody in that manner for ever."""
    greeting = MANNERS[manner]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if context is not None:
        context.load_cert_chain(*certificate)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await greeting(reader, writer)
        except OSError:
            pass  # the client went away, which ends what we had to tell it
        finally:
            writer.close()

    server = await asyncio.start_server(handle, address, port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
