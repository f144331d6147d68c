"""One packet's socket: every way of sending, and what an answer or an error must be to be its own.

Over the loopback device; real paths are in `test_mtu.py`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from cs_exporter.ports import Echo, EchoState, EchoWay
from cs_exporter.transports.names import Address
from cs_exporter.transports.paths import icmp
from cs_exporter.transports.paths.icmp import EchoSocket
from tests.lab import faults
from tests.lab.lab import Lab
from tests.lab.wait import wait_until

LOOPBACK: dict[int, Address] = {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0, 0, 0)}


@contextmanager
def sending(way: EchoWay, family: int, size: int, target: Address | None = None) -> Iterator[EchoSocket]:
    """A packet to this machine, or to another one."""
    made = EchoSocket(way, family, target or LOOPBACK[family], size)
    try:
        yield made
    finally:
        made.close()


def answered(packet: EchoSocket) -> Echo:
    """Wait for what becomes of it."""
    found = wait_until(packet.answer, what="an answer")
    assert found is not None
    return found


@pytest.mark.lab
@pytest.mark.parametrize("size", [68, 9001, 65535])
@pytest.mark.parametrize("family", [*LOOPBACK])
@pytest.mark.parametrize("way", [EchoWay.RAW, EchoWay.UDP])
def test_every_size_comes_back(way: EchoWay, family: int, size: int) -> None:
    """Whole IP packets, up to the largest; the kernel refuses nothing of that."""
    with sending(way, family, size) as packet:
        assert packet.send() is None
        found = answered(packet)
    assert Echo(EchoState.REPLY, size, found.rtt) == found
    assert found.rtt is not None
    assert 0 < found.rtt < 1


@pytest.mark.parametrize("family", [*LOOPBACK])
def test_udp_is_what_everybody_may(family: int) -> None:
    """No privilege, and no sysctl."""
    icmp.open_socket(EchoWay.UDP, family).close()
    with sending(EchoWay.UDP, family, 100) as packet:
        assert packet.send() is None
        assert EchoState.REPLY is answered(packet).state


def test_somebody_who_does_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """By UDP a port may be open after all: whatever comes back from there has come through."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        monkeypatch.setattr(icmp, "_UDP_PORTS", [port])
        with sending(EchoWay.UDP, socket.AF_INET, 100) as packet:
            packet.send()
            assert packet.answer() is None
            data, sender = listening.recvfrom(100)
            listening.sendto(b"hello", sender)
            assert (72, EchoState.REPLY) == (len(data), answered(packet).state)


@pytest.mark.lab
def test_two_packets_to_one_peer_know_their_own_errors(lab: Lab) -> None:
    """Raw sockets are told of each other's errors: the packet that fits is not taken for the one that does not."""
    host = lab.hosts["h6"]
    target = (host.address, 0)
    with (
        faults.small_route(host, silent=False),
        sending(EchoWay.RAW, socket.AF_INET, 1500, target) as large,
        sending(EchoWay.RAW, socket.AF_INET, 1400, target) as small,
    ):
        small._socket.connect(target)
        assert large.send() is None
        assert EchoState.TOO_BIG is answered(large).state
        # What it is told first is the other one's error.
        assert small.answer() is None
        assert large.send() is None
        assert EchoState.TOO_BIG is answered(large).state
        assert small.send() is None
        assert EchoState.REPLY is answered(small).state


@pytest.mark.lab
def test_a_wall_clock_that_is_set_meanwhile_spoils_nothing() -> None:
    """A stamp that lies before the sending, or after now, is left aside for the monotonic clock."""
    for shift in (-3600, 3600):
        with sending(EchoWay.RAW, socket.AF_INET, 100) as packet:
            began = time.monotonic()
            packet.send()
            packet._sent += shift * 1_000_000_000
            rtt = answered(packet).rtt
            assert rtt is not None
            assert 0 < rtt <= time.monotonic() - began


@pytest.mark.lab
def test_a_socket_that_can_not_be_set_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The descriptor is free again."""
    monkeypatch.setattr(icmp, "_SO_TIMESTAMPNS", 9999)
    with icmp.open_socket(EchoWay.UDP, socket.AF_INET) as lowest:
        free = lowest.fileno()
    with suppress(OSError):
        EchoSocket(EchoWay.UDP, socket.AF_INET, ("127.0.0.1", 0), 100)
    with icmp.open_socket(EchoWay.UDP, socket.AF_INET) as again:
        assert free == again.fileno()


@pytest.mark.lab
@pytest.mark.parametrize("family", [*LOOPBACK])
def test_a_raw_socket_is_given_answers_only(family: int) -> None:
    """Not the echoes themselves, which this machine receives here too, nor anything else that would fill it."""
    with sending(EchoWay.RAW, family, 100) as packet:
        packet.send()
        first = packet._socket.recv(200)
        with pytest.raises(BlockingIOError):
            packet._socket.recv(200)
    assert 0 == first[20] if family == socket.AF_INET else 129 == first[0]
