"""What a TLS server says in the clear (RFC 5246 §6.2, §7.4): its certificate, and whether it wants one of ours.

Up to TLS 1.2 both cross in the clear, so that they are known even where the handshake then fails, as it does without
a certificate of our own at libvirt's port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cs_exporter.model import UnparsableError

_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_CERTIFICATE, _CERTIFICATE_REQUEST, _HELLO_DONE = 11, 13, 14
_RECORD_HEAD, _MESSAGE_HEAD, _LENGTH = 5, 4, 3


@dataclass(frozen=True, slots=True)
class ServerFlight:
    """What came in the clear: the server's own certificate (DER), and whether it has asked for one of ours.

    `complete`: the server has said all that it says before it waits for the client. None and False in TLS 1.3, which
    encrypts all of this.
    """

    certificate: bytes | None = None
    wants_ours: bool = False
    complete: bool = False


def read_flight(data: bytes) -> ServerFlight:
    """Read what a server has sent so far; what is cut off is left out. Raises UnparsableError for what is not TLS."""
    certificate, wants_ours, complete = None, False, False
    for kind, body in _messages(b"".join(_clear(data))):
        if kind == _CERTIFICATE and certificate is None:
            certificate = _first_certificate(body)
        wants_ours |= kind == _CERTIFICATE_REQUEST
        complete |= kind == _HELLO_DONE
    return ServerFlight(certificate, wants_ours, complete)


def _clear(data: bytes) -> Iterator[bytes]:
    """The handshake's bytes, up to the first record that may be encrypted."""
    while data:
        kind = data[0]
        if kind not in (_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _DATA) or data[1:2] not in (b"", b"\x03"):
            raise UnparsableError(f"not a TLS record: {data[:24]!r}")
        length = int.from_bytes(data[3:_RECORD_HEAD])
        if kind in (_CHANGE_CIPHER, _DATA):
            return
        if kind == _HANDSHAKE:
            yield data[_RECORD_HEAD : _RECORD_HEAD + length]
        data = data[_RECORD_HEAD + length :]


def _messages(handshake: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each whole message."""
    while len(handshake) >= _MESSAGE_HEAD:
        end = _MESSAGE_HEAD + int.from_bytes(handshake[1:_MESSAGE_HEAD])
        if len(handshake) < end:
            return
        yield handshake[0], handshake[_MESSAGE_HEAD:end]
        handshake = handshake[end:]


def _first_certificate(body: bytes) -> bytes | None:
    """The server's own certificate, which stands before those that vouch for it; None for an empty list."""
    first = body[_LENGTH:]
    certificate = first[_LENGTH : _LENGTH + int.from_bytes(first[:_LENGTH])]
    return certificate or None
