"""Whom a pool is for, by its scope: the API does not tell what a host has mounted."""

from __future__ import annotations

import pytest

from cs_exporter.model import CloudMount
from cs_exporter.platforms.cloudstack.api import pools

HOST = {"id": "h1", "type": "Routing", "hypervisor": "KVM", "clusterid": "c1", "zoneid": "z1"}
POOL = {"id": "p1", "type": "NetworkFilesystem", "state": "Up", "ipaddress": "192.0.2.40", "path": "/export"}


@pytest.mark.parametrize(
    ("pool", "host", "expected"),
    [
        ({"scope": "CLUSTER", "clusterid": "c1"}, {}, True),
        ({"scope": "CLUSTER", "clusterid": "c2"}, {}, False),
        ({"scope": "ZONE", "zoneid": "z1"}, {}, True),
        ({"scope": "ZONE", "zoneid": "z1", "hypervisor": "KVM"}, {}, True),
        ({"scope": "ZONE", "zoneid": "z1", "hypervisor": "Any"}, {}, True),
        ({"scope": "ZONE", "zoneid": "z1", "hypervisor": "VMware"}, {}, False),
        ({"scope": "ZONE", "zoneid": "z2"}, {}, False),
        ({"scope": "HOST", "zoneid": "z1", "clusterid": "c1"}, {}, False),
        ({"zoneid": "z1", "clusterid": "c1"}, {}, False),
        ({"scope": "CLUSTER"}, {"clusterid": None}, False),
        ({"scope": "ZONE", "zoneid": "z1"}, {"hypervisor": "VMware"}, False),
        ({"scope": "ZONE", "zoneid": "z1"}, {"hypervisor": "LXC"}, True),
    ],
)
def test_reach(pool: dict[str, str], host: dict[str, str | None], expected: bool) -> None:  # noqa: FBT001  # a table's column
    """Of a cluster or of a zone, and of machines that mount at all."""
    assert expected is pools.reaches({**POOL, **pool}, {**HOST, **host})


@pytest.mark.parametrize(
    ("changes", "number"), [({}, 1), ({"state": "Maintenance"}, 0), ({"type": "RBD"}, 0), ({"ipaddress": ""}, 0)]
)
def test_mounts(changes: dict[str, str], number: int) -> None:
    """Pools by NFS that are Up, at the usual place."""
    pool = {**POOL, "scope": "ZONE", "zoneid": "z1", **changes}
    assert (CloudMount("/mnt/p1", "192.0.2.40", "/export"),) * number == pools.mounts(HOST, [pool])
