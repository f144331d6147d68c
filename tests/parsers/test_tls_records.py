"""TLS in the clear: the server's certificate and its wish for ours are found, whatever else comes or is cut off."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.tls_records import ServerFlight, read_flight
from cs_exporter.transports.dial.tls import agreeing
from tests.transports.dial.tls_peer import certificate, serving, tls_server


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3) + body


def record(payload: bytes, kind: int = 22) -> bytes:
    """A record."""
    return bytes([kind, 3, 3]) + len(payload).to_bytes(2) + payload


def chain(*certificates: bytes) -> bytes:
    """A certificate message."""
    listed = b"".join(len(one).to_bytes(3) + one for one in certificates)
    return message(11, len(listed).to_bytes(3) + listed)


HELLO, REQUEST, DONE = message(2, bytes(70)), message(13, bytes(9)), message(14, b"")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", ServerFlight()),
        (record(HELLO), ServerFlight()),
        (record(HELLO + chain(b"own", b"ca")), ServerFlight(b"own")),
        (
            record(HELLO) + record(chain(b"own")) + record(REQUEST + DONE),
            ServerFlight(b"own", wants_ours=True, complete=True),
        ),
        (record((HELLO + chain(b"own"))[:80]) + record((HELLO + chain(b"own"))[80:]), ServerFlight(b"own")),
        (record(HELLO + chain() + DONE), ServerFlight(complete=True)),
        (record(b"\x02\x28", kind=21), ServerFlight()),
        (record(b"\x01", kind=20) + record(chain(b"hidden")), ServerFlight()),
        (record(HELLO) + record(b"secret", kind=23) + record(chain(b"hidden")), ServerFlight()),
    ],
    ids=["nothing", "hello", "chain", "request", "over two records", "empty", "alert", "encrypted", "TLS 1.3"],
)
def test_flights(said: bytes, expected: ServerFlight) -> None:
    """What stands in the clear is found over the borders of records, and nothing behind what may be encrypted."""
    assert expected == read_flight(said)


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n", b"\x16\x47", b"AMQP"])
def test_other_protocols(said: bytes) -> None:
    """Whoever does not speak TLS is quoted."""
    with pytest.raises(UnparsableError, match="not a TLS record"):
        read_flight(said)


@given(st.integers(0, 200))
def test_cut_off_anywhere(at: int) -> None:
    """A flight that breaks off gives what is whole."""
    whole = record(HELLO + chain(b"own" * 20)) + record(REQUEST + DONE)
    assert read_flight(whole[:at]) in (
        ServerFlight(),
        ServerFlight(b"own" * 20),
        ServerFlight(b"own" * 20, wants_ours=True),
        ServerFlight(b"own" * 20, wants_ours=True, complete=True),
    )


@given(st.binary(max_size=300) | st.binary(max_size=300).map(record))
def test_any_bytes(said: bytes) -> None:
    """A value or UnparsableError."""
    try:
        found = read_flight(said)
    except UnparsableError:
        return
    assert found.certificate is None or found.certificate in said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_real_server(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """OpenSSL's certificate is found in what it says in TLS 1.2, and in TLS 1.3 it is not there to be found."""
    context = serving(tmp_path, 2e9, version=version)
    client, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    asked = agreeing().wrap_bio(client, out)
    with pytest.raises(ssl.SSLWantReadError):
        asked.do_handshake()
    async with tls_server(context) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(out.read())
        said = await reader.read(1 << 16)
        writer.close()
        await writer.wait_closed()
    expected = certificate(2e9) if version is ssl.TLSVersion.TLSv1_2 else None
    assert expected == read_flight(said).certificate
