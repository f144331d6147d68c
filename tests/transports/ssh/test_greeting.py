"""Banners: each of their ways to fail is told apart, and none of them leaves a socket behind.

Against real sockets of this machine; hosts of the lab are in `test_ssh.py`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.ssh.greeting import PEEK, greeted
from cs_exporter.transports.tcp import connected
from tests.lab.wait import wait_until_async

Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


def ends(seconds: float) -> float:
    """The loop's time in so many seconds."""
    return asyncio.get_running_loop().time() + seconds


async def attempt(address: str, port: int, seconds: float = 2.0) -> ProbeFailed | None:
    """What connecting and waiting for the banner fails with."""
    try:
        with await connected(address, port, "kvm1 port 22", ends(seconds)) as sock:
            await greeted(sock, "kvm1 port 22", ends(seconds))
    except ProbeFailed as failure:
        return failure
    return None


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@asynccontextmanager
async def server(greeting: Greeting) -> AsyncIterator[int]:
    """A server on 127.0.0.1 that greets in that manner; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greeting(reader, writer)
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        port: int = listening.sockets[0].getsockname()[1]
        yield port


@contextmanager
def full() -> Iterator[tuple[str, int]]:
    """An address that answers no connection request: a listener whose queue is full."""
    with socket.create_server(("127.0.0.2", 0), backlog=0) as listener:
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.settimeout(0)
            one.connect_ex(listener.getsockname())
            waiting.append(one)
        yield listener.getsockname()
        for one in waiting:
            one.close()


def says(words: bytes) -> Greeting:
    """Say that, and wait until the client has gone."""

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()

    return greeting


async def hangs_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Close at once."""


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close by RST: a linger time of zero (socket(7))."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("greeting", "expected", "said"),
    [
        (says(b""), Reason.MUTE, "never said a word"),
        (hangs_up, Reason.RESET, "closed before the banner"),
        (resets, Reason.RESET, "before the banner"),
        (says(b"Exceeded MaxStartups\r\n"), Reason.EXHAUSTED, "Exceeded MaxStartups"),
        (says(b"Not allowed at this time\r\n"), Reason.EXHAUSTED, "Not allowed"),
        (says(b"x" * PEEK), Reason.UNPARSABLE, "not an SSH server"),
        (says(bytes(range(256))), Reason.UNPARSABLE, "not an SSH server"),
    ],
    ids=["mute", "hangs up", "resets", "MaxStartups", "penalty", "text", "bytes"],
)
async def test_first_words(greeting: Greeting, expected: Reason, said: str) -> None:
    """What comes in the place of a banner has its reason, within the time, and the socket is closed."""
    async with server(greeting) as port:
        before = descriptors()
        failure = await attempt("127.0.0.1", port, 0.3)
        assert failure is not None
        assert (expected, True) == (failure.reason, said in failure.detail), failure
        assert failure.detail.startswith("kvm1 port 22: ")
        await wait_until_async(lambda: descriptors() <= before)


@pytest.mark.parametrize(
    "words", [BANNER, b"Welcome to kvm1\r\n" + BANNER, b"S"], ids=["banner", "lines first", "a letter"]
)
async def test_a_banner_is_left_for_the_protocol(words: bytes) -> None:
    """The server's words are looked at and not taken: whoever speaks SSH reads them again."""
    async with server(says(words)) as port:
        with await connected("127.0.0.1", port, "kvm1", ends(2)) as sock:
            await greeted(sock, "kvm1", ends(2))
            assert words == await asyncio.get_running_loop().sock_recv(sock, PEEK)


@pytest.mark.parametrize("greeting", [says(b""), None], ids=["waiting for the banner", "connecting"])
async def test_giving_up_closes_the_socket(greeting: Greeting | None) -> None:
    """A daemon that stops while hosts are silent leaves no descriptor."""
    before = descriptors()
    with full() as dead:
        async with server(greeting or hangs_up) as port:
            held = descriptors()
            task = asyncio.create_task(attempt("127.0.0.1", port, 60) if greeting else attempt(*dead, 60))
            await wait_until_async(lambda: descriptors() > held)
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(end, asyncio.CancelledError)
    await wait_until_async(lambda: descriptors() <= before)
