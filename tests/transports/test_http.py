"""HTTP requests: each way to fail is told apart, one at a time to a server, and nothing is left behind.

Against real sockets of this machine.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, HttpAnswer, HttpCall, HttpLogin
from cs_exporter.transports import tcp
from cs_exporter.transports.http import HttpClient
from cs_exporter.transports.names import Found, Names
from tests.lab import fair
from tests.lab.certificates import Authority
from tests.lab.wait import wait_until_async
from tests.transports.ssh.test_greeting import Greeting, descriptors, full, hangs_up, resets, says, server

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
DEADLINE = 0.4


def client() -> HttpClient:
    """One that has asked nobody yet."""
    return HttpClient(Counters())


async def get(url: str, deadline: float = DEADLINE, **more: object) -> HttpAnswer | ProbeFailed:
    """What one request comes to."""
    try:
        return await client().get(HttpCall(url, **more), deadline)  # type: ignore[arg-type]  # tests name real fields
    except ProbeFailed as failure:
        return failure


async def failed(url: str, deadline: float = DEADLINE, **more: object) -> tuple[Reason, str]:
    """Why a request failed."""
    result = await get(url, deadline, **more)
    assert isinstance(result, ProbeFailed)
    return result.reason, result.detail


def answers(asked: list[bytes]) -> Greeting:
    """Write down what is asked, and say that all is fine."""

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(FINE)

    return greeting


async def leaves(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Hear the request, and close."""
    await reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def tls_server(authority: Authority, name: str, greeting: Greeting) -> AsyncIterator[int]:
    """A server on 127.0.0.1 with a certificate for that name; its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue(name))

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greeting(reader, writer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_an_answer() -> None:
    """It comes whole, with its status and the time to its first byte, and is counted."""
    counters, asked = Counters(), list[bytes]()
    async with server(answers(asked)) as port:
        answer = await HttpClient(counters).get(HttpCall(f"http://127.0.0.1:{port}/x?y=z"), 5)
    assert (200, b"fine", 1) == (answer.status, answer.body, counters.http_requests)
    assert 0 < answer.first_byte_seconds < 5
    assert asked[0].startswith(b"GET /x?y=z HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port)


async def test_who_asks(tmp_path: Path) -> None:
    """The first line of the file, as it is at the request, in whatever encoding it has."""
    asked: list[bytes] = []
    file = tmp_path / "password"
    async with server(answers(asked)) as port:
        for password in (b"one\n", b"tw\xf6\r\nnot this"):
            file.write_bytes(password)
            await get(f"http://127.0.0.1:{port}/", login=HttpLogin("mon", str(file)))
    heads = [line for head in asked for line in head.split(b"\r\n") if line.startswith(b"Authorization")]
    assert [b"Authorization: Basic bW9uOm9uZQ==", b"Authorization: Basic bW9uOnR39g=="] == heads


async def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Nobody is asked, and the line names the file and the mend."""
    url, missing = "https://127.0.0.1:1/", str(tmp_path / "missing")
    login = await failed(url, login=HttpLogin("mon", missing))
    authority = await failed(url, ca_file=missing)
    words = f"{missing} can't be used (No such file or directory); correct "
    assert (Reason.COMMAND, f"{words}password_file") == login
    assert (Reason.COMMAND, f"{words}ca_file") == authority


@pytest.mark.parametrize(
    ("greeting", "reason", "words"),
    [
        (leaves, Reason.RESET, "closed the connection without a word"),
        (hangs_up, Reason.RESET, ""),
        (resets, Reason.RESET, "reset by peer"),
        (says(b""), Reason.MUTE, "accepted, and no answer came in time"),
        (says(FINE[:-2]), Reason.TIMEOUT, "the answer did not end in time"),
        (says(b"HTT"), Reason.TIMEOUT, "the answer did not end in time"),
        (says(b"SSH-2.0-OpenSSH_9.2p1\r\n"), Reason.UNPARSABLE, "not HTTP"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), Reason.UNPARSABLE, "more than 9 bytes"),
    ],
)
async def test_servers_that_answer_badly(greeting: Greeting, reason: Reason, words: str) -> None:
    """What was accepted and then failed is told apart, and leaves no socket behind."""
    async with server(greeting) as port:
        before = descriptors()
        found, detail = await failed(f"http://127.0.0.1:{port}/", most=9)
        await wait_until_async(lambda: descriptors() <= before + 1, what="our end closed (the server's may last)")
    assert (reason, True) == (found, words in detail), detail


async def test_the_end_in_the_middle() -> None:
    """Half an answer, then the end: broken, not late."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(FINE[:-2])

    async with server(half) as port:
        reason, detail = await failed(f"http://127.0.0.1:{port}/")
    assert (Reason.RESET, True) == (reason, detail.endswith("closed the connection in the middle of its answer"))


async def test_nobody_there() -> None:
    """A refusal is one at once; silence on the connection request takes as long as it is given."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert (Reason.REFUSED, f"http 127.0.0.1 port {port}: Connection refused") == await failed(
        f"http://127.0.0.1:{port}/"
    )
    with full() as (address, silent):
        began = fair.seconds()
        reason, detail = await failed(f"http://{address}:{silent}/")
    assert (Reason.UNREACHABLE, True) == (reason, "no answer to the connection request" in detail)
    assert fair.seconds() - began < 2 * DEADLINE


async def test_a_silent_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline covers the name's resolution, and the failure says that it was this."""
    released = threading.Event()

    def silent(*_: object) -> Found:
        released.wait(20)
        return []

    monkeypatch.setattr(tcp, "names", Names(ask=silent))
    began = fair.seconds()
    reason, detail = await failed("http://rabbit1:15672/")
    released.set()
    assert (Reason.UNREACHABLE, True) == (reason, "no name server has answered in time" in detail)
    assert fair.seconds() - began < 2 * DEADLINE


async def test_tls(tmp_path: Path) -> None:
    """A certificate is believed by its authority and name, or by whoever said not to look."""
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    async with tls_server(ours, "localhost", answers([])) as port:
        good, bad = f"https://localhost:{port}/", f"https://127.0.0.1:{port}/"
        answer = await get(good, 5, ca_file=str(ours.file))
        blind = await get(bad, 5, verify=False)
        assert isinstance(answer, HttpAnswer)
        assert isinstance(blind, HttpAnswer)
        assert b"fine" == answer.body == blind.body
        for url, file in ((good, theirs.file), (bad, ours.file)):
            reason, detail = await failed(url, 5, ca_file=str(file))
            assert (Reason.HOST_KEY, True) == (reason, "the certificate is not to be trusted" in detail)


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [(says(FINE), Reason.UNPARSABLE), (says(b""), Reason.MUTE), (resets, Reason.RESET), (hangs_up, Reason.RESET)],
)
async def test_no_tls(greeting: Greeting, reason: Reason) -> None:
    """A server that speaks in clear, or says nothing, or hangs up in the handshake; nothing is left behind."""
    async with server(greeting) as port:
        before = descriptors()
        assert reason is (await failed(f"https://127.0.0.1:{port}/", verify=False))[0]
        await wait_until_async(lambda: descriptors() <= before + 1, what="our end closed (the server's may last)")


async def test_one_at_a_time() -> None:
    """Who comes while a request to the same server is under way waits, and says so where its time passes."""
    open_now, most = 0, 0
    release = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now, most = open_now + 1, max(most, open_now + 1)
        await reader.readuntil(b"\r\n\r\n")
        await release.wait()
        open_now -= 1
        writer.write(FINE)

    async with server(slow) as port:
        one, call = client(), HttpCall(f"http://127.0.0.1:{port}/")
        both = [asyncio.create_task(one.get(call, 5)) for _ in range(2)]
        await wait_until_async(lambda: most)
        with pytest.raises(ProbeFailed, match="not begun, because another request is under way for 0") as late:
            await one.get(call, 0.1)
        release.set()
        assert [b"fine"] * 2 == [answer.body for answer in await asyncio.gather(*both)]
    assert (1, Reason.TIMEOUT, True) == (most, late.value.reason, late.value.ours)


async def test_who_gives_up_makes_room() -> None:
    """A request whose asker was cancelled holds up nobody, and its connection is closed."""
    gone = asyncio.Event()

    async def first_mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not gone.is_set() and not await reader.read():
            gone.set()
            return
        writer.write(FINE)

    async with server(first_mute) as port:
        one, call = client(), HttpCall(f"http://127.0.0.1:{port}/")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await one.get(call, 5)
        await asyncio.wait_for(gone.wait(), 5)
        assert b"fine" == (await one.get(call, 5)).body
        await one.close()
