"""Errors of connecting: each has its state, and what is our own machine's doing has none."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from cs_exporter.ports import PortState
from cs_exporter.transports.dial.errors import Icmp, _icmp, icmp_of, not_accepted

OWN = "10.0.0.1"


@pytest.mark.parametrize(
    ("number", "icmp", "expected", "said"),
    [
        (errno.ECONNREFUSED, None, PortState.REFUSED, "refused"),
        (errno.ECONNREFUSED, Icmp("10.0.0.9", "port unreachable", 111), PortState.FILTERED, "ICMP from 10.0.0.9: port"),
        (errno.EHOSTUNREACH, Icmp("10.0.0.254", "host unreachable", 113), PortState.FILTERED, "10.0.0.254"),
        (errno.EHOSTUNREACH, Icmp(OWN, "host unreachable", 113), PortState.FILTERED, "no answer on the link"),
        (errno.EHOSTUNREACH, None, PortState.FILTERED, "No route to host"),
        (errno.ETIMEDOUT, None, PortState.FILTERED, "kernel gave up"),
        (errno.ECONNRESET, None, PortState.RESET, "broke the connection"),
    ],
)
def test_answers(number: int, icmp: Icmp | None, expected: PortState, said: str) -> None:
    """A refusal is the machine's own; an ICMP message is a filter's, or a router's."""
    dial = not_accepted(number, icmp, OWN)
    assert dial is not None
    assert (expected, True) == (dial.state, said in dial.detail)


@pytest.mark.parametrize(
    ("number", "icmp"),
    [
        (errno.EMFILE, None),
        (errno.EADDRNOTAVAIL, None),
        (errno.EHOSTUNREACH, Icmp(OWN, "communication administratively prohibited", 113)),
        (errno.ECONNREFUSED, Icmp(OWN, "port unreachable, as a packet filter says it", 111)),
    ],
)
def test_no_answers(number: int, icmp: Icmp | None) -> None:
    """Our own lack, our own packet filter: nothing is known of the destination."""
    assert not_accepted(number, icmp, OWN) is None


def queued(origin: int, kind: int, code: int, sender: bytes) -> bytes:
    """What the kernel puts into the error queue."""
    return struct.pack("=IBBBxII", 113, origin, kind, code, 0, 0) + sender


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        (queued(2, 3, 13, bytes(4) + bytes([10, 0, 0, 9])), Icmp("10.0.0.9", "communication administratively", 113)),
        (queued(2, 3, 77, bytes(4) + bytes([10, 0, 0, 9])), Icmp("10.0.0.9", "type 3 code 77", 113)),
        (queued(3, 1, 1, bytes(8) + bytes(15) + b"\1"), Icmp("::1", "communication administratively", 113)),
        (queued(2, 3, 1, b""), Icmp("an unknown sender", "host unreachable", 113)),
    ],
)
def test_queue(queue: bytes, expected: Icmp) -> None:
    """Sender and meaning, for both versions of IP, known code or not."""
    found = _icmp(queue)
    assert found is not None
    assert (expected.sender, expected.number, True) == (
        found.sender,
        found.number,
        found.meaning.startswith(expected.meaning),
    )


def test_of_our_own_kernel() -> None:
    """What did not come from the network is no message of ICMP."""
    assert _icmp(queued(1, 0, 0, bytes(8))) is None


def test_an_empty_queue() -> None:
    """Most connections have no message, and a closed socket has none either."""
    with socket.socket() as sock:
        assert icmp_of(sock) is None
    assert icmp_of(sock) is None
