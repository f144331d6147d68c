"""The exporter's own network devices and routes: rtnetlink(7), its messages by pyroute2.

Over a socket of our own in the event loop: pyroute2's asynchronous sockets don't work under uvloop, and its plain
ones need a thread that cannot be cancelled. The kernel answers at once; the deadline is for a kernel that hangs.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from pyroute2.netlink import NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_MULTI, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR
from pyroute2.netlink.rtnl import RTM_GETLINK, RTM_GETROUTE
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.parsers.iproute import BESIDE, LOOPBACK
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
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING = 0x1, 0x8, 0x40
_ADDRESS_BITS = {socket.AF_INET: 32, socket.AF_INET6: 128}
_UNICAST, _LOCAL = 1, 2  # of rtnetlink(7): RTN_UNICAST, RTN_LOCAL; the others lead nowhere, or to many

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL})
"""What the kernel answers where there is no route, and for routes unreachable, prohibit and blackhole."""

_Message = Any
"""A message of pyroute2, which has no type information."""


class KernelLinks:
    """Implements ports.Netlink."""

    async def links(self) -> tuple[Link, ...]:
        """See ports.Netlink."""
        rows = await _links()
        device_names = {row["index"]: str(row.get_attr("IFLA_IFNAME")) for row in rows}
        return tuple(_link(row, device_names) for row in rows)

    async def route(self, address: str) -> Route | None:
        """See ports.Netlink. Of a name the first address counts."""
        ends = asyncio.get_running_loop().time() + DEADLINE
        (family, _, _, _, target), *_ = await names.addresses(address, 0, f"route to {address}", ends)
        request = rtmsg()
        request["family"], request["dst_len"] = int(family), _ADDRESS_BITS[family]
        request["attrs"] = [("RTA_DST", str(ipaddress.ip_address(target[0])).partition("%")[0])]
        found = await _asked(request, RTM_GETROUTE, 0, rtmsg)
        if not found or found[0]["type"] not in {_UNICAST, _LOCAL}:
            return None
        return _route(found[0])


async def _links() -> list[_Message]:
    """All devices; asked again where one came or went in the middle of the answer."""
    for _ in range(_ATTEMPTS):
        request = ifinfmsg()
        request["attrs"] = [("IFLA_EXT_MASK", _RTEXT_FILTER_SKIP_STATS)]
        rows = await _asked(request, RTM_GETLINK, NLM_F_DUMP, ifinfmsg)
        if not any(row["header"]["flags"] & NLM_F_DUMP_INTR for row in rows):
            break
    return rows


def _link(row: _Message, device_names: Mapping[int, str]) -> Link:
    info = row.get_attr("IFLA_LINKINFO")
    kind = str((info and info.get_attr("IFLA_INFO_KIND")) or "")
    data = info and info.get_attr("IFLA_INFO_DATA")
    vxlan = data if data and kind == "vxlan" else None
    flags = row["flags"]
    wanted = _IFF_UP | _IFF_RUNNING
    below = vxlan.get_attr("IFLA_VXLAN_LINK") if vxlan else _below(row, kind)
    own_id = vxlan is not None and not vxlan.get_attr("IFLA_VXLAN_COLLECT_METADATA")
    return Link(
        index=row["index"],
        name=device_names[row["index"]],
        mtu=row.get_attr("IFLA_MTU"),
        kind=kind or (LOOPBACK if flags & _IFF_LOOPBACK else ""),
        up=flags & wanted == wanted,
        master=device_names.get(row.get_attr("IFLA_MASTER") or 0, ""),
        underlay=device_names.get(below or 0, ""),
        vxlan_id=vxlan.get_attr("IFLA_VXLAN_ID") if vxlan and own_id else None,
        vxlan_local=(vxlan and (vxlan.get_attr("IFLA_VXLAN_LOCAL") or vxlan.get_attr("IFLA_VXLAN_LOCAL6"))) or "",
        vxlan_port=vxlan.get_attr("IFLA_VXLAN_PORT") if vxlan else None,
    )


def _below(row: _Message, kind: str) -> int | None:
    """The number of the device below; none where it lies in another name space, whose numbers are its own."""
    if kind in BESIDE or row.get_attr("IFLA_LINK_NETNSID") is not None:
        return None
    number: int | None = row.get_attr("IFLA_LINK")
    return number


def _route(row: _Message) -> Route:
    metrics, cache = row.get_attr("RTA_METRICS"), row.get_attr("RTA_CACHEINFO")
    mtu = metrics.get_attr("RTAX_MTU") if metrics else None
    # What somebody has configured does not expire.
    learnt = mtu is not None and bool(cache and cache["rta_expires"])
    return Route(socket.if_indextoname(row.get_attr("RTA_OIF")), row.get_attr("RTA_PREFSRC") or "", mtu, learnt)


async def _asked(request: _Message, kind: int, flags: int, answer: Callable[[bytes], _Message]) -> list[_Message]:
    """Every message of the kernel's answer, decoded; none where it says that there is no way. Raises ProbeFailed."""
    request["header"]["type"] = kind
    request["header"]["flags"] = NLM_F_REQUEST | flags
    request.encode()
    try:
        async with asyncio.timeout(DEADLINE):
            return [message async for message in _answers(bytes(request.data), answer)]
    except TimeoutError as error:
        detail = f"{_WHAT}: the kernel has not answered within {DEADLINE:g} s"
        raise ProbeFailed(Reason.TIMEOUT, detail, ours=True) from error
    except OSError as error:
        if kind == RTM_GETROUTE and error.errno in _NO_WAY:
            return []
        failure = from_os_error(error, _WHAT)
        raise ProbeFailed(failure.reason, failure.detail, ours=True) from error


async def _answers(request: bytes, answer: Callable[[bytes], _Message]) -> AsyncIterator[_Message]:
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
                message = answer(raw)
                message.decode()
                yield message
                more = bool(flags & NLM_F_MULTI)
            # A machine with hundreds of devices answers in many parts, and others want to run meanwhile.
            await asyncio.sleep(0)


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, flags and bytes of each message (struct nlmsghdr of netlink(7))."""
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, start)
        if length < _HEADER.size:
            return
        yield kind, flags, data[start : start + length]
        start += (length + 3) & ~3
