"""A TLS handshake that looks and does not verify: how far it comes, and until when the certificate is valid.

Everything is agreed to, old versions and weak ciphers too: what is wrong with a server must not hide the end of its
certificate.
"""

from __future__ import annotations

import errno
import functools
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.tls_records import ServerFlight, read_flight

MOST = 128 * 1024
"""Bytes a server may say in a handshake; OpenSSL takes certificates of 100 KiB."""

_CHUNK = 4096
_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT (openssl/ssl.h), which Python names from 3.12 on: servers older than RFC 5746."""


class Wire(Protocol):
    """A connection that has been accepted."""

    async def read(self, ends: float) -> bytes:
        """The next bytes; none at the peer's end. Raises TimeoutError at loop time `ends`, OSError, ProbeFailed."""

    def write(self, data: bytes) -> None:
        """Send a few bytes at once. Raises OSError, BlockingIOError where the kernel takes no more."""


class TlsError(Exception):
    """What went wrong inside TLS, in a few words."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How far a handshake came. Neither finished nor an error: the server waits for a certificate of ours."""

    finished: bool
    not_after: float | None = None  # seconds since the epoch
    error: str | None = None


@functools.cache
def agreeing() -> ssl.SSLContext:
    """Settings that agree to anything: who only looks has nothing to protect."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context


class TlsLine:
    """TLS over a connection, as a client without a certificate. After a finished handshake it is a Wire itself."""

    def __init__(self, wire: Wire, server_name: str | None) -> None:
        self._wire = wire
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = agreeing().wrap_bio(self._in, self._out, server_hostname=_sendable(server_name))
        self._heard = bytearray()

    async def handshake(self, ends: float) -> Shown:
        """Go as far as the server lets us. Raises TimeoutError and OSError where it has not said a single word."""
        try:
            while not self._step():
                if not await self._hear(ends):
                    raise ConnectionResetError(errno.ECONNRESET, "closed")
        except OSError as error:
            if not self._heard:
                raise
            late = isinstance(error, TimeoutError)
            return self._broken_off(f"{'silence' if late else error.strerror} in the middle of the handshake")
        except TlsError as error:
            return self._broken_off(str(error))
        try:
            return Shown(finished=True, not_after=not_after(self._tls.getpeercert(binary_form=True)))
        except UnparsableError as error:
            return Shown(finished=True, error=str(error))

    async def read(self, ends: float) -> bytes:
        """See Wire. Raises TlsError as well."""
        while True:
            try:
                said: bytes = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                if not await self._hear(ends):
                    return b""
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                raise TlsError(_words(error)) from error
            else:
                return said

    def write(self, data: bytes) -> None:
        """See Wire."""
        self._tls.write(data)
        self._wire.write(self._out.read())

    def farewell(self) -> None:
        """Say that we leave: servers log an end without that as an attack (RFC 8446 §6.1)."""
        with suppress(OSError):  # it has not left yet itself, which is what this waits for
            self._tls.unwrap()
        with suppress(OSError):  # it has gone already
            self._wire.write(self._out.read())

    def _step(self) -> bool:
        """Do what can be done without hearing more: whether the handshake is finished. Raises TlsError, OSError."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise TlsError(_words(error)) from error
        finally:
            self._wire.write(self._out.read())
        return True

    async def _hear(self, ends: float) -> bool:
        """Take in what the server says next; False at its end. Raises as Wire.read does, and TlsError."""
        data = await self._wire.read(ends)
        self._heard += data
        if len(self._heard) > MOST:
            raise TlsError(f"the server says more than {MOST} bytes")
        self._in.write(data)
        return bool(data)

    def _broken_off(self, error: str) -> Shown:
        """What a handshake without an end has shown."""
        try:
            flight = read_flight(bytes(self._heard))
            ends = None if flight.certificate is None else not_after(flight.certificate)
        except UnparsableError as unparsable:
            return Shown(finished=False, error=str(unparsable))
        return Shown(finished=False, not_after=ends, error=None if _only_ours_lacks(flight) else error)


def not_after(certificate: bytes | None) -> float | None:
    """The end of a certificate's validity (DER), seconds since the epoch. Raises UnparsableError."""
    if certificate is None:
        return None
    try:
        with warnings.catch_warnings():
            # A serial number of nought is common among home-made certificates, and not our business.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except ValueError as error:
        raise UnparsableError(f"the certificate can't be read: {error}") from error


def _only_ours_lacks(flight: ServerFlight) -> bool:
    """Whether the server had said all that it says before it is shown a certificate, and wants one."""
    return flight.complete and flight.wants_ours


def _sendable(server_name: str | None) -> str | None:
    """A name that can be sent; TLS knows none that is empty, or that is no host name."""
    try:
        return None if not server_name else server_name.encode("idna").decode()
    except UnicodeError:
        return None


def _words(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()
