"""What the collector's section `links` prints: network devices, one short line each, made of `ip -o -d link show`.

A hypervisor may have a thousand of them, and the JSON of ip(8) has a kilobyte for each; this has forty bytes.
"""

from __future__ import annotations

from cs_exporter.model import Link, UnparsableError
from cs_exporter.parsers.numbers import whole

_FIELDS = 10


def devices(text: str) -> tuple[Link, ...]:
    """Lines of `INDEX NAME MTU UP KIND MASTER UNDERLAY VXLAN-ID VXLAN-LOCAL VXLAN-PORT`, `-` for what does not apply.

    Raises UnparsableError.
    """
    return tuple(_device(line) for line in text.splitlines() if line)


def _device(line: str) -> Link:
    words = ["" if word == "-" else word for word in line.split(" ")]
    if len(words) != _FIELDS or not words[1]:
        raise UnparsableError(f"section links: not a device: {line[:120]!r}")
    index, name, mtu, up, kind, master, underlay, vxlan_id, local, port = words
    return Link(
        index=whole(index, "index"),
        name=name,
        mtu=whole(mtu, "MTU"),
        kind=kind,
        up=up == "1",
        master=master,
        underlay=underlay,
        vxlan_id=whole(vxlan_id, "VXLAN id") if vxlan_id else None,
        vxlan_local=local,
        vxlan_port=whole(port, "VXLAN port") if port else None,
    )
