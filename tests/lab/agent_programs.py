"""The two ends of an agent's session, as programs: they behave on the wire as CloudStack's, without TLS and commands.

`python -S agent_programs.py server PORT` and `... agent PORT EVERY SERVER...`. Scripts of their own, standard library
only, because they run in hosts' network namespaces and are frozen and killed there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys

BACKOFF = 0.3
"""Seconds an agent waits before it tries the next server; the real one waits 5."""


async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each ping of one agent, until it goes away."""
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            writer.write(b"answer to " + line)
            await writer.drain()
    writer.close()


async def serve(port: int) -> None:
    """Be a management server: take sessions on all addresses, IPv4 ones on the IPv6 socket, as Java does."""
    listening = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, reuse_port=False)
    server = await asyncio.start_server(attend, sock=listening)
    await server.serve_forever()


async def ping(writer: asyncio.StreamWriter, every: float) -> None:
    """Send a ping every so many seconds, as long as the connection takes them."""
    for number in itertools.count(1):
        writer.write(f"ping {number}\n".encode())
        await writer.drain()
        await asyncio.sleep(every)


async def session(server: str, port: int, every: float) -> None:
    """One session, until the server ends it. The agent itself never gives up a server that is silent."""
    reader, writer = await asyncio.open_connection(server, port)
    pinging = asyncio.create_task(ping(writer, every))
    try:
        while await reader.read(1 << 16):
            pass
    finally:
        pinging.cancel()
        writer.close()


async def be_agent(port: int, every: float, servers: list[str]) -> None:
    """Be an agent: keep one session with one of the servers, the next in turn whenever it is lost."""
    for server in itertools.cycle(servers):
        with contextlib.suppress(OSError):
            await session(server, port, every)
        await asyncio.sleep(BACKOFF)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        asyncio.run(serve(int(sys.argv[2])))
    else:
        asyncio.run(be_agent(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
