"""Which mounts of a host are watched for hangs: those it is expected to have, and the NFS mounts found besides.

Also where a mount really comes from, so that another export in an expected place is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import PurePosixPath

from cs_exporter.model import Mount
from cs_exporter.parsers.mountinfo import MountInfo, visible

MAX_UNLISTED = 20
"""Mounts that are in no settings and are watched nevertheless, at most: each costs a process per poll."""

NFS = frozenset(("nfs", "nfs4"))


def unlisted(mounts: Sequence[MountInfo], listed: Iterable[Mount]) -> list[Mount]:
    """The NFS mounts that are not listed, as mounts to watch.

    Each file system once, however often it is bound elsewhere (containers do). Mounts of an automounter, and those
    the NFS client makes by itself below another, end when nobody looks at them: looking would keep them for ever.
    """
    shown = visible(mounts)
    points = {mount.mountpoint for mount in listed}
    seen = {shown[point].device for point in points if point in shown}
    transient = {mount.mountpoint for mount in mounts if mount.fstype == "autofs"}
    nfs = {mount.mountpoint for mount in shown.values() if mount.fstype in NFS} - {"/"}
    found: list[Mount] = []
    for mount in shown.values():
        above = {str(path) for path in PurePosixPath(mount.mountpoint).parents}
        comes_and_goes = mount.mountpoint in transient or above & (transient | nfs)
        if mount.fstype not in NFS or mount.mountpoint in points or mount.device in seen or comes_and_goes:
            continue
        seen.add(mount.device)
        found.append(_as_mount(mount))
    return found[:MAX_UNLISTED]


def _as_mount(mount: MountInfo) -> Mount:
    server, export = split_source(mount.source)
    return Mount(mount.mountpoint, server, mount.option("addr") or server, export, readonly=mount.readonly)


def split_source(source: str) -> tuple[str, str]:
    """Server and export of `server:/export`; an IPv6 address loses its brackets. The export is empty in other forms."""
    server, colon, path = source.partition(":/")
    if colon:
        return server.strip("[]"), f"/{path}"
    server, _, path = source.partition(":")
    return server, path


def comes_from(mount: MountInfo, wanted: Mount) -> bool:
    """Whether a mount is the wanted export.

    By its path alone: a server that is known by its management address is mounted by that of its storage network, and
    who listens at either nobody can tell from here.
    """
    _, export = split_source(mount.source)
    return bool(export) and export.strip("/") == wanted.export.strip("/")


def other_address(mount: MountInfo, wanted: Mount) -> str:
    """The address that a mount comes from, where it is known to be none of those that the settings say."""
    server, _ = split_source(mount.source)
    found = [address for name in (mount.option("addr"), server) if name and (address := _address(name))]
    expected = [address for name in (wanted.server_address, wanted.server) if (address := _address(name))]
    same = wanted.server.lower() == server.lower() or not expected or {*found} & {*expected}
    return str(found[0]) if found and not same else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """A number's value, as it may be written in several ways; None for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
