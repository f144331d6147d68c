"""Primary and secondary storage as rows of the database: pools, their mounts on hosts, image stores.

A census makes NFS servers and mounts of them, a look at states what they are like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from cs_exporter.model import CloudMount
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database.places import Places
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, Record

POOLS, MOUNTS, STORES = 10_000, 100_000, 1_000
"""Lines that are taken at most."""

_NFS = "NetworkFilesystem"


def pools(columns: Columns) -> Listing:
    """Live pools that hosts have mapped. What follows a question mark in a path is a secret of SMB's."""
    pool = columns.table("storage_pool", "id uuid name pool_type status host_address path data_center_id removed")
    mapped = columns.table("storage_pool_host_ref", "pool_id")
    return Listing(
        (
            *("p.id", "p.uuid", "p.name", "p.pool_type", "p.status", "p.host_address"),
            *("SUBSTRING_INDEX(p.path, '?', 1)", "p.data_center_id"),
        ),
        f"{pool} p WHERE p.removed IS NULL AND EXISTS (SELECT 1 FROM {mapped} r WHERE r.pool_id = p.id)",  # noqa: S608
        POOLS,
    )


def mounts(columns: Columns) -> Listing:
    """Which host was told to mount which NFS pool that is Up; where, if not at the usual place.

    Places are compared as bytes: tables of clouds that were upgraded may differ in collation.
    """
    mapped = columns.table("storage_pool_host_ref", "host_id pool_id local_path")
    pool = columns.table("storage_pool", "id uuid pool_type status removed")
    usual = "CAST(r.local_path AS BINARY) = CAST(CONCAT('/mnt/', p.uuid) AS BINARY)"
    return Listing(
        ("r.host_id", "r.pool_id", f"IF({usual}, '', r.local_path)"),
        f"{pool} p JOIN {mapped} r ON r.pool_id = p.id "
        f"WHERE p.pool_type = '{_NFS}' AND p.status = 'Up' AND p.removed IS NULL",
        MOUNTS,
    )


def image_stores(columns: Columns) -> Listing:
    """Live secondary storage, its URL without options."""
    table = columns.table("image_store", "name protocol url data_center_id removed")
    readonly = "s.readonly" if columns.has("image_store", "readonly") else "0"
    fields = ("s.name", "s.protocol", "SUBSTRING_INDEX(s.url, '?', 1)", readonly, "s.data_center_id")
    return Listing(fields, f"{table} s WHERE s.removed IS NULL", STORES)


def mounts_of_hosts(mapped: Iterable[Record], pools: Iterable[Record]) -> Mapping[str, Sequence[CloudMount]]:
    """host.id -> the NFS mounts it was told to make, of `mounts` and `pools`; in the same order in every answer."""
    usual = {number: CloudMount(f"/mnt/{uuid}", address, path) for number, uuid, _, _, _, address, path, _ in pools}
    found: dict[str, list[CloudMount]] = {}
    for host, pool, place in mapped:
        mount = usual.get(pool)
        if mount is not None:
            known = found.setdefault(host, [])
            known.append(CloudMount(place, mount.server, mount.export) if place else mount)
    for several in found.values():
        several.sort(key=attrgetter("mountpoint"))
    return found


def nfs_servers(pools: Iterable[Record], stores: Iterable[Record], places: Places) -> list[tuple[str, str]]:
    """Address and zone's name of each storage that is mounted by NFS, of `pools` and `image_stores`."""
    found = [(address, places.zones.get(zone, "")) for _, _, _, kind, _, address, _, zone in pools if kind == _NFS]
    for _, _, url, _, zone in stores:
        source = words.nfs_source(url)
        if source is not None:
            found.append((source[0], places.zones.get(zone, "")))
    return [(address, zone) for address, zone in found if address]
