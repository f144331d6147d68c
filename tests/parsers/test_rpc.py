"""ONC RPC messages: calls as RFC 5531 draws them, every kind of reply, and records in any pieces, never without end."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import rpc
from cs_exporter.parsers.rpc import RecordReader, Reply, Status
from tests.parsers.outcomes import outcome

XID = 0x01020304
LAST = 0x8000_0000


def words(*numbers: int) -> bytes:
    """XDR unsigned integers."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def accepted(*rest: int) -> bytes:
    """A reply accepted with an empty verifier."""
    return words(XID, 1, 0, 0, 0, *rest)


def fragment(data: bytes, *, last: bool) -> bytes:
    """A fragment with its mark."""
    return words((LAST if last else 0) | len(data)) + data


def read(data: bytes) -> bytes | None:
    """The record that a new reader finds in `data`."""
    return RecordReader().feed(data)


def test_null_call() -> None:
    """A call is a record of 40 bytes: xid, CALL, RPC version 2, program, version, procedure, no credentials."""
    expected = words(LAST | 40, XID, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
    assert expected == rpc.null_call(XID, rpc.NFS, 4)


def test_getport_call() -> None:
    """GETPORT is procedure 3 of the portmapper, version 2; it asks for program, version, TCP and a port to ignore."""
    expected = words(LAST | 56, XID, 0, 2, 100000, 2, 3, 0, 0, 0, 0, 100005, 3, 6, 0)
    assert expected == rpc.getport_call(XID, rpc.MOUNTD, 3)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (accepted(0), Reply(Status.SUCCESS)),
        (accepted(0, 20048), Reply(Status.SUCCESS, results=words(20048))),
        (accepted(1), Reply(Status.PROG_UNAVAIL)),
        (accepted(2, 3, 4), Reply(Status.PROG_MISMATCH, 3, 4)),
        (accepted(3), Reply(Status.PROC_UNAVAIL)),
        (accepted(4), Reply(Status.GARBAGE_ARGS)),
        (accepted(5), Reply(Status.SYSTEM_ERR)),
        (words(XID, 1, 1, 0, 2, 2), Reply(Status.RPC_MISMATCH, 2, 2)),
        (words(XID, 1, 1, 1, 5), Reply(Status.AUTH_ERROR)),
        (words(XID, 1, 0, 1, 5) + b"verif\0\0\0" + words(1), Reply(Status.PROG_UNAVAIL)),
    ],
    ids=lambda value: value.status.name if isinstance(value, Reply) else "",
)
def test_replies(record: bytes, expected: Reply) -> None:
    """Each form of reply is told apart; a verifier is skipped with its padding."""
    assert expected == rpc.decode_reply(record, XID)


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (b"", "ends early"),
        (accepted(0)[:-1], "ends early"),
        (accepted(2, 3), "ends early"),
        (words(XID, 0, 2, 100003, 4, 0), "not a reply"),
        (words(XID + 1, 1, 0, 0, 0, 0), "another call"),
        (words(XID, 1, 2), "neither accepted nor denied"),
        (accepted(6), "unknown status 6"),
        (words(XID, 1, 1, 2), "unknown status 2"),
        (words(XID, 1, 0, 0, 0xFFFFFFFF, 0), "verifier of 4294967295 bytes"),
    ],
)
def test_what_is_no_reply_to_us(record: bytes, complaint: str) -> None:
    """Short, foreign or meaningless records are refused with the reason."""
    with pytest.raises(UnparsableError, match=complaint):
        rpc.decode_reply(record, XID)


@pytest.mark.parametrize(("results", "port"), [(words(20048), 20048), (words(0), 0)])
def test_port(results: bytes, port: int) -> None:
    """GETPORT answers a port, 0 for a program that is not registered."""
    assert port == rpc.decode_port(results)


@pytest.mark.parametrize("results", [b"", b"\0\0", words(65536)])
def test_what_is_no_port(results: bytes) -> None:
    """Anything beyond the numbers of ports is refused."""
    with pytest.raises(UnparsableError):
        rpc.decode_port(results)


def test_fragments_are_joined() -> None:
    """A record may come in several fragments, the last one marked; an empty one changes nothing."""
    data = fragment(b"one, ", last=False) + fragment(b"", last=False) + fragment(b"two", last=True)
    assert b"one, two" == read(data)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.data())
def test_any_cut_of_the_stream(parts: list[bytes], data: st.DataObject) -> None:
    """However the network cuts the stream, the same record comes out, and only at its end."""
    stream = b"".join(fragment(part, last=number == len(parts)) for number, part in enumerate(parts, 1))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = RecordReader()
    found = [reader.feed(stream[start:end]) for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [b"".join(parts)] == [record for record in found if record is not None]


def test_a_reader_knows_whether_the_peer_spoke() -> None:
    """One byte is enough to be no longer mute."""
    reader = RecordReader()
    assert not reader.started
    reader.feed(b"\x80")
    assert reader.started


@pytest.mark.parametrize(
    "data",
    [
        words(LAST | 0x7FFFFFFF),
        words(LAST | (rpc.MAX_RECORD - 3)),
        b"HTTP/1.1 400 Bad Request\r\n",
        fragment(bytes(1000), last=False) * 70,
        fragment(b"", last=False) * (rpc.MAX_RECORD // 4 + 1),
    ],
    ids=["longest", "one byte too long", "another protocol", "many fragments", "many empty fragments"],
)
def test_a_record_is_bounded(data: bytes) -> None:
    """A record that is longer than 64 KiB, or would become so, is refused as soon as that is known."""
    with pytest.raises(UnparsableError, match="more than 65536 bytes"):
        read(data)


def test_the_longest_record() -> None:
    """64 KiB with the mark is still a record."""
    assert bytes(rpc.MAX_RECORD - 4) == read(fragment(bytes(rpc.MAX_RECORD - 4), last=True))


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Any bytes give a value or UnparsableError, as a stream, as a reply to our call and as the results of GETPORT."""
    assert isinstance(outcome(read, data), bytes | None | UnparsableError)
    for record in (data, words(XID, 1) + data, accepted() + data):
        decode = partial(rpc.decode_reply, xid=XID)
        assert isinstance(outcome(decode, record), Reply | UnparsableError)
    assert isinstance(outcome(rpc.decode_port, data), int | UnparsableError)
