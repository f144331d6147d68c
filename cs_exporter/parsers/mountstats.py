"""/proc/PID/mountstats: what the kernel's NFS client counted for each mount. See nfsiostat(8) and mountstats(8).

It never blocks, so it can say whether the server still answers while the mount itself hangs. The order of the numbers
is that of net/sunrpc/stats.c and the transports' print_stats functions in the kernel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mountinfo import unescape

_DEVICE = re.compile(r"(?:device (\S*)|no device) mounted on (\S+) with fstype (\S+)(?: statvers=(\S+))?")
_NUMBER = re.compile(r"-?[0-9]{1,20}")
_NFS = frozenset(("nfs", "nfs4"))

# Positions of sends, receives, bad ids and, where the transport connects, of binds, connects, connect and idle time.
_LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "tcp": ("port", "binds", "connects", "connect_time", "idle", "sends", "receives", "bad_xids"),
    "rdma": ("port", "binds", "connects", "connect_time", "idle", "sends", "receives", "bad_xids"),
    "udp": ("port", "binds", "sends", "receives", "bad_xids"),
    "local": ("binds", "connects", "connect_time", "idle", "sends", "receives", "bad_xids"),
}

_OPERATION_FIELDS = 8
_BYTES_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Transport:
    """One connection to the server; mounts of one server may share it. Times in seconds, counts since it was made."""

    protocol: str
    sends: int
    receives: int
    bad_xids: int
    port: int = 0  # ours
    binds: int = 0
    connects: int = 0
    connect_time: int = 0
    idle: int = 0  # since it was last used


@dataclass(frozen=True, slots=True)
class Operation:
    """The completed requests of one kind since the mount was made; times are sums, in milliseconds."""

    requests: int
    transmissions: int
    timeouts: int  # major ones: all retransmissions of a request were in vain
    bytes_sent: int
    bytes_received: int
    queue_ms: int
    rtt_ms: int
    execute_ms: int
    errors: int | None = None  # kernels before 5.3 don't count them


def _no_operations() -> Mapping[str, Operation]:
    return MappingProxyType({})


@dataclass(frozen=True)
class MountStats:
    """One NFS mount. Only what its lines said: a text with lines left out gives the same mount with less in it."""

    source: str
    mountpoint: str
    fstype: str
    stats_version: str
    options: tuple[str, ...] = ()
    age: int | None = None  # seconds since it was mounted
    bytes_read: int | None = None  # from the server
    bytes_written: int | None = None
    transports: tuple[Transport, ...] = ()  # several where it was mounted with nconnect
    operations: Mapping[str, Operation] = field(default_factory=_no_operations)


def parse(text: str) -> tuple[MountStats, ...]:
    """All NFS mounts, in the kernel's order; other file systems have no statistics. Raises UnparsableError."""
    mounts: list[MountStats] = []
    block: _Block | None = None
    for line in text.split("\n"):
        if not line.strip():
            continue
        if not line[0].isspace():
            if block is not None:
                mounts.append(block.mount())
            block = _begin(line)
        elif block is not None:
            block.take(line.strip())
    if block is not None:
        mounts.append(block.mount())
    return tuple(mounts)


def _begin(line: str) -> _Block | None:
    """The block that a device line begins; None for a file system without statistics."""
    match = _DEVICE.fullmatch(line)
    if match is None:
        raise UnparsableError(f"not a line of mountstats: {line[:120]!r}")
    source, mountpoint, fstype, version = match.groups(default="")
    return _Block(unescape(source), unescape(mountpoint), fstype, version) if fstype in _NFS else None


@dataclass
class _Block:
    """The lines of one mount while they are read."""

    source: str
    mountpoint: str
    fstype: str
    version: str
    lines: dict[str, str] = field(default_factory=dict)
    transports: list[Transport] = field(default_factory=list)
    operations: dict[str, Operation] = field(default_factory=dict)
    counting: bool = False  # past the heading after which every line is an operation

    def take(self, line: str) -> None:
        """Take in one line of the mount."""
        key, colon, rest = line.partition(":")
        if line == "per-op statistics":
            self.counting = True
        elif self.counting:
            self.operations[key] = _operation(line, rest)
        elif key == "xprt":
            transport = _transport(rest)
            self.transports += [transport] if transport else []
        elif colon:
            self.lines[key] = rest.strip()

    def mount(self) -> MountStats:
        """The mount that the lines told of."""
        age = self.lines.get("age")
        transferred = _numbers(self.lines["bytes"], _BYTES_FIELDS) if "bytes" in self.lines else None
        return MountStats(
            source=self.source,
            mountpoint=self.mountpoint,
            fstype=self.fstype,
            stats_version=self.version,
            options=tuple(self.lines["opts"].split(",")) if "opts" in self.lines else (),
            age=_numbers(age, 1)[0] if age is not None else None,
            # Fields 5 and 6: what went over the network, not what processes asked for.
            bytes_read=transferred[4] if transferred else None,
            bytes_written=transferred[5] if transferred else None,
            transports=tuple(self.transports),
            operations=MappingProxyType(self.operations),
        )


def _transport(rest: str) -> Transport | None:
    """None for a transport that newer kernels may bring."""
    protocol, _, numbers = rest.strip().partition(" ")
    layout = _LAYOUTS.get(protocol)
    if layout is None:
        return None
    return Transport(protocol=protocol, **dict(zip(layout, _numbers(numbers, len(layout)), strict=False)))


def _operation(line: str, rest: str) -> Operation:
    if line.startswith(":"):
        raise UnparsableError(f"an operation without a name: {line[:120]!r}")
    return Operation(*_numbers(rest, _OPERATION_FIELDS)[: _OPERATION_FIELDS + 1])


def _numbers(text: str, least: int) -> list[int]:
    """The numbers of a line, `least` or more: newer kernels append some."""
    words = text.split()
    if len(words) < least or not all(_NUMBER.fullmatch(word) for word in words):
        raise UnparsableError(f"not {least} numbers or more: {text[:120]!r}")
    return [int(word) for word in words]
