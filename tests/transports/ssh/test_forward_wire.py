"""One connection through a host: its bytes, its end, and the end of the SSH connection; and it is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncssh
import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.ssh.forward_wire import HELD, ChannelWire
from tests.lab.wait import wait_until_async
from tests.transports.ssh.ssh_peer import forwarding
from tests.transports.ssh.test_greeting import Greeting, ends, says, server


async def nothing() -> None:
    """The host has nothing to add."""


async def floods(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say something for ever."""
    with suppress(OSError):
        while not writer.is_closing():
            writer.write(bytes(65536))
            await writer.drain()


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say back one thing."""
    writer.write(await reader.read(100))


@asynccontextmanager
async def wire(greeting: Greeting) -> AsyncIterator[tuple[ChannelWire, asyncssh.SSHClientConnection]]:
    """A connection through a host to a peer of that manner, and the SSH connection."""
    async with server(greeting) as port, forwarding() as (forward, connection):
        made = await forward.open(("127.0.0.1", port), 5, ends(5), nothing)
        yield made, connection
        made.close()


async def test_said_and_heard() -> None:
    """There and back; then the end, and again the end."""
    async with wire(echoes) as (made, _):
        made.write(b"hello")
        assert b"hello" == await made.read(ends(2))
        assert [b"", b""] == [await made.read(ends(2)), await made.read(ends(2))]


async def test_silence() -> None:
    """Lasts as long as it is given, if the host vouches for it."""
    async with wire(says(b"")) as (made, _):
        with pytest.raises(TimeoutError):
            await made.read(ends(0.05))


async def test_a_host_that_does_not_vouch() -> None:
    """Its failure takes the place of the silence."""

    async def silent() -> None:
        raise ProbeFailed(Reason.TIMEOUT, "no answer from the host")

    async with wire(says(b"")) as (made, _):
        made.vouch = silent
        with pytest.raises(ProbeFailed, match="from the host"):
            await made.read(ends(0.05))


async def test_what_comes_in_the_last_moment() -> None:
    """What has arrived before the host's word is heard."""
    async with wire(echoes) as (made, _):

        async def late() -> None:
            made.write(b"late")
            await wait_until_async(lambda: made._said)

        made.vouch = late
        assert b"late" == await made.read(ends(0.05))


async def test_a_flood() -> None:
    """A peer that never stops is made to wait, and what is not read is not kept."""
    async with wire(floods) as (made, _):
        await wait_until_async(lambda: len(made._said) >= HELD)
        for _ in range(20):
            await asyncio.sleep(0.01)
            assert len(made._said) <= 2 * HELD
        taken = 0
        while taken < 8 * HELD:
            taken += len(await made.read(ends(5)))


async def test_the_ssh_connection_ends() -> None:
    """That is no end of the peer's, and nothing can be said any more."""
    async with wire(says(b"")) as (made, connection):
        reading = asyncio.create_task(made.read(ends(10)))
        await asyncio.sleep(0)
        connection.abort()
        with pytest.raises(ProbeFailed) as caught:
            await reading
        assert (Reason.RESET, True) == (caught.value.reason, made.gone.done())
        with pytest.raises(BrokenPipeError):
            made.write(b"anybody?")
