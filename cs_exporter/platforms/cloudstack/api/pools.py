"""Which hosts have a primary storage mounted: the API does not say, so those count whom the pool's scope reaches.

CloudStack tells every KVM host of a cluster, or of a zone, to mount a pool of that scope, and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable

from cs_exporter.model import CloudMount
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.api.rows import text
from cs_exporter.ports import ApiRow

NFS = "NetworkFilesystem"
UP = "Up"
BY_SCOPE = "mounts of hosts and hosts of pools: the API does not tell them; taken from the pools' scopes"
"""What is lacking wherever `reaches` decides."""

_MOUNTS = "/mnt"
_REACH = {"CLUSTER": "clusterid", "ZONE": "zoneid"}
"""Scope of a pool -> what a host must have in common with it; of other scopes (HOST) nothing is mounted by NFS."""


def mounts(host: ApiRow, pools: Iterable[ApiRow]) -> tuple[CloudMount, ...]:
    """What a host of listHosts has been told to mount: pools that are Up, by NFS."""
    return tuple(
        CloudMount(f"{_MOUNTS}/{text(pool, 'id')}", text(pool, "ipaddress"), text(pool, "path"))
        for pool in pools
        if is_mounted(pool) and reaches(pool, host)
    )


def is_mounted(pool: ApiRow) -> bool:
    """Whether a pool is mounted by NFS, and should be now."""
    return text(pool, "type") == NFS and text(pool, "state") == UP and bool(text(pool, "ipaddress"))


def reaches(pool: ApiRow, host: ApiRow) -> bool:
    """Whether a host is one of those that a pool is for. A zone's pool is for one kind of hypervisor, or for any."""
    common = text(pool, _REACH.get(text(pool, "scope").upper(), ""))
    near = bool(common) and common in (text(host, "clusterid"), text(host, "zoneid"))
    hypervisor, wanted = text(host, "hypervisor").upper(), text(pool, "hypervisor").upper()
    return near and hypervisor in words.ASKED_HYPERVISORS and wanted in ("", "ANY", hypervisor)
