"""What ip(8) says of network devices, read from its JSON: the second opinion for rtnetlink and the collector's section.

Only for the version of ip that the tests run with.
"""

from __future__ import annotations

import json
from typing import Any

from cs_exporter.ports import Link


def links(text: str) -> tuple[Link, ...]:
    """All of `ip -j -d link show`, in its order."""
    return tuple(_link(row) for row in json.loads(text))


def _link(row: dict[str, Any]) -> Link:
    info = row.get("linkinfo", {})
    data = info.get("info_data", {})
    kind = info.get("info_kind") or ("loopback" if "LOOPBACK" in row["flags"] else "")
    vxlan = data if kind == "vxlan" else {}
    # Of another name space ip can't tell the names, and may take ours for them.
    beside = kind == "veth" or "link_netnsid" in row
    return Link(
        index=row["ifindex"],
        name=row["ifname"],
        mtu=row["mtu"],
        kind=kind,
        up="UP" in row["flags"] and "NO-CARRIER" not in row["flags"],
        master=row.get("master", ""),
        underlay="" if beside else data.get("link") or row.get("link") or "",
        vxlan_id=None if vxlan.get("external") else vxlan.get("id"),
        vxlan_local=vxlan.get("local") or vxlan.get("local6") or "",
        vxlan_port=vxlan.get("port"),
    )
