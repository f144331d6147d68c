"""A route as JSON: `ip -j route get ADDRESS`. See ip-route(8).

Tolerant of what versions differ in: keys that are missing, empty objects in lists (iproute2 4.15), null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cs_exporter.model import Route, UnparsableError

NO_WAY = frozenset({"unreachable", "blackhole", "prohibit", "throw"})
"""Types of routes that lead nowhere (ip-route(8)); of some versions ip shows those of IPv6 as if they were found."""

_Object = Mapping[str, object]


def route(text: str) -> Route | None:
    """All of `ip -j route get ADDRESS`; None where there is no route, then ip prints nothing. Raises UnparsableError.

    With several answers the first counts, as with the kernel.
    """
    rows = _rows(text) if text.strip() else []
    return _route(rows[0]) if rows else None


def _route(row: _Object) -> Route | None:
    if _word(row, "type") in NO_WAY:
        return None
    metrics = row.get("metrics") or []
    if not isinstance(metrics, list):
        raise UnparsableError(f"ip route: metrics are no list: {str(metrics)[:60]!r}")
    mtu = next((mtu for one in metrics if (mtu := _number(_object(one, "metrics"), "mtu")) is not None), None)
    device = _word(row, "dev")
    if not device:
        raise UnparsableError(f"ip route: a route without a device: {str(row)[:120]!r}")
    # `expires` stands only where something was learnt: what somebody has configured does not expire.
    learnt = mtu is not None and bool(_number(row, "expires"))
    return Route(device, _word(row, "prefsrc"), mtu, learnt)


def _rows(text: str) -> list[_Object]:
    """The objects of a JSON list, without the empty ones."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnparsableError(f"ip route: not JSON: {text[:120]!r}") from error
    if not isinstance(found, list):
        raise UnparsableError(f"ip route: not a list: {text[:120]!r}")
    return [row for one in found if (row := _object(one, "ip route"))]


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
