"""The RPC client against real servers: a healthy NFS server and its faults, and peers that break every rule."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.parsers import rpc
from cs_exporter.ports import Counters, Rpc, RpcVerdict
from cs_exporter.transports.rpc import RpcClient
from tests.lab.nfs_server import MOUNT_PORT, NfsServer
from tests.lab.wait import wait_until_async

DEADLINE = 5.0
SHORT = 0.2  # where the peer is to let it pass
LAST = 0x8000_0000

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def client() -> Rpc:
    """A client, seen as the port that probes know."""
    return RpcClient(Counters())


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture(autouse=True)
async def no_descriptor_left() -> AsyncIterator[None]:
    """Every connection of a test is closed when it ends."""
    before = descriptors()
    yield
    await wait_until_async(lambda: descriptors() <= before, what="all connections to be closed")


@contextlib.asynccontextmanager
async def peer(behave: Peer) -> AsyncIterator[int]:
    """A TCP server of the given behaviour; gives its port."""
    server = await asyncio.start_server(behave, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def answering(reply: Callable[[int], bytes]) -> Peer:
    """A peer that reads a call and sends what `reply` makes of its xid, then waits for the caller to go."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = await reader.readexactly(44)
        writer.write(reply(struct.unpack_from(">I", call, 4)[0]))
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()

    return behave


def record(*words: int) -> bytes:
    """A record of XDR unsigned integers."""
    return struct.pack(f">{len(words) + 1}I", LAST | 4 * len(words), *words)


async def failure(client: Rpc, port: int, deadline: float = SHORT, address: str = "127.0.0.1") -> ProbeFailed:
    """The failure of a NULL call."""
    with pytest.raises(ProbeFailed) as caught:
        await client.null(address, port, rpc.NFS, 3, deadline)
    return caught.value


@pytest.mark.lab
@pytest.mark.parametrize(
    ("port", "program", "version", "expected"),
    [
        (111, rpc.PORTMAPPER, 2, RpcVerdict.UP),
        (MOUNT_PORT, rpc.MOUNTD, 3, RpcVerdict.UP),
        (2049, rpc.NFS, 3, RpcVerdict.UP),
        (2049, rpc.NFS, 4, RpcVerdict.UP),
        (2049, rpc.NFS, 2, RpcVerdict.VERSION_MISMATCH),
        (2049, 200000, 1, RpcVerdict.PROGRAM_UNAVAILABLE),
    ],
)
async def test_a_real_server(
    client: Rpc, nfs_server: NfsServer, port: int, program: int, version: int, expected: RpcVerdict
) -> None:
    """A real NFS server says of each program whether it serves it, within milliseconds."""
    reply = await client.null(nfs_server.host.address, port, program, version, DEADLINE)
    assert expected == reply.verdict
    assert 0 < reply.latency < DEADLINE


@pytest.mark.lab
async def test_a_mismatch_says_what_is_offered(client: Rpc, nfs_server: NfsServer) -> None:
    """A server without NFS version 2 says that it has 3 to 4."""
    reply = await client.null(nfs_server.host.address, 2049, rpc.NFS, 2, DEADLINE)
    assert (3, 4) == (reply.lowest, reply.highest)


@pytest.mark.lab
@pytest.mark.parametrize(("program", "version", "expected"), [(rpc.MOUNTD, 3, MOUNT_PORT), (200000, 1, 0)])
async def test_getport(client: Rpc, nfs_server: NfsServer, program: int, version: int, expected: int) -> None:
    """The portmapper knows the port of mountd, and answers 0 for a program that nobody registered."""
    assert expected == await client.getport(nfs_server.host.address, program, version, DEADLINE)


@pytest.mark.lab
async def test_a_stopped_server_and_a_dead_one(client: Rpc, nfs_server: NfsServer) -> None:
    """A frozen server is mute, though its TCP port is open; a dead one refuses; both serve again at once."""
    address = nfs_server.host.address
    nfs_server.freeze()
    try:
        assert Reason.MUTE == (await failure(client, 2049, address=address)).reason
    finally:
        nfs_server.thaw()
    assert RpcVerdict.UP == (await client.null(address, 2049, rpc.NFS, 3, DEADLINE)).verdict
    nfs_server.stop()
    try:
        assert Reason.REFUSED == (await failure(client, 2049, address=address)).reason
    finally:
        nfs_server.start()
    assert RpcVerdict.UP == (await client.null(address, 2049, rpc.NFS, 3, DEADLINE)).verdict


@pytest.mark.parametrize(
    ("reply", "reason", "detail"),
    [
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", Reason.UNPARSABLE, "more than 65536 bytes"),
        (lambda xid: record(xid ^ 1, 1, 0, 0, 0, 0), Reason.UNPARSABLE, "another call"),
        (lambda xid: record(xid, 1, 0, 0), Reason.UNPARSABLE, "ends early"),
        (lambda xid: record(xid, 1, 0, 0, 0, 0)[:-4], Reason.TIMEOUT, "did not end in time"),
        (lambda _: b"", Reason.MUTE, "never answered"),
    ],
    ids=["another protocol", "reply to another call", "too short", "half a reply", "silence"],
)
async def test_peers_that_break_the_rules(
    client: Rpc, reply: Callable[[int], bytes], reason: Reason, detail: str
) -> None:
    """Each wrong answer has its own reason, and a detail that says what was wrong."""
    async with peer(answering(reply)) as port:
        failed = await failure(client, port)
    assert reason == failed.reason
    assert detail in failed.detail
    assert f"127.0.0.1:{port}" in failed.detail


async def test_a_peer_that_never_ends(client: Rpc) -> None:
    """An endless record is given up at 64 KiB, long before the deadline, and with the connection gone."""
    gone = asyncio.Event()

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fragment = struct.pack(">I", 1000) + bytes(1000)
        try:
            while True:
                writer.write(fragment)
                await writer.drain()
        except ConnectionError:
            gone.set()
            writer.transport.abort()

    async with peer(endless) as port:
        failed = await failure(client, port, deadline=DEADLINE)
        await asyncio.wait_for(gone.wait(), DEADLINE)
    assert Reason.UNPARSABLE == failed.reason


@pytest.mark.parametrize("linger", [True, False], ids=["reset", "closed"])
async def test_a_connection_that_breaks(client: Rpc, *, linger: bool) -> None:
    """A peer that resets or closes the connection instead of answering is told from one that is silent."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(44)
        if linger:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with peer(behave) as port:
        assert Reason.RESET == (await failure(client, port, deadline=DEADLINE)).reason


@pytest.mark.parametrize(
    "status", [(3,), (4,), (5,)], ids=["procedure unavailable", "garbage arguments", "system error"]
)
async def test_other_refusals(client: Rpc, status: tuple[int, ...]) -> None:
    """Any other well-formed refusal is an answer, not a failure."""
    async with peer(answering(lambda xid: record(xid, 1, 0, 0, 0, *status))) as port:
        reply = await client.null("127.0.0.1", port, rpc.NFS, 3, DEADLINE)
    assert RpcVerdict.REJECTED == reply.verdict


@pytest.mark.parametrize(
    ("answer", "reason"), [((1,), Reason.NOT_READY), ((0, 70000), Reason.UNPARSABLE), ((0,), Reason.UNPARSABLE)]
)
async def test_portmappers_that_are_none(answer: tuple[int, ...], reason: Reason) -> None:
    """What listens in the portmapper's place but refuses GETPORT, or answers no port, is a failure."""
    async with peer(answering(lambda xid: record(xid, 1, 0, 0, 0, *answer))) as port:
        with pytest.raises(ProbeFailed) as caught:
            await RpcClient(Counters(), portmapper_port=port).getport("127.0.0.1", rpc.MOUNTD, 3, DEADLINE)
    assert reason == caught.value.reason


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel drops further requests, as a packet filter does."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_a_dropped_connection_request(client: Rpc, deaf_port: int) -> None:
    """No answer to the connection request is `unreachable`, not `mute`."""
    failed = await failure(client, deaf_port)
    assert Reason.UNREACHABLE == failed.reason
    assert "no answer to the connection request" in failed.detail


@pytest.mark.parametrize("address", ["no-such-host.invalid", "a" * 70 + ".invalid"])
async def test_names_that_do_not_resolve(client: Rpc, address: str) -> None:
    """A name without an address, or that can't be a name at all, is `unreachable`."""
    assert Reason.UNREACHABLE == (await failure(client, 2049, DEADLINE, address)).reason


async def test_a_refused_port(client: Rpc) -> None:
    """A machine that lives but does not listen refuses; the detail says whom we asked."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        failed = await failure(client, port)
    assert Reason.REFUSED == failed.reason
    assert f"connect to 127.0.0.1:{port}: Connection refused" == failed.detail


async def test_an_ipv6_address_is_shown_in_brackets(client: Rpc) -> None:
    """Otherwise nobody could tell its last group from the port."""
    assert "connect to [::1]:1: " in (await failure(client, 1, DEADLINE, "::1")).detail


async def test_a_cancelled_call_closes_its_connection(client: Rpc) -> None:
    """Cancelling a call that waits for a mute peer ends the connection, and is not swallowed."""
    gone = asyncio.Event()
    asked = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(44)
        asked.set()
        await reader.read()
        gone.set()
        writer.transport.abort()

    async with peer(mute) as port:
        task = asyncio.create_task(client.null("127.0.0.1", port, rpc.NFS, 3, 60.0))
        await asyncio.wait_for(asked.wait(), DEADLINE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), DEADLINE)


async def test_calls_are_counted() -> None:
    """Each call counts, whether it was answered or not."""
    counters = Counters()
    client = RpcClient(counters)
    async with peer(answering(lambda xid: record(xid, 1, 0, 0, 0, 0))) as port:
        await client.null("127.0.0.1", port, rpc.NFS, 3, DEADLINE)
    await failure(client, port)
    assert 2 == counters.rpc_calls
