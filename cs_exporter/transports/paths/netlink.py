"""The exporter's own network devices and routes: rtnetlink(7), its messages by pyroute2.

Over a socket of our own in the event loop: pyroute2's asynchronous sockets don't work under uvloop, and its plain
ones need a thread that cannot be cancelled. The kernel answers at once; the deadline is for a kernel that hangs.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pyroute2.netlink import NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_MULTI, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR
from pyroute2.netlink.rtnl import RTM_GETLINK, RTM_GETROUTE
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Link, Route
from cs_exporter.transports.names import names
from cs_exporter.transports.reasons import from_os_error
from cs_exporter.transports.tcp import opened

DEADLINE = 5.0

_WHAT = "rtnetlink"
_HEADER = struct.Struct("=IHHII")
_ERROR = struct.Struct("=i")
_READ = 64 * 1024
_ATTEMPTS = 3
_RTEXT_FILTER_SKIP_STATS = 8
_IFF_LOOPBACK = 0x8
_RUNNING = 0x1 | 0x40  # IFF_UP, IFF_RUNNING
_ADDRESS_BITS = {socket.AF_INET: 32, socket.AF_INET6: 128}
_UNICAST, _LOCAL = 1, 2  # of rtnetlink(7): RTN_UNICAST, RTN_LOCAL; the others lead nowhere, or to many

_LOOPBACK = "loopback"
"""The kind that loopback devices are given here; the kernel names none, as with hardware."""

_BESIDE = frozenset({"veth", "vxcan", "netkit"})
"""Kinds whose link is the other end of a pair and not what they lie upon."""

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL})
"""What the kernel answers where there is no route, and for routes unreachable, prohibit and blackhole."""

_Message = Any
"""A message of pyroute2, which has no type information."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Device:
    """A device, with the numbers of its neighbours; names are known when all devices are."""

    link: Link
    master: int
    below: int
    interrupted: bool  # devices came or went in the middle of the answer


class KernelLinks:
    """Implements ports.Netlink."""

    async def links(self) -> tuple[Link, ...]:
        """See ports.Netlink."""
        devices = await _devices()
        device_names = {device.link.index: device.link.name for device in devices}
        return tuple(
            replace(
                device.link,
                master=device_names.get(device.master, ""),
                underlay=device_names.get(device.below, ""),
            )
            for device in devices
        )

    async def route(self, address: str) -> Route | None:
        """See ports.Netlink. Of a name the first address counts."""
        ends = asyncio.get_running_loop().time() + DEADLINE
        (family, _, _, _, target), *_ = await names.addresses(address, 0, f"route to {address}", ends)
        request = rtmsg()
        request["family"], request["dst_len"] = int(family), _ADDRESS_BITS[family]
        request["attrs"] = [("RTA_DST", str(target[0]).partition("%")[0])]
        found = await _asked(request, RTM_GETROUTE, 0, _route)
        return found[0] if found else None


async def _devices() -> list[_Device]:
    for _ in range(_ATTEMPTS):
        request = ifinfmsg()
        request["attrs"] = [("IFLA_EXT_MASK", _RTEXT_FILTER_SKIP_STATS)]
        devices = await _asked(request, RTM_GETLINK, NLM_F_DUMP, _device)
        if not any(device.interrupted for device in devices):
            break
    return devices


def _device(raw: bytes) -> _Device:
    row = _decoded(ifinfmsg(raw))
    info = row.get_attr("IFLA_LINKINFO")
    kind = str((info and info.get_attr("IFLA_INFO_KIND")) or "")
    vxlan = info.get_attr("IFLA_INFO_DATA") if kind == "vxlan" else None
    flags = row["flags"]
    link = Link(
        index=row["index"],
        name=row.get_attr("IFLA_IFNAME"),
        mtu=row.get_attr("IFLA_MTU"),
        kind=kind or (_LOOPBACK if flags & _IFF_LOOPBACK else ""),
        up=flags & _RUNNING == _RUNNING,
    )
    if vxlan:
        own_id = not vxlan.get_attr("IFLA_VXLAN_COLLECT_METADATA")
        link = replace(
            link,
            vxlan_id=vxlan.get_attr("IFLA_VXLAN_ID") if own_id else None,
            vxlan_local=vxlan.get_attr("IFLA_VXLAN_LOCAL") or vxlan.get_attr("IFLA_VXLAN_LOCAL6") or "",
            vxlan_port=vxlan.get_attr("IFLA_VXLAN_PORT"),
        )
    below = vxlan.get_attr("IFLA_VXLAN_LINK") if vxlan else row.get_attr("IFLA_LINK")
    # The numbers of another name space are its own, and a pair's other end is not what a device lies upon.
    elsewhere = kind in _BESIDE or row.get_attr("IFLA_LINK_NETNSID") is not None
    interrupted = bool(row["header"]["flags"] & NLM_F_DUMP_INTR)
    return _Device(link, row.get_attr("IFLA_MASTER") or 0, 0 if elsewhere else below or 0, interrupted)


def _route(raw: bytes) -> Route | None:
    row = _decoded(rtmsg(raw))
    if row["type"] not in {_UNICAST, _LOCAL}:
        return None
    metrics, cache = row.get_attr("RTA_METRICS"), row.get_attr("RTA_CACHEINFO")
    mtu = metrics.get_attr("RTAX_MTU") if metrics else None
    # What somebody has configured does not expire.
    learnt = mtu is not None and bool(cache and cache["rta_expires"])
    return Route(socket.if_indextoname(row.get_attr("RTA_OIF")), row.get_attr("RTA_PREFSRC") or "", mtu, learnt)


def _decoded(message: _Message) -> _Message:
    message.decode()
    return message


async def _asked(request: _Message, kind: int, flags: int, read: Callable[[bytes], T]) -> list[T]:
    """What is read of every message of the answer; nothing where it says that there is no way. Raises ProbeFailed.

    Read at once, since pyroute2's messages are heavy: hundreds of them keep the garbage collector busy.
    """
    request["header"]["type"] = kind
    request["header"]["flags"] = NLM_F_REQUEST | flags
    request.encode()
    try:
        async with asyncio.timeout(DEADLINE), aclosing(_answers(bytes(request.data))) as messages:
            return [read(message) async for message in messages]
    except TimeoutError as error:
        detail = f"{_WHAT}: the kernel has not answered within {DEADLINE:g} s"
        raise ProbeFailed(Reason.TIMEOUT, detail, ours=True) from error
    except OSError as error:
        if kind == RTM_GETROUTE and error.errno in _NO_WAY:
            return []
        failure = from_os_error(error, _WHAT)
        raise ProbeFailed(failure.reason, failure.detail, ours=True) from error


async def _answers(request: bytes) -> AsyncGenerator[bytes, None]:
    """The messages of the kernel's answer. Raises OSError where it is an error."""
    loop = asyncio.get_running_loop()
    with opened(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asking:
        asking.bind((0, 0))
        asking.send(request)
        more = True
        while more:
            data = await loop.sock_recv(asking, _READ)
            more = False
            for kind, flags, raw in _messages(data):
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    (number,) = _ERROR.unpack_from(raw, _HEADER.size)
                    raise OSError(-number, os.strerror(-number))
                yield raw
                more = bool(flags & NLM_F_MULTI)
            await asyncio.sleep(0)  # it comes in parts of some 20 devices


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, flags and bytes of each message (struct nlmsghdr of netlink(7))."""
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, start)
        if length < _HEADER.size:
            return
        yield kind, flags, data[start : start + length]
        start += (length + 3) & ~3
