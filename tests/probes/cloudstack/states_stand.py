"""Rows of a small cloud that is well, as both the database and the API tell them.

Tests change a word of them, and look what that comes to.
"""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.cloudstack.states import HostState, ServerState

NAMES = {"h1": "kvm1", "h2": "kvm2", "h3": "kvm3", "h4": "kvm4", "h5": "kvm5", "m1": "ms1", "m2": "ms2"}
WALL = 1.8e9
PING = 60.0
KVM1 = HostState("h1", "kvm1", "Routing", "Up", "Enabled", "KVM", "ms1", 1, WALL - 86400, 2, 1)
MS1 = ServerState("m1", "ms1", "Up", "192.0.2.1", 101, "4.22", 0.7, None, 0)


def hosts(count: int, server: str = "ms1") -> tuple[HostState, ...]:
    """So many hosts that are well, on one server."""
    return tuple(
        replace(KVM1, uuid=f"h{number}", name=f"kvm{number}", number=number, server=server)
        for number in range(1, count + 1)
    )
