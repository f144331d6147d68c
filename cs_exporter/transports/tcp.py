"""TCP connections, from a name or number to a connected socket, the same way for everything that is asked over one.

Apart from the event loop's own connecting, which looks even numbers up in threads that silent name servers fill.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.names import Address, names
from cs_exporter.transports.reasons import from_os_error

RESERVE = 48
"""Descriptors that connections to hosts leave free: for those who scrape, for files, for name look-ups."""

_ANSWERED = (Reason.REFUSED, Reason.RESET)


async def connected(address: str, port: int, what: str, ends: float) -> socket.socket:
    """Connect to the first address of the name that takes it, until loop time `ends`. Raises ProbeFailed.

    Each address has its share of the time. What the last one did is told, unless another one did answer: that it
    refused says more than that a second one has no route. `what` names the host in errors.
    """
    loop = asyncio.get_running_loop()
    found = await names.addresses(address, port, what, ends)
    failure = ProbeFailed(Reason.UNREACHABLE, f"{what}: the name has no address")
    for left, (family, kind, protocol, _, target) in zip(range(len(found), 0, -1), found, strict=True):
        share = (ends - loop.time()) / left
        try:
            return await _connect(opened(family, kind, protocol), target, share)
        except TimeoutError:
            detail = f"{what}: no answer to the connection request within {share:.3g} s"
            latest = ProbeFailed(Reason.UNREACHABLE, detail)
        except OSError as error:
            latest = from_os_error(error, what)
        if latest.reason is Reason.EXHAUSTED:
            raise latest
        failure = failure if failure.reason in _ANSWERED else latest
    raise failure


def opened(family: int, kind: int, protocol: int) -> socket.socket:
    """A socket that does not block. Raises OSError, EMFILE already where few descriptors are left."""
    made = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The kernel gives the lowest number that is free: a high one says how many are taken.
    if most != resource.RLIM_INFINITY and made.fileno() >= most - min(RESERVE, most // 4):
        made.close()
        _raise(errno.EMFILE)
    return made


async def _connect(sock: socket.socket, target: Address, limit: float) -> socket.socket:
    """The socket, connected; closed where that fails. Raises OSError, or TimeoutError after `limit` seconds."""
    connecting = sock.connect_ex(target)
    try:
        if connecting == errno.EINPROGRESS:
            async with asyncio.timeout(limit):
                await _writable(sock)
            connecting = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        _raise(connecting)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _raise(number: int) -> None:
    if number:
        raise OSError(number, os.strerror(number))


async def _writable(sock: socket.socket) -> None:
    """Wait until the connection request has had its answer."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sock)
