"""Looking at TLS: the certificate's end is found whatever is wrong with it or with the server's settings."""

from __future__ import annotations

import asyncio
import errno
import ssl
import time
from pathlib import Path

import pytest

from cs_exporter.model import UnparsableError
from cs_exporter.transports.dial.tls import MOST, Shown, TlsLine, not_after
from tests.transports.dial.tls_peer import certificate, serving, tls_server
from tests.transports.ssh.test_greeting import ends

NOW = round(time.time())
DAY = 86400


class Played:
    """A Wire on which the peer has said what it will say; nothing at the end is its silence."""

    def __init__(self, *said: bytes | OSError) -> None:
        self.said = list(said)
        self.sent = bytearray()

    async def read(self, ends: float) -> bytes:
        """The next thing said."""
        del ends
        if not self.said:
            raise TimeoutError
        said = self.said.pop(0)
        if isinstance(said, OSError):
            raise said
        return said

    def write(self, data: bytes) -> None:
        """Hear our side."""
        self.sent += data


class Streamed:
    """A Wire over asyncio's own streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def read(self, ends: float) -> bytes:
        """The next bytes."""
        async with asyncio.timeout_at(ends):
            return await self._reader.read(4096)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)


async def looked(context: ssl.SSLContext, server_name: str | None = "kvm1") -> Shown:
    """What a handshake with such a server shows."""
    async with tls_server(context) as port:
        wire = Streamed(*await asyncio.open_connection("127.0.0.1", port))
        line = TlsLine(wire, server_name)
        shown = await line.handshake(ends(5))
        line.farewell()
        wire.writer.close()
        await wire.writer.wait_closed()
        return shown


@pytest.mark.parametrize("days", [30, -1, -4000], ids=["valid", "expired", "long expired"])
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"])
async def test_the_end_is_found(tmp_path: Path, days: int, version: str) -> None:
    """Self-signed, expired, a key of 1024 bits, a version nobody should speak any more: all of it is looked at."""
    expected = NOW + days * DAY
    assert Shown(finished=True, not_after=expected) == await looked(
        serving(tmp_path, expected, version=ssl.TLSVersion[version])
    )


@pytest.mark.parametrize("name", [None, "", "kvm-1.example.org", "10.0.0.1", "a..b", "x" * 70, "b\u00fccher.example"])
async def test_any_server_name(tmp_path: Path, name: str | None) -> None:
    """A name that can't be sent is left out."""
    assert (await looked(serving(tmp_path, NOW), name)).finished


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_wants_our_certificate(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """As libvirt's: no fault of its own, and the end of its certificate is known nevertheless."""
    context = serving(tmp_path, NOW, version=version)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=certificate(NOW))
    shown = await looked(context)
    assert (NOW, None) == (shown.not_after, shown.error)


HELLO_CUT = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "not a TLS record: b'HTTP/1.1 400"),
        ([b"\x15\x03\x03\x00\x02\x02\x28"], "handshake failure"),
        ([b"\x15\x03\x03\x00\x02\x02\x46"], "protocol version"),
        ([HELLO_CUT], "silence in the middle"),
        ([HELLO_CUT, b""], "closed in the middle"),
        ([HELLO_CUT, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")], "reset by peer in the mid"),
        ([b"\x16\x03\x03\x40\x00" + bytes(0x4000)], ""),
        ([HELLO_CUT, *[b"\x17\x03\x03\x40\x00"] * MOST], ""),
    ],
    ids=["http", "alert", "version", "stops", "closes", "resets", "nonsense", "endless"],
)
async def test_what_goes_wrong(said: list[bytes | OSError], error: str) -> None:
    """Each has its words; whoever has said anything is neither mute nor reset."""
    shown = await TlsLine(Played(*said), None).handshake(ends(1))
    assert (False, None) == (shown.finished, shown.not_after)
    assert error in (shown.error or "no error")


@pytest.mark.parametrize(
    ("said", "expected"),
    [([], TimeoutError), ([b""], ConnectionResetError), ([ConnectionResetError(errno.ECONNRESET, "")], OSError)],
    ids=["silent", "closes", "resets"],
)
async def test_not_a_word(said: list[bytes | OSError], expected: type[OSError]) -> None:
    """A server that never says a word is told apart from one that fails."""
    wire = Played(*said)
    with pytest.raises(expected):
        await TlsLine(wire, None).handshake(ends(1))
    assert wire.sent.startswith(b"\x16\x03\x01")


@pytest.mark.parametrize("serial", [1, 2**159 - 1])
def test_certificates(serial: int) -> None:
    """The end in seconds since the epoch."""
    assert NOW == not_after(certificate(NOW, serial))


@pytest.mark.parametrize("noise", [b"", b"0", bytes(400), certificate(NOW)[:-40]])
def test_no_certificates(noise: bytes) -> None:
    """What is none is said to be none."""
    with pytest.raises(UnparsableError, match="can't be read"):
        not_after(noise)
