"""iSCSI sessions and the paths of multipath maps, one per line, as the collector reads them from sysfs.

`session NAME STATE TARGET`: /sys/class/iscsi_session; `path MAP DEVICE STATE`: the slaves of device-mapper's mpath
maps, with the SCSI device's state (Documentation/ABI/testing/sysfs-class-iscsi, drivers/scsi/scsi_sysfs.c).
"""

from __future__ import annotations

from dataclasses import dataclass

from cs_exporter.model import UnparsableError

LOGGED_IN = "LOGGED_IN"
RUNNING = "running"
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class IscsiSession:
    """A session: the kernel's number for it, and the target's name (IQN)."""

    name: str
    target: str
    up: bool


@dataclass(frozen=True, slots=True)
class MultipathPath:
    """One path of a map."""

    map: str
    device: str
    up: bool


@dataclass(frozen=True, slots=True)
class BlockPaths:
    """All of a host."""

    sessions: tuple[IscsiSession, ...]
    paths: tuple[MultipathPath, ...]


def parse(text: str) -> BlockPaths:
    """The sessions and paths. Raises UnparsableError."""
    sessions: list[IscsiSession] = []
    paths: list[MultipathPath] = []
    for line in text.splitlines():
        fields = line.split(" ", _FIELDS - 1)
        if len(fields) == _FIELDS and fields[0] == "session":
            sessions.append(IscsiSession(fields[1], fields[3], fields[2] == LOGGED_IN))
        elif len(fields) == _FIELDS and fields[0] == "path":
            paths.append(MultipathPath(fields[1], fields[2], fields[3] == RUNNING))
        else:
            raise UnparsableError(f"neither a session nor a path: {line[:60]!r}")
    return BlockPaths(tuple(sessions), tuple(paths))
