"""The bytes of a connection, in clear and by TLS: whole or not at all, and in step or not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from cs_exporter.model import MysqlTls, Reason
from cs_exporter.transports.mysql.wire import FULL, LONGEST, NotTlsError, Wire
from tests.lab.certificates import Authority
from tests.lab.wait import wait_until_async
from tests.transports.mysql.databases import PATIENCE, error, failure, greeting, pretender

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority for servers of this process."""
    return Authority(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def wired(behave: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A wire to a peer that behaves so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    wire = Wire()
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        await asyncio.get_running_loop().create_connection(lambda: wire, "127.0.0.1", port)
        try:
            yield wire
        finally:
            wire.transport.abort()
            await wire.ended()


def contexts(authority: Authority) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's that trusts it."""
    certificate, key = authority.issue("localhost", "127.0.0.1")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(authority.file))


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say again what was said, until the other side ends."""
    while said := await reader.read(1 << 16):
        writer.write(said)
        await writer.drain()


@pytest.mark.parametrize("secure", [False, True])
async def test_bytes_arrive_whole(authority: Authority, *, secure: bool) -> None:
    """In the pieces in which they are asked for, more of them than may wait included."""
    server, client = contexts(authority)
    async with wired(echo, server if secure else None) as wire:
        if secure:
            await wire.secure(client, "127.0.0.1")
        said = bytes(range(256)) * (3 * FULL // 256)
        wire.write(said)
        await wire.drain()
        assert said[:5] == await wire.readexactly(5)
        assert said[5:] == await wire.readexactly(len(said) - 5)
        assert wire.in_step


@pytest.mark.parametrize("secure", [False, True])
async def test_an_end_in_the_middle_is_an_error(authority: Authority, *, secure: bool) -> None:
    """Half of what is awaited is nothing."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.write(b"half")

    server, client = contexts(authority)
    async with wired(half, server if secure else None) as wire:
        if secure:
            await wire.secure(client, "127.0.0.1")
        wire.write(b"?")
        with pytest.raises(asyncio.IncompleteReadError):
            await wire.readexactly(8)
        assert not wire.in_step


async def test_an_answer_without_end_is_given_up() -> None:
    """However fast it is read: memory has its limits."""

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(bytes(1 << 20))
                await writer.drain()

    async with wired(endless) as wire:
        heard = 0

        async def listen() -> None:
            nonlocal heard
            while True:
                heard += len(await wire.readexactly(1 << 18))

        with pytest.raises(ConnectionAbortedError, match="64 MiB"):
            await listen()
        assert LONGEST - (1 << 22) < heard <= LONGEST


async def test_what_nobody_asked_for_is_out_of_step() -> None:
    """A farewell that came between two statements is seen before the next one is sent."""

    async def farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.write(error(0, 4031, "The client was disconnected by the server because of inactivity."))
        await reader.read()

    async with wired(farewell) as wire:
        assert wire.in_step
        wire.write(b".")
        await wait_until_async(lambda: not wire.in_step, what="the farewell to arrive")


async def test_a_certificate_is_checked(authority: Authority) -> None:
    """By authority and by name."""
    server, client = contexts(authority)
    async with wired(echo, server) as wire:
        with pytest.raises(ssl.SSLCertVerificationError):
            await wire.secure(client, "192.0.2.1")
    async with wired(echo, server) as wire:
        with pytest.raises(ssl.SSLCertVerificationError):
            await wire.secure(ssl.create_default_context(), "127.0.0.1")


async def test_an_answer_in_clear_is_not_lost(authority: Authority) -> None:
    """A peer that answers the beginning of TLS otherwise: its words are kept, in whatever pieces they come."""

    async def clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 12)
        for piece in (b"\x17\0", b"\0\2\xff\x10\4Too many conne"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        await reader.read()

    async with wired(clear) as wire:
        with pytest.raises(NotTlsError) as failed:
            await wire.secure(contexts(authority)[1], "127.0.0.1")
        assert b"\x17\0\0\2\xff\x10\4Too many conne" == failed.value.said


async def test_an_error_in_the_place_of_tls_is_told_as_what_it_is() -> None:
    """Through the whole login: a proxy that is full after it has greeted."""

    async def full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting())
        await reader.read(1 << 12)
        writer.write(error(2, 1040, "Too many connections"))
        await reader.read()

    async with pretender(full, tls=MysqlTls.REQUIRED) as sql:
        failed = await failure(sql.login(PATIENCE))
        assert (Reason.EXHAUSTED, 1040) == (failed.reason, getattr(failed, "code", None))
        assert failed.detail.endswith("Too many connections (1040)")
