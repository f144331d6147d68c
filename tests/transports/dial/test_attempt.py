"""Our own sockets: what the kernel measured, whatever the event loop did meanwhile, and how a connection is left."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, PortState, Talk
from cs_exporter.transports.dial.attempt import SocketWire
from cs_exporter.transports.dial.dialer import TcpDialer
from cs_exporter.transports.dial.talk import Span
from tests.lab.wait import wait_until
from tests.transports.ssh.test_greeting import ends, full

TCP_ESTABLISHED, TCP_CLOSE_WAIT = 1, 8


def state(sock: socket.socket) -> int:
    """The kernel's state of a connection."""
    shown: int = struct.unpack("B", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0]
    return shown


def block(seconds: float) -> None:
    """Keep the event loop from everything."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


async def wire_to(listener: socket.socket) -> SocketWire:
    """A connected wire."""
    info = (socket.AF_INET, socket.SOCK_STREAM, 0, "", listener.getsockname())
    wire = SocketWire(info, "there")
    dial = await wire.connect(Span("there", 1, ends(1), time), ends(0))
    assert PortState.OPEN is dial.state
    return wire


@pytest.mark.parametrize("mute", [False, True])
async def test_how_it_is_left(*, mute: bool) -> None:
    """Whoever reads hears the end; a mute peer's kernel is freed of the connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = await wire_to(listener)
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(2)
            if not mute:
                peer.sendall(b"x" * 5000)
            wire.close(mute=mute)
            if mute:
                with pytest.raises(ConnectionResetError):
                    peer.recv(1)
            else:
                assert b"" == peer.recv(1)
                wait_until(lambda: state(peer) == TCP_CLOSE_WAIT)


async def test_a_blocked_event_loop() -> None:
    """The connect time is the kernel's; an answer that waited for us is no silence, and an early end no mute peer."""
    dialer, loop = TcpDialer(time, Counters()), asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        port = listener.getsockname()[1]
        loop.call_soon(block, 0.3)
        dial = await dialer.dial("127.0.0.1", port, Talk(), 5)
        assert dial.connect_seconds is not None
        assert 0 < dial.connect_seconds < 0.02
        loop.call_soon(block, 0.3)
        assert PortState.OPEN is (await dialer.dial("127.0.0.1", port, Talk(), 0.2)).state
        loop.call_soon(block, 0.3)
        with pytest.raises(ProbeFailed, match="left to wait"):
            await dialer.dial("127.0.0.1", port, Talk(listen=True), 0.2)


async def test_a_word_that_came_while_the_loop_was_blocked() -> None:
    """The deadline passes unseen: what the kernel has by then counts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = await wire_to(listener)
        peer, _ = listener.accept()
        with peer:
            reading = asyncio.create_task(wire.read(ends(0.1)))
            await asyncio.sleep(0)
            peer.sendall(b"word")
            block(0.2)
            assert b"word" == await reading
            with pytest.raises(TimeoutError):
                await wire.read(ends(0.01))
        wire.close()


async def test_giving_up() -> None:
    """A daemon that ends does not wait for the silent."""
    dialer = TcpDialer(time, Counters())
    with full() as (address, port):
        dials = [asyncio.create_task(dialer.dial(address, port + more * 0, Talk(), 60)) for more in range(2)]
        await asyncio.sleep(0.05)
        await dialer.close()
        async with asyncio.timeout(1):
            ended = await asyncio.gather(*dials, return_exceptions=True)
    assert [Reason.RESET] * 2 == [one.reason for one in ended if isinstance(one, ProbeFailed)]


async def test_more_than_the_kernel_takes() -> None:
    """What is said at once is small; a peer that takes nothing blocks nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = await wire_to(listener)
        with pytest.raises(BlockingIOError):
            wire.write(bytes(64 << 20))
        with suppress(OSError):
            wire.close()


async def test_a_request_that_meets_itself() -> None:
    """A port of this machine at which nobody listens is not open because our own request left from it."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        target = sock.getsockname()
    wire = SocketWire((socket.AF_INET, socket.SOCK_STREAM, 0, "", target), "there")
    wire._sock.bind(target)
    assert PortState.REFUSED is (await wire.connect(Span("there", 1, ends(1), time), ends(0))).state
    wire.close()


async def test_too_late_to_be_silent() -> None:
    """A destination that was given next to no time has not been silent."""
    with full() as there:
        wire = SocketWire((socket.AF_INET, socket.SOCK_STREAM, 0, "", there), "there")
        with pytest.raises(ProbeFailed) as caught:
            await wire.connect(Span("there", 4, ends(0.05), time), ends(0))
        wire.close()
    assert (Reason.TIMEOUT, True) == (caught.value.reason, caught.value.ours)
