"""An SSH server's first words on a connected socket, with their own ways of failing.

Apart from SSH proper because asyncssh folds these phases into one, and an operator wants to know which it was.
"""

from __future__ import annotations

import asyncio
import socket

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.reasons import from_os_error

PEEK = 256


async def greeted(sock: socket.socket, what: str, ends: float) -> None:
    """Wait for the server's first words, until loop time `ends`, without taking them. Raises ProbeFailed."""
    try:
        async with asyncio.timeout_at(ends):
            await _readable(sock)
        first = sock.recv(PEEK, socket.MSG_PEEK)
    except TimeoutError as error:
        raise ProbeFailed(Reason.MUTE, f"{what}: accepted the connection and never said a word") from error
    except OSError as error:
        raise from_os_error(error, f"{what}: before the banner") from error
    if not first:
        detail = f"{what}: closed before the banner (a limit such as MaxStartups, or a proxy without a server)"
        raise ProbeFailed(Reason.RESET, detail)
    if b"MaxStartups" in first or b"Not allowed at this time" in first:
        raise ProbeFailed(Reason.EXHAUSTED, f"{what}: {first.decode('ascii', 'replace').strip()}")
    if b"SSH-" not in first and len(first) == PEEK:
        raise ProbeFailed(Reason.UNPARSABLE, f"{what}: not an SSH server; it says {first[:40]!r}")


async def _readable(sock: socket.socket) -> None:
    """Wait until there is something to read, or the end."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)
