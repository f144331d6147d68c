"""Stands for tests of paths: ping sockets, IPv6 in the lab, and a peer that answers echoes by hand.

By hand means when and how a test wants it: late, wrong, or not at all.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from cs_exporter.parsers import icmp
from tests.lab import linux
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.netns import Namespace, run

T = TypeVar("T")


@contextmanager
def ping_sockets(namespace: Namespace, allowed: str) -> Iterator[None]:
    """The groups that may use ping sockets there."""
    knob = "/proc/sys/net/ipv4/ping_group_range"
    before = namespace.run(["cat", knob]).strip()
    namespace.run(["sh", "-c", f"echo '{allowed}' >{knob}"])
    try:
        yield
    finally:
        namespace.run(["sh", "-c", f"echo '{before}' >{knob}"])


@contextmanager
def ipv6(lab: Lab, near: LabHost, far: LabHost) -> Iterator[tuple[str, str]]:
    """IPv6 for this process, the router, a host of the first segment and one of the far one; the hosts' addresses."""
    number = lab.network.lan.network.network_address.packed[2]
    lan, other = f"fd00:213:{number:x}::", f"fd00:213:{number + 1:x}::"
    router = lab.network.router
    router.ip(f"address add {lan}1/64 dev lan nodad", f"address add {other}1/64 dev far nodad")
    router.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"])
    near.namespace.ip(f"address add {lan}10/64 dev eth0 nodad", f"route add default via {lan}1")
    far.namespace.ip(f"address add {other}10/64 dev eth0 nodad", f"route add default via {other}1")
    ours = [f"address add {lan}3/64 dev {lab.network.uplink} nodad", f"route add {other}/64 via {lan}1"]
    run(["ip", "-batch", "-"], "".join(f"{line}\n" for line in ours))
    try:
        yield f"{lan}10", f"{other}10"
    finally:
        run(["ip", "-batch", "-"], f"route del {other}/64\naddress del {lan}3/64 dev {lab.network.uplink}\n")
        near.namespace.ip(f"address del {lan}10/64 dev eth0")
        far.namespace.ip(f"address del {other}10/64 dev eth0")
        router.ip(f"address del {lan}1/64 dev lan", f"address del {other}1/64 dev far")


@dataclass(frozen=True)
class Asked:
    """An echo that has come to the answerer."""

    sender: str
    identifier: int
    sequence: int
    payload: bytes

    def reply(self, payload: bytes | None = None) -> bytes:
        """The answer to it; with another payload, the answer to another one that had the same numbers."""
        body = self.payload if payload is None else payload
        head = bytes((icmp.ECHO_REPLY, 0, 0, 0))
        numbers = self.identifier.to_bytes(2, "big") + self.sequence.to_bytes(2, "big")
        total = icmp.checksum(head + numbers + body)
        return head[:2] + total.to_bytes(2, "big") + numbers + body


class Answerer:
    """Answers a host's echoes in its kernel's place, when and how the test wants it."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._socket.settimeout(5)

    def next(self) -> Asked:
        """Wait for the next echo."""
        while True:
            packet, (sender, _) = self._socket.recvfrom(70000)
            message = icmp.without_ip_header(packet)
            if message[0] == icmp.ECHO:
                echo = icmp.quoted_echo(message, v6=False)
                return Asked(sender, echo.identifier, echo.sequence, echo.payload)

    def send(self, message: bytes, to: str) -> None:
        """Send a message to somebody."""
        self._socket.sendto(message, (to, 0))


@contextmanager
def by_hand(host: LabHost) -> Iterator[Answerer]:
    """The host's kernel answers no echoes; a socket in its network name space does."""
    knob = "/proc/sys/net/ipv4/icmp_echo_ignore_all"
    host.namespace.run(["sh", "-c", f"echo 1 >{knob}"])
    made = inside(host.namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    try:
        yield Answerer(made)
    finally:
        made.close()
        host.namespace.run(["sh", "-c", f"echo 0 >{knob}"])


def inside(namespace: Namespace, call: Callable[[], T]) -> T:
    """What a call gives in that name space, which a thread enters for it, and ends; sockets made there stay there."""

    def enter_and_call() -> T:
        descriptor = os.open(namespace.path, os.O_RDONLY)
        try:
            linux.setns(descriptor, linux.CLONE_NEWNET)
        finally:
            os.close(descriptor)
        return call()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(enter_and_call).result()
