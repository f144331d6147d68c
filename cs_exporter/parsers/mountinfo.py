"""/proc/PID/mountinfo: what is mounted where. See proc_pid_mountinfo(5).

It never blocks, so it can say what a mount is while the mount itself hangs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.model import UnparsableError

_OCTAL = re.compile(r"\\([0-3][0-7]{2})")
_DEVICE = re.compile(r"[0-9]{1,10}:[0-9]{1,10}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_FIXED_FIELDS = 6  # before the optional ones, which end with a lone "-"


@dataclass(frozen=True, slots=True)
class MountInfo:
    """One mount, in the kernel's words. Options are those of this mount and, apart, those of the file system."""

    device: str  # major:minor; equal for all mounts of one file system
    root: str  # the part of the file system that is mounted; not "/" for a bind mount
    mountpoint: str
    options: tuple[str, ...]
    fstype: str
    source: str
    super_options: tuple[str, ...]

    @property
    def readonly(self) -> bool:
        """Whether nothing can be written through this mount."""
        return "ro" in self.options or "ro" in self.super_options

    def option(self, name: str) -> str | None:
        """The value of a file system's option `name=value`, or None."""
        prefix = f"{name}="
        return next((option.removeprefix(prefix) for option in self.super_options if option.startswith(prefix)), None)


def unescape(field: str) -> str:
    """A field as it really reads: the kernel writes blanks, tabs, newlines and backslashes as octal numbers."""
    if "\\" not in field:
        return field
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)


def escape(path: str) -> str:
    """A path as the kernel writes it here and in mountstats."""
    return "".join(f"\\{ord(char):03o}" if char in " \t\n\\" else char for char in path)


def parse(text: str) -> tuple[MountInfo, ...]:
    """All mounts, in the kernel's order. Raises UnparsableError."""
    return tuple(_mount(line) for line in text.split("\n") if line)


def visible(mounts: Iterable[MountInfo]) -> dict[str, MountInfo]:
    """By mount point: of several mounts on one mount point the last covers the others."""
    return {mount.mountpoint: mount for mount in mounts}


def _mount(line: str) -> MountInfo:
    fields = line.split(" ")
    try:
        end = fields.index("-", _FIXED_FIELDS)
        mount_id, parent, device, root, mountpoint, options = fields[:_FIXED_FIELDS]
        fstype, source, *super_options = fields[end + 1 :]
    except ValueError:
        raise UnparsableError(f"not a line of mountinfo: {line[:120]!r}") from None
    if not (_NUMBER.fullmatch(mount_id) and _NUMBER.fullmatch(parent) and _DEVICE.fullmatch(device)):
        raise UnparsableError(f"not the numbers of a mount: {line[:120]!r}")
    return MountInfo(
        device=device,
        root=unescape(root),
        mountpoint=unescape(mountpoint),
        options=tuple(options.split(",")),
        fstype=fstype,
        source=unescape(source),
        # Some file systems put a blank into their options.
        super_options=tuple(" ".join(super_options).split(",")),
    )
