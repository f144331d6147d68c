"""TLS servers of the tests' own: certificates with any end, any version, any manner of going wrong.

Certificates are made when they are needed, so that none lies about that has an end.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.transports.ssh.test_greeting import Greeting, says

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (as old servers have them: a look agrees to that, too)


def certificate(ends: float, serial: int = 1) -> bytes:
    """A self-signed certificate that is valid until then (seconds since the epoch), DER."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kvm1")])
    end = dt.datetime.fromtimestamp(ends, dt.UTC)
    made = x509.CertificateBuilder(name, name, KEY.public_key(), serial, end - dt.timedelta(days=365), end).sign(
        KEY, hashes.SHA256()
    )
    return made.public_bytes(serialization.Encoding.DER)


def serving(folder: Path, ends: float, *, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server's settings, with a certificate that ends then, and only that version of TLS where one is given."""
    pem = folder / "server.pem"
    key = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(key + ssl.DER_cert_to_PEM_cert(certificate(ends)).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(pem)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of old versions, which are meant here
        context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    return context


@asynccontextmanager
async def tls_server(
    context: ssl.SSLContext, greeting: Greeting | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """A TLS server on that address of ours; its port. Behind the handshake it greets in that manner, or is mute."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (greeting or says(b""))(reader, writer)
        writer.close()

    listening = await asyncio.start_server(handle, address, 0, ssl=context)
    async with listening:
        port: int = listening.sockets[0].getsockname()[1]
        yield port
