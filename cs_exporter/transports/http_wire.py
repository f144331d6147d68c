"""One HTTP/1.1 exchange over a connected stream: the request's bytes, and the answer read to its end (RFC 9112).

Apart from the client, which connects and knows what errors mean; here they stay those of streams.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

HEAD_MOST = 64 * 1024
"""Bytes of an answer's head; also the streams' limit for one line."""

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: .*)?\r?\n?")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r?\n")
_LENGTH = re.compile(rb"\d{1,15}")
_GZIP = 16 + zlib.MAX_WBITS
"""wbits of zlib for data with a header of gzip (RFC 1952)."""
_PIECE = 64 * 1024
_INTERIM = range(100, 200)


class NotHttpError(Exception):
    """What was said is no answer of HTTP, or longer than the asker takes; the message says what about it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that has ended."""

    status: int
    body: bytes


def request(host: str, target: str, authorization: str | None) -> bytes:
    """A GET. `host` as in the header, `target` with its query; `authorization` is that header's value."""
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: cs_exporter",
        "Accept: */*",
        "Accept-Encoding: gzip",
        "Connection: close",
    ]
    if authorization is not None:
        lines.append(f"Authorization: {authorization}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def answer(reader: asyncio.StreamReader, most: int, first: Callable[[], None]) -> Whole:
    """Read an answer of at most `most` bytes of body; `first` is called at its first byte.

    Raises NotHttpError, asyncio.IncompleteReadError (the stream ended in the middle), and OSError.
    """
    begun = await reader.readexactly(1)
    first()
    status, headers = await _head(reader, begun)
    while status in _INTERIM:
        status, headers = await _head(reader, b"")
    if headers.get(b"transfer-encoding", b"identity") != b"identity":
        body = await _chunked(reader, most)
    elif b"content-length" in headers:
        body = await _sized(reader, headers[b"content-length"], most)
    else:
        body = await _until_end(reader, most)
    coding = headers.get(b"content-encoding", b"identity")
    if coding not in {b"identity", b"gzip"}:
        raise NotHttpError(f"an answer coded as {coding.decode('latin-1')!r}, which nobody asked for")
    return Whole(status, _unpacked(body, most) if coding == b"gzip" else body)


async def _head(reader: asyncio.StreamReader, begun: bytes) -> tuple[int, dict[bytes, bytes]]:
    line = begun + await _line(reader)
    match = _STATUS.fullmatch(line)
    if match is None:
        raise NotHttpError(f"the answer is not HTTP but begins with {line[:40]!r}")
    headers: dict[bytes, bytes] = {}
    length = len(line)
    while (line := (await _line(reader)).rstrip(b"\r\n")) != b"":
        length += len(line)
        if length > HEAD_MOST:
            raise NotHttpError(f"a head of more than {HEAD_MOST} bytes")
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip().lower()
    return int(match[1]), headers


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as error:
        raise NotHttpError(f"a line of more than {HEAD_MOST} bytes") from error


async def _sized(reader: asyncio.StreamReader, length: bytes, most: int) -> bytes:
    if _LENGTH.fullmatch(length) is None:
        raise NotHttpError(f"Content-Length {length[:40]!r} is no number")
    if int(length) > most:
        raise _too_long(most)
    return await reader.readexactly(int(length))


async def _chunked(reader: asyncio.StreamReader, most: int) -> bytes:
    body = bytearray()
    while True:
        line = await _line(reader)
        match = _SIZE.fullmatch(line)
        if match is None:
            raise NotHttpError(f"a chunk begins with {line[:40]!r}")
        size = int(match[1], 16)
        if size == 0:
            return bytes(body)
        if len(body) + size > most:
            raise _too_long(most)
        body += await reader.readexactly(size)
        await _line(reader)


async def _until_end(reader: asyncio.StreamReader, most: int) -> bytes:
    body = bytearray()
    while piece := await reader.read(_PIECE):
        body += piece
        if len(body) > most:
            raise _too_long(most)
    return bytes(body)


def _unpacked(body: bytes, most: int) -> bytes:
    unpacking = zlib.decompressobj(_GZIP)
    try:
        whole = unpacking.decompress(body, most + 1)
    except zlib.error as error:
        raise NotHttpError(f"gzip: {error}") from error
    if len(whole) > most:
        raise _too_long(most)
    if not unpacking.eof:
        raise NotHttpError("gzip: it ends in the middle")
    return whole


def _too_long(most: int) -> NotHttpError:
    return NotHttpError(f"an answer of more than {most} bytes")
