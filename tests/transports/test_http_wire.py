"""HTTP answers: each way to end one is read to its end and no further, and what is none is said to be none."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from cs_exporter.transports.http_wire import HEAD_MOST, NotHttpError, Whole, answer, request

MOST = 1000
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


async def read(said: bytes) -> Whole:
    """What a server that says that, and closes, has answered."""
    reader = asyncio.StreamReader(limit=HEAD_MOST)
    reader.feed_data(said)
    reader.feed_eof()
    firsts: list[bool] = []
    whole = await answer(reader, MOST, lambda: firsts.append(True))
    assert [True] == firsts
    return whole


def test_a_request() -> None:
    """One request, one connection, and the header of a login only where there is one."""
    plain, known = request("[::1]:80", "/a?b=c", None), request("h", "/", "Basic eA==")
    assert plain.startswith(b"GET /a?b=c HTTP/1.1\r\nHost: [::1]:80\r\n")
    assert plain.endswith(b"\r\nConnection: close\r\n\r\n")
    assert known.endswith(b"\r\nAuthorization: Basic eA==\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (OK + b"Content-Length: 2\r\n\r\n[]", Whole(200, b"[]")),
        (OK + b"content-length:2\r\n\r\n[]and more", Whole(200, b"[]")),
        (OK + b"\r\nuntil the end", Whole(200, b"until the end")),
        (b"HTTP/1.0 200\n\nbare", Whole(200, b"bare")),
        (CHUNKED + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", Whole(200, b"abcde")),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", Whole(503, b"busy")),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", Whole(302, b"")),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", Whole(200, b"x")),
        (OK + b"Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", Whole(200, b"x")),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * MOST), Whole(200, b"x" * MOST)),
        (OK + b"Content-Length: 1000\r\n\r\n" + b"x" * MOST, Whole(200, b"x" * MOST)),
    ],
)
async def test_ways_to_end(said: bytes, whole: Whole) -> None:
    """By length, by chunks, by the end of the connection, packed or not; and interim answers are passed over."""
    assert whole == await read(said)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "begins with b'SSH-2.0"),
        (b"HTTP/2 200\r\n\r\n", "not HTTP"),
        (b"x" * (HEAD_MOST + 2), "a line of more"),
        (OK + b"a: b\r\n" * HEAD_MOST + b"\r\n", "a head of more"),
        (OK + b"Content-Length: many\r\n\r\n", "is no number"),
        (CHUNKED + b"zz\r\n", "a chunk begins with b'zz"),
        (OK + b"Content-Length: 1001\r\n\r\n", "more than 1000 bytes"),
        (CHUNKED + b"3e9\r\n", "more than 1000 bytes"),
        (OK + b"\r\n" + b"x" * 1001, "more than 1000 bytes"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 1001), "more than 1000 bytes"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x")[:-9], "gzip: it ends in the middle"),
        (OK + b"Content-Encoding: gzip\r\n\r\nplain", "gzip: "),
        (OK + b"Content-Encoding: br\r\n\r\nx", "coded as 'br'"),
    ],
)
async def test_no_answer_of_http(said: bytes, why: str) -> None:
    """What is no HTTP, or too long, or packed as nobody asked, is said to be that."""
    with pytest.raises(NotHttpError, match=why):
        await read(said)


@pytest.mark.parametrize(
    "said",
    [OK, OK + b"Content-Length: 3\r\n\r\nab", CHUNKED + b"3\r\nab", CHUNKED + b"2\r\nab\r\n"],
)
async def test_the_end_in_the_middle(said: bytes) -> None:
    """A connection that closes before the answer has ended gave no whole one."""
    with pytest.raises(asyncio.IncompleteReadError):
        await read(said)
