"""What is done at an open port: each way in which a peer takes it has its state, and silence must have had its time."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, Dial, PortState, Talk
from cs_exporter.transports.dial.dialer import TcpDialer
from cs_exporter.transports.dial.talk import FIRST_BYTES, Span, talked
from tests.transports.dial.test_tls import Played
from tests.transports.dial.tls_peer import serving, tls_server
from tests.transports.ssh.test_greeting import ends, says

LISTEN, TLS = Talk(b"GET / HTTP/1.0\r\n\r\n", listen=True), Talk(tls=True)
GONE = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
ANSWER = b"HTTP/1.1 200 OK\r\n" * 10


def span(deadline: float = 0.0) -> Span:
    """A second's attempt, of which silence must have taken a quarter of the deadline."""
    return Span("10.0.0.1 port 80", deadline, ends(1), time)


@pytest.mark.parametrize(
    ("talk", "said", "state", "detail"),
    [
        (Talk(), [], PortState.OPEN, "accepted the connection"),
        (Talk(b"QUIT\r\n"), [], PortState.OPEN, "accepted the connection"),
        (LISTEN, [ANSWER], PortState.OPEN, "says b'HTTP/1.1 200 OK"),
        (LISTEN, [], PortState.MUTE, "never said a word"),
        (LISTEN, [b""], PortState.RESET, "closed it before its first word"),
        (LISTEN, [GONE], PortState.RESET, "broke it before its first word: Connection reset"),
        (TLS, [], PortState.MUTE, "never said a word"),
        (TLS, [b""], PortState.RESET, "before its first word: closed"),
        (TLS, [GONE], PortState.RESET, "before its first word: Connection reset"),
        (TLS, [ANSWER], PortState.OPEN, "not a TLS record"),
    ],
)
async def test_states(talk: Talk, said: list[bytes | OSError], state: PortState, detail: str) -> None:
    """Open, mute or reset, and a line that says which of their ways it was."""
    wire = Played(*said)
    dial = await talked(wire, talk, span())
    assert (state, True) == (dial.state, detail in dial.detail), dial
    assert wire.sent.startswith(b"\x16" if talk.tls else talk.send)
    assert (ANSWER[:FIRST_BYTES] if talk is LISTEN and state is PortState.OPEN else b"") == dial.first_bytes


async def test_too_late_to_be_silent() -> None:
    """What came too late to be given time to answer is not called mute."""
    with pytest.raises(ProbeFailed) as caught:
        await talked(Played(), LISTEN, span(deadline=3))
    assert (Reason.TIMEOUT, True) == (caught.value.reason, caught.value.ours)
    assert "10.0.0.1 port 80: only 0.00 s of 3 s were left" in caught.value.detail


async def test_our_own_shortage_is_not_the_peers() -> None:
    """A kernel without memory says nothing of the other side."""
    with pytest.raises(ProbeFailed) as caught:
        await talked(Played(OSError(errno.ENOBUFS, "No buffer space")), LISTEN, span())
    assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)


async def through(port: int, talk: Talk, deadline: float = 5) -> Dial:
    """A dial of this machine."""
    return await TcpDialer(time, Counters()).dial("127.0.0.1", port, talk, deadline)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_inside_tls(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """The first byte is the one inside; a program that is stuck behind its TLS is mute, with its certificate's end."""
    listen = replace(LISTEN, tls=True)
    context = serving(tmp_path, 2e9, version=version)
    async with tls_server(context, says(ANSWER)) as port:
        spoken = await through(port, listen)
        assert (PortState.OPEN, ANSWER[:FIRST_BYTES], 2e9) == (spoken.state, spoken.first_bytes, spoken.not_after)
        assert spoken.tls_error is None
    async with tls_server(context) as port:
        mute = await through(port, listen, 0.5)
        assert (PortState.MUTE, 2e9) == (mute.state, mute.not_after)


def refusing(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Shake hands with whoever comes, and tell him what is wrong (asyncio's own server just hangs up)."""
    with suppress(OSError), listener:
        while True:
            accepted, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(accepted, server_side=True) as inside:
                inside.recv(1)


async def test_a_certificate_of_ours_is_wanted(tmp_path: Path) -> None:
    """In TLS 1.3 a server says so only where its first word is waited for: an error inside TLS, no broken port."""
    context = serving(tmp_path, 2e9, version=ssl.TLSVersion.TLSv1_3)
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    serving_them = asyncio.create_task(asyncio.to_thread(refusing, listener, context))
    wanted = await through(port, Talk(tls=True, listen=True))
    looked = await through(port, TLS)
    listener.shutdown(socket.SHUT_RDWR)
    await serving_them
    assert (PortState.OPEN, 2e9) == (wanted.state, wanted.not_after)
    assert "certificate required" in str(wanted.tls_error)
    assert (PortState.OPEN, 2e9, None) == (looked.state, looked.not_after, looked.tls_error)
