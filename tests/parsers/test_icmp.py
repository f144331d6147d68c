"""ICMP messages and the kernel's extended errors: captured ones, damaged ones, and nothing but UnparsableError."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import icmp
from cs_exporter.parsers.icmp import EchoReply, ExtendedError, Trouble
from tests.parsers.outcomes import outcome

TOKEN = b"abcdefgh"


def extended(number: int, origin: int, kind: int, code: int, info: int = 0, offender: bytes = b"") -> bytes:
    """A struct sock_extended_err and the address behind it."""
    return struct.pack("=IBBBBII", number, origin, kind, code, 0, info, 0) + offender


V4 = struct.pack("=H", 2) + bytes(2) + bytes((10, 99, 1, 254)) + bytes(8)
V6 = struct.pack("=H", 10) + bytes(6) + bytes.fromhex("20010db8000000000000000000000001") + bytes(4)
NOBODY = bytes(16)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (extended(90, 2, 3, 4, 1400, V4), ExtendedError(Trouble.TOO_BIG, 90, 1400, "10.99.1.254")),
        (extended(90, 3, 2, 0, 1400, V6), ExtendedError(Trouble.TOO_BIG, 90, 1400, "2001:db8::1")),
        (extended(90, 1, 0, 0, 1500, NOBODY), ExtendedError(Trouble.LOCAL, 90, 1500)),
        (extended(90, 1, 0, 0, 0, NOBODY), ExtendedError(Trouble.LOCAL, 90)),
        (extended(111, 2, 3, 3, 0, V4), ExtendedError(Trouble.PORT, 111, by="10.99.1.254")),
        (extended(111, 3, 1, 4, 0, V6), ExtendedError(Trouble.PORT, 111, by="2001:db8::1")),
        (extended(113, 2, 3, 1, 0, V4), ExtendedError(Trouble.UNREACHABLE, 113, by="10.99.1.254")),
        (extended(113, 2, 3, 13, 7, V4), ExtendedError(Trouble.UNREACHABLE, 113, by="10.99.1.254")),
        (extended(113, 2, 11, 0, 0, V4), ExtendedError(Trouble.UNREACHABLE, 113, by="10.99.1.254")),
        (extended(13, 3, 1, 1, 0, V6), ExtendedError(Trouble.UNREACHABLE, 13, by="2001:db8::1")),
        (extended(0, 4, 0, 0, 0, V4), ExtendedError(Trouble.OTHER, 0, by="10.99.1.254")),
        (extended(113, 2, 3, 1, 0, V6[:10]), ExtendedError(Trouble.UNREACHABLE, 113)),
        # As Linux 6.18 gave it, of a router whose next device carries 1400.
        (
            bytes.fromhex("5a000000020304007805000000000000020000000a6301fe0000000000000000"),
            ExtendedError(Trouble.TOO_BIG, 90, 1400, "10.99.1.254"),
        ),
    ],
)
def test_what_an_error_says(data: bytes, expected: ExtendedError) -> None:
    """Type and code decide, and with them what the number beside them means."""
    assert expected == icmp.extended_error(data)


@pytest.mark.parametrize("size", [16, 17, 72, 1480, 65515])
def test_the_checksum_of_an_echo_holds(size: int) -> None:
    """Summed up with its checksum, a message gives nothing (RFC 1071); the zeros behind the token change that not."""
    message = icmp.echo_request(0x1234, 7, TOKEN, size, v6=False)
    assert (size, 0) == (len(message), icmp.checksum(message))
    assert EchoReply(0x1234, 7, TOKEN + bytes(size - 16)) == icmp.quoted_echo(message, v6=False)


def test_a_known_checksum() -> None:
    """RFC 1071 has this example in section 3; an odd byte counts as if a zero followed."""
    assert 0xFFFF - 0xDDF2 == icmp.checksum(bytes.fromhex("0001f203f4f5f6f7"))
    assert icmp.checksum(b"\x01\x02\x03") == icmp.checksum(b"\x01\x02\x03\x00")


def test_an_answer_by_icmpv6() -> None:
    """As ::1 gave it."""
    message = bytes.fromhex("8100fdff004d0001746f6b656e313233") + bytes(8)
    assert EchoReply(77, 1, b"token123" + bytes(8)) == icmp.echo_reply(message, v6=True)


def test_no_room_for_the_token() -> None:
    """A mistake of the caller's, and no packet that nobody could recognise."""
    with pytest.raises(ValueError, match="no room"):
        icmp.echo_request(1, 1, TOKEN, 15, v6=True)


@pytest.mark.parametrize("options", [0, 40])
def test_the_ip_header_is_taken_off(options: int) -> None:
    """With options it is longer."""
    packet = bytes([0x45 + options // 4]) + bytes(19 + options) + b"message"
    assert b"message" == icmp.without_ip_header(packet)


@pytest.mark.parametrize(
    "packet", [b"", b"\x45", b"\x44" + bytes(30), b"\x4f" + bytes(40), b"\x65" + bytes(40), bytes(40)]
)
def test_what_is_no_ipv4_packet(packet: bytes) -> None:
    """Empty, cut, or of another version."""
    with pytest.raises(UnparsableError):
        icmp.without_ip_header(packet)


@pytest.mark.parametrize(
    "message",
    [b"", bytes(7), icmp.echo_request(1, 1, TOKEN, 16, v6=False), b"\x03\x04" + bytes(20), b"\x00\x01" + bytes(20)],
)
def test_what_is_no_answer(message: bytes) -> None:
    """Cut, or another message: the echo itself, an error, another code."""
    with pytest.raises(UnparsableError):
        icmp.echo_reply(message, v6=False)


@given(st.binary(max_size=80))
def test_any_bytes_give_a_value_or_unparsable(data: bytes) -> None:
    """No other error, whatever comes from the network."""
    assert isinstance(outcome(icmp.extended_error, data), ExtendedError | UnparsableError)
    assert isinstance(outcome(icmp.without_ip_header, data), bytes | UnparsableError)
    for v6 in (False, True):
        assert isinstance(outcome(partial(icmp.echo_reply, v6=v6), data), EchoReply | UnparsableError)
        assert isinstance(outcome(partial(icmp.quoted_echo, v6=v6), data), EchoReply | UnparsableError)


@given(st.binary(min_size=16, max_size=64))
def test_any_extended_error_has_a_meaning(data: bytes) -> None:
    """Whatever the kernel of the future says, it is one of the troubles."""
    assert icmp.extended_error(data).trouble in Trouble
