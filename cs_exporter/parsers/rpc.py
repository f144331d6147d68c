"""ONC RPC version 2 over a byte stream (RFC 5531) and the portmapper's GETPORT (RFC 1833): messages, not sockets.

Only what it takes to ask an NFS server whether it serves, without a mount: the NULL call, GETPORT, and their replies.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

from cs_exporter.model import UnparsableError

PORTMAPPER = 100000
MOUNTD = 100005
NFS = 100003
PORTMAPPER_PORT = 111
NFS_PORT = 2049

MAX_RECORD = 64 * 1024
"""Bytes of one reply with its marks, at most: a NULL reply has 28."""

_RPC_VERSION = 2
_CALL, _REPLY = 0, 1
_ACCEPTED, _DENIED = 0, 1
_LAST_FRAGMENT = 0x8000_0000
_GETPORT_PROCEDURE = 3
_TCP = 6
_MAX_VERIFIER = 400  # RFC 5531, section 8.2


class Status(Enum):
    """How a server replied; the first six to a call it accepted, the others to one it denied."""

    SUCCESS = "success"
    PROG_UNAVAIL = "program unavailable"
    PROG_MISMATCH = "program version mismatch"
    PROC_UNAVAIL = "procedure unavailable"
    GARBAGE_ARGS = "garbage arguments"
    SYSTEM_ERR = "system error"
    RPC_MISMATCH = "RPC version mismatch"
    AUTH_ERROR = "authentication error"


_ACCEPT_STATUS = (
    Status.SUCCESS,
    Status.PROG_UNAVAIL,
    Status.PROG_MISMATCH,
    Status.PROC_UNAVAIL,
    Status.GARBAGE_ARGS,
    Status.SYSTEM_ERR,
)
_REJECT_STATUS = (Status.RPC_MISMATCH, Status.AUTH_ERROR)
_WITH_RANGE = frozenset((Status.PROG_MISMATCH, Status.RPC_MISMATCH))


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: `lowest` and `highest` version where they mismatched, `results` where the call succeeded."""

    status: Status
    lowest: int | None = None
    highest: int | None = None
    results: bytes = b""


def null_call(xid: int, program: int, version: int) -> bytes:
    """The call of procedure 0, which does nothing but answer, as one record."""
    return _record(_call(xid, program, version, 0))


def getport_call(xid: int, program: int, version: int) -> bytes:
    """The portmapper's GETPORT for a program over TCP, as one record. The port asked with is ignored."""
    return _record(
        _call(xid, PORTMAPPER, 2, _GETPORT_PROCEDURE) + struct.pack(">4I", program, version, _TCP, 0),
    )


def decode_port(results: bytes) -> int:
    """The results of GETPORT: a port, 0 where the program is not registered. Raises UnparsableError."""
    (port,) = _unpack(">I", results, 0)
    if port >= 1 << 16:
        raise UnparsableError(f"not a port: {port}")
    return port


class RecordReader:
    """Joins the fragments of one record (RFC 5531, section 11) from bytes in any pieces; holds 64 KiB at most."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._record = bytearray()
        self._taken = 0  # bytes of finished fragments, with their marks

    @property
    def started(self) -> bool:
        """Whether the peer said anything at all."""
        return bool(self._taken or self._buffer)

    def feed(self, data: bytes) -> bytes | None:
        """The record, once it is complete. Raises UnparsableError where it would grow beyond its bound."""
        self._buffer += data
        while len(self._buffer) >= struct.calcsize(">I"):
            (mark,) = struct.unpack_from(">I", self._buffer)
            size = 4 + (mark & ~_LAST_FRAGMENT)
            if self._taken + size > MAX_RECORD:
                raise UnparsableError(
                    f"a record of more than {MAX_RECORD} bytes: begins with {bytes(self._buffer[:16])!r}"
                )
            if len(self._buffer) < size:
                return None
            self._record += self._buffer[4:size]
            del self._buffer[:size]
            self._taken += size
            if mark & _LAST_FRAGMENT:
                return bytes(self._record)
        return None


def decode_reply(record: bytes, xid: int) -> Reply:
    """The reply to the call `xid`. Raises UnparsableError, also for a reply to any other call."""
    got_xid, kind, reply_status = _unpack(">3I", record, 0)
    if kind != _REPLY:
        raise UnparsableError(f"not a reply: message type {kind}")
    if got_xid != xid:
        raise UnparsableError(f"a reply to another call: xid {got_xid:#x} instead of {xid:#x}")
    if reply_status == _ACCEPTED:
        return _accepted(record)
    if reply_status == _DENIED:
        return _outcome(record, 12, _REJECT_STATUS)
    raise UnparsableError(f"neither accepted nor denied: {reply_status}")


def _accepted(record: bytes) -> Reply:
    _flavour, length = _unpack(">2I", record, 12)
    if length > _MAX_VERIFIER:
        raise UnparsableError(f"a verifier of {length} bytes")
    return _outcome(record, 20 + (length + 3) // 4 * 4, _ACCEPT_STATUS)


def _outcome(record: bytes, offset: int, statuses: tuple[Status, ...]) -> Reply:
    (number,) = _unpack(">I", record, offset)
    if number >= len(statuses):
        raise UnparsableError(f"unknown status {number}")
    status = statuses[number]
    if status in _WITH_RANGE:
        lowest, highest = _unpack(">2I", record, offset + 4)
        return Reply(status, lowest, highest)
    return Reply(status, results=record[offset + 4 :] if status is Status.SUCCESS else b"")


def _call(xid: int, program: int, version: int, procedure: int) -> bytes:
    no_credentials = (0, 0, 0, 0)  # AUTH_NONE with an empty body, twice: credentials and verifier
    return struct.pack(">10I", xid, _CALL, _RPC_VERSION, program, version, procedure, *no_credentials)


def _record(message: bytes) -> bytes:
    return struct.pack(">I", _LAST_FRAGMENT | len(message)) + message


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, offset)
    except struct.error:
        raise UnparsableError(f"the reply ends early, after {len(data)} bytes") from None
