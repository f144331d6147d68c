"""The way to an SSH server's first words: name, TCP, banner, each with its own ways of failing.

Apart from SSH proper because asyncssh folds these phases into one, and an operator wants to know which it was.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.reasons import from_os_error

PEEK = 256

Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, Address]
"""What getaddrinfo(3) gives: family, kind, protocol, canonical name, address."""


async def connected(address: str, port: int, what: str, ends: float) -> socket.socket:
    """Connect to the first address of the name that takes it, until loop time `ends`. Raises ProbeFailed.

    Each address has its share of the time; what the last one did is told. `what` names the host in errors.
    """
    loop = asyncio.get_running_loop()
    found = await _addresses(address, port, what, ends)
    failure = ProbeFailed(Reason.UNREACHABLE, f"{what}: the name has no address")
    for left, (family, kind, protocol, _, target) in zip(range(len(found), 0, -1), found, strict=True):
        share = (ends - loop.time()) / left
        try:
            return await _connect(socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol), target, share)
        except TimeoutError:
            detail = f"{what}: no answer to the connection request within {share:.3g} s"
            failure = ProbeFailed(Reason.UNREACHABLE, detail)
        except OSError as error:
            failure = from_os_error(error, what)
    raise failure


async def _addresses(address: str, port: int, what: str, ends: float) -> Sequence[AddressInfo]:
    # Names are looked up by few threads: what is a number already must not stand in a dead name server's queue.
    with suppress(socket.gaierror, UnicodeError):
        return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    try:
        async with asyncio.timeout_at(ends):
            return await asyncio.get_running_loop().getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise ProbeFailed(Reason.UNREACHABLE, f"{what}: no name server has answered in time") from error
    except (OSError, UnicodeError) as error:
        raise from_os_error(_as_os_error(error), what) from error


def _as_os_error(error: OSError | UnicodeError) -> OSError:
    """A name that is none (an empty or overlong label) fails in its encoding, before anybody is asked."""
    return error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error))


async def _connect(sock: socket.socket, target: Address, limit: float) -> socket.socket:
    try:
        async with asyncio.timeout(limit):
            await asyncio.get_running_loop().sock_connect(sock, target)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


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
