"""Storage as rows: mounts of hosts, and the NFS servers behind them."""

from __future__ import annotations

from cs_exporter.model import CloudMount
from cs_exporter.platforms.cloudstack.database.places import Places
from cs_exporter.platforms.cloudstack.database.storage import mounts_of_hosts, nfs_servers

POOLS = [
    ["1", "uuid1", "primary", "NetworkFilesystem", "Up", "192.0.2.41", "/export/primary", "1"],
    ["2", "uuid2", "ceph", "RBD", "Up", "192.0.2.43", "rbd", "1"],
    ["3", "uuid3", "nameless", "NetworkFilesystem", "Up", "", "/export", "1"],
]


def test_mounts() -> None:
    """At the usual place or where the agent says; a pool that has gone meanwhile is no mount."""
    found = mounts_of_hosts([["11", "1", ""], ["12", "1", "/srv/primary"], ["12", "9", ""]], POOLS)
    assert [CloudMount("/mnt/uuid1", "192.0.2.41", "/export/primary")] == found["11"]
    assert [CloudMount("/srv/primary", "192.0.2.41", "/export/primary")] == found["12"]


def test_order() -> None:
    """Of two answers that have the same mounts, neither is news."""
    pools = [*POOLS, ["4", "uuid0", "second", "NetworkFilesystem", "Up", "192.0.2.41", "/export/second", "1"]]
    mapped = [["11", "1", ""], ["11", "4", ""]]
    one, other = (mounts_of_hosts(records, pools)["11"] for records in (mapped, mapped[::-1]))
    assert one == other
    assert ["/mnt/uuid0", "/mnt/uuid1"] == [mount.mountpoint for mount in one]


def test_servers() -> None:
    """Of NFS only, with the name of their zone."""
    stores = [
        ["secondary", "nfs", "nfs://192.0.2.44/export", "0", "1"],
        ["bucket", "s3", "https://s3.example/bucket", "0", ""],
        ["everywhere", "nfs", "nfs://192.0.2.45/export", "0", ""],
    ]
    expected = [("192.0.2.41", "zone1"), ("192.0.2.44", "zone1"), ("192.0.2.45", "")]
    assert expected == nfs_servers(POOLS, stores, Places({"1": "zone1"}))
