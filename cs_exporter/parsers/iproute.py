"""Network devices and routes as JSON: `ip -j -d link show` and `ip -j route get ADDRESS`. See ip-link(8), ip-route(8).

Tolerant of what versions differ in: keys that are missing, empty objects in lists (iproute2 4.15), null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn

from cs_exporter.model import Link, Route, UnparsableError

LOOPBACK = "loopback"
"""The kind that loopback devices are given here; the kernel names none, as with hardware."""

BESIDE = frozenset({"veth", "vxcan", "netkit"})
"""Kinds whose `link` is the other end of a pair and not what they lie upon."""

NO_WAY = frozenset({"unreachable", "blackhole", "prohibit", "throw"})
"""Types of routes that lead nowhere (ip-route(8)); of some versions ip shows those of IPv6 as if they were found."""

_Object = Mapping[str, object]


def links(text: str) -> tuple[Link, ...]:
    """All of `ip -j -d link show`, in its order. Raises UnparsableError."""
    return tuple(_link(row) for row in _rows(text, "ip link"))


def route(text: str) -> Route | None:
    """All of `ip -j route get ADDRESS`; None where there is no route, then ip prints nothing. Raises UnparsableError.

    With several answers the first counts, as with the kernel.
    """
    if not text.strip():
        return None
    for row in _rows(text, "ip route"):
        if row.get("type") in NO_WAY:
            return None
        metrics = row.get("metrics") or []
        if not isinstance(metrics, list):
            raise UnparsableError(f"ip route: metrics are no list: {str(metrics)[:60]!r}")
        mtu = next((mtu for one in metrics if (mtu := _number(_object(one, "metrics"), "mtu")) is not None), None)
        # `expires` stands only where something was learnt: what somebody has configured does not expire.
        learnt = mtu is not None and bool(_number(row, "expires"))
        return Route(_word(row, "dev") or _missing("dev"), _word(row, "prefsrc"), mtu, learnt)
    return None


def _link(row: _Object) -> Link:
    info = _object(row.get("linkinfo"), "linkinfo")
    data = _object(info.get("info_data"), "info_data")
    flags = row.get("flags") or []
    if not isinstance(flags, list):
        raise UnparsableError(f"ip link: flags are no list: {str(flags)[:60]!r}")
    kind = _word(info, "info_kind") or (LOOPBACK if "LOOPBACK" in flags else "")
    index, mtu = _number(row, "ifindex"), _number(row, "mtu")
    vxlan = data if kind == "vxlan" else {}
    return Link(
        index=_missing("ifindex") if index is None else index,
        name=_word(row, "ifname") or _missing("ifname"),
        mtu=_missing("mtu") if mtu is None else mtu,
        kind=kind,
        up="UP" in flags and "NO-CARRIER" not in flags,
        master=_word(row, "master"),
        # Of another name space ip can't tell the names, and may take ours for them.
        underlay="" if kind in BESIDE or "link_netnsid" in row else _word(data, "link") or _word(row, "link"),
        # A device with `external` has no id of its own: every packet brings one (Open vSwitch, EVPN).
        vxlan_id=None if vxlan.get("external") else _number(vxlan, "id"),
        vxlan_local=_word(vxlan, "local") or _word(vxlan, "local6"),
        vxlan_port=_number(vxlan, "port"),
    )


def _rows(text: str, what: str) -> list[_Object]:
    """The objects of a JSON list, without the empty ones."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnparsableError(f"{what}: not JSON: {text[:120]!r}") from error
    if not isinstance(found, list):
        raise UnparsableError(f"{what}: not a list: {text[:120]!r}")
    return [row for one in found if (row := _object(one, what))]


def _object(value: object, what: str) -> _Object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnparsableError(f"{what}: not an object: {str(value)[:60]!r}")
    return value


def _word(row: _Object, key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnparsableError(f"{key}: not a word: {str(value)[:60]!r}")
    return value


def _number(row: _Object, key: str) -> int | None:
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnparsableError(f"{key}: not a number: {str(value)[:60]!r}")
    return value


def _missing(key: str) -> NoReturn:
    raise UnparsableError(f"ip: a device or route without {key}")
