"""What can go wrong with a host, each as a with block that breaks it and mends it again whatever happens inside.

Faults of file and time servers are here where they are network faults; the rest are methods of those servers.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Literal, Protocol

from tests.lab import peers, sshd
from tests.lab.host import LabHost
from tests.lab.netns import Namespace, run
from tests.lab.nfs_server import NfsServer
from tests.lab.processes import kill_and_wait
from tests.lab.ssh_keys import KeyPair, new_key
from tests.lab.sshd import fake_clock_library
from tests.lab.wait import HANGS, wait_until

Refusal = Literal["tcp reset", "icmp port-unreachable", "icmp admin-prohibited", "icmp host-unreachable"]
MTU = 1500

_numbers = itertools.count()


class Freezable(Protocol):
    """A daemon of the lab that can be stopped from running: sshd, chronyd, the NFS server."""

    def freeze(self) -> None:
        """Stop it from running."""

    def thaw(self) -> None:
        """Let it run again."""


class Stoppable(Protocol):
    """A daemon of the lab that can be ended and started again."""

    def stop(self) -> None:
        """End it."""

    def start(self) -> None:
        """Start it."""


@contextmanager
def frozen(daemon: Freezable) -> Iterator[None]:
    """The daemon does not run (SIGSTOP): its port accepts connections, nobody answers."""
    daemon.freeze()
    try:
        yield
    finally:
        daemon.thaw()


@contextmanager
def stopped(daemon: Stoppable) -> Iterator[None]:
    """The daemon is gone: its machine answers the port with a TCP reset."""
    daemon.stop()
    try:
        yield
    finally:
        daemon.start()


@contextmanager
def filtered(namespace: Namespace, chain: str, *rules: str) -> Iterator[None]:
    """The rules of nftables hold in one chain ("input", "output", "forward") of a namespace."""
    table = f"inet fault{next(_numbers)}"
    lines = [f"table {table} {{", "chain c {", f"type filter hook {chain} priority 0", *rules, "}", "}"]
    namespace.nft("\n".join([*lines, ""]))
    try:
        yield
    finally:
        namespace.nft(f"delete table {table}\n")


def dropped(host: LabHost, port: int | None = None, protocol: str = "tcp") -> AbstractContextManager[None]:
    """Packets to that port (without one: to the host at all) vanish; nothing comes back."""
    return filtered(host.namespace, "input", "drop" if port is None else f"{protocol} dport {port} drop")


def rejected(host: LabHost, port: int, refusal: Refusal = "tcp reset") -> AbstractContextManager[None]:
    """Connections to that port are refused, by a TCP reset or by an ICMP message."""
    how = "tcp reset" if refusal == "tcp reset" else f"icmp type {refusal.removeprefix('icmp ')}"
    return filtered(host.namespace, "input", f"tcp dport {port} reject with {how}")


@contextmanager
def reset(host: LabHost) -> Iterator[None]:
    """Whatever a client says to sshd on an open connection is answered by a TCP reset: it breaks in mid-answer."""
    try:
        with filtered(host.namespace, "input", f"tcp dport {sshd.PORT} tcp flags & syn == 0 reject with tcp reset"):
            yield
    finally:
        # sshd never learns that its client was reset, and would keep those sessions.
        kill_and_wait(host.sshd.sessions)


@contextmanager
def unplugged(host: LabHost) -> Iterator[None]:
    """The host's port on the switch is down, so that not even its address resolves."""
    hub = host.lab.network.hub
    hub.ip(f"link set {host.port_device} down")
    try:
        yield
    finally:
        hub.ip(f"link set {host.port_device} up")


@contextmanager
def small_path(host: LabHost, mtu: int = 1400) -> Iterator[None]:
    """Frames above `mtu` are lost in silence between switch and host: a black hole, for SSH in key exchange."""
    hub = host.lab.network.hub
    hub.ip(f"link set {host.port_device} mtu {mtu}")
    try:
        yield
    finally:
        hub.ip(f"link set {host.port_device} mtu {MTU}")


@contextmanager
def small_route(host: LabHost, mtu: int = 1400, *, silent: bool) -> Iterator[None]:
    """The router's leg to the far segment carries `mtu` only; it says so by ICMP, or, if `silent`, tells nobody."""
    router = host.lab.network.router
    muted = filtered(router, "output", "icmp type destination-unreachable icmp code frag-needed drop")
    with muted if silent else nullcontext():
        router.ip(f"link set far mtu {mtu}")
        try:
            _forget_paths(host)
            yield
        finally:
            router.ip(f"link set far mtu {MTU}")


def _forget_paths(told: LabHost) -> None:
    """What a router said before is believed for ten minutes, here and on hosts: this fault would be known."""
    for host in told.lab.hosts.values():
        host.namespace.ip("route flush cache")
    run(["ip", "route", "flush", "cache"])


@contextmanager
def file_replaced(host: LabHost, inside: str, text: str) -> Iterator[None]:
    """A file of the host has other contents."""
    path = host.path(inside)
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


@contextmanager
def changed_host_key(host: LabHost) -> Iterator[KeyPair]:
    """New connections meet another host key than the known one."""
    key = new_key("another key")
    try:
        with file_replaced(host, sshd.KEY, key.private):
            host.sshd.reload()
            yield key
    finally:
        host.sshd.reload()


def key_removed(host: LabHost) -> AbstractContextManager[None]:
    """The polling account's key is no longer authorised."""
    return file_replaced(host, sshd.AUTHORIZED, "")


def account_locked(host: LabHost) -> AbstractContextManager[None]:
    """The polling account is locked, as `usermod --lock` does it."""
    shadow = host.path("/etc/shadow").read_text(encoding="utf-8")
    return file_replaced(host, "/etc/shadow", shadow.replace("csmon:", "csmon:!"))


def no_shell(host: LabHost) -> AbstractContextManager[None]:
    """The polling account's shell is nologin: it gets in, is told off, and gets out."""
    return _with_shell(host, "/usr/sbin/nologin")


@contextmanager
def login_shell(host: LabHost, script: str) -> Iterator[None]:
    """The polling account's shell is this /bin/sh script: silent, endless, talking nonsense, as the script will."""
    host.write("/etc/lab_shell", f"#!/bin/sh\n{script}\n", mode=0o755)
    with _with_shell(host, "/etc/lab_shell"):
        yield


def _with_shell(host: LabHost, shell: str) -> AbstractContextManager[None]:
    lines = host.path("/etc/passwd").read_text(encoding="utf-8").splitlines()
    changed = [line.rpartition(":")[0] + f":{shell}" if line.startswith("csmon:") else line for line in lines]
    return file_replaced(host, "/etc/passwd", "\n".join([*changed, ""]))


@contextmanager
def replaced_by(host: LabHost, manner: str) -> Iterator[None]:
    """In the place of sshd something else answers, in one of the manners of `peers.MANNERS`; sessions have ended."""
    if manner not in peers.MANNERS:
        raise ValueError(f"{manner}: not one of {', '.join(peers.MANNERS)}")
    host.sshd.stop()
    peer = host.spawn([sys.executable, "-S", str(Path(peers.__file__)), manner, host.address, str(sshd.PORT)], "peer")
    try:
        wait_until(lambda: host.listens(sshd.PORT), HANGS, f"the {manner} peer to listen")
        yield
    finally:
        peer.stop()
        host.sshd.start()


@contextmanager
def unexported(server: NfsServer, export: str) -> Iterator[None]:
    """The server is up and does not know the export."""
    access = server.access.pop(export)
    server.restart()
    try:
        yield
    finally:
        server.access[export] = access
        server.restart()


@contextmanager
def read_only_export(server: NfsServer, export: str) -> Iterator[None]:
    """The server refuses writing to the export."""
    server.access[export] = "RO"
    server.restart()
    try:
        yield
    finally:
        server.access[export] = "RW"
        server.restart()


@contextmanager
def clock_wrong(host: LabHost, seconds: float) -> Iterator[None]:
    """Commands see a clock that is ahead by so many seconds, running ones too; the host must have `fake_clock`."""
    if not host.spec.fake_clock:
        raise ValueError(f"{host.name} was made without fake_clock")
    with file_replaced(host, sshd.FAKE_CLOCK_FILE, f"{seconds:+}\n"):
        yield


def clock_file_environment(file: Path) -> dict[str, str]:
    """The environment that gives a program the wall clock of a file ("+6": ahead by so many seconds).

    Read anew each second. Only the wall clock is faked. The library's mend for waits of old C libraries is off: with it
    Python's threads pass their lock on a hundred times as slowly.
    """
    clock = {"FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1"}
    monotonic = {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
    return {"LD_PRELOAD": str(fake_clock_library()), **clock, **monotonic}


def wrong_clock_environment(seconds: float) -> dict[str, str]:
    """The environment that gives a program started by `Lab.popen` a wall clock ahead by so many seconds."""
    return {"LD_PRELOAD": str(fake_clock_library()), "FAKETIME": f"{seconds:+}", "DONT_FAKE_MONOTONIC": "1"}
