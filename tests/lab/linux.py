"""The few Linux system calls that Python 3.11 does not offer: namespaces, mounts and process control, by ctypes.

Constants are those of linux/sched.h, linux/mount.h and linux/prctl.h.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_MOVE = 0x2000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SHARED = 0x100000

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give this process namespaces of its own (man 2 unshare). Raises OSError."""
    _check(_libc.unshare(flags), f"unshare {flags:#x}")


def setns(fd: int, kind: int) -> None:
    """Enter the namespace behind an open file descriptor (man 2 setns). Raises OSError."""
    _check(_libc.setns(fd, kind), f"setns {kind:#x}")


def mount(source: str, target: Path | str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system (man 2 mount). Raises OSError that names the target."""
    arguments = (source.encode(), str(target).encode(), fstype.encode(), ctypes.c_ulong(flags), data.encode())
    _check(_libc.mount(*arguments), f"mount {source} on {target}")


def prctl(option: int, value: int) -> None:
    """Set one property of this process (man 2 prctl). Raises OSError."""
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def make_mounts_private(directory: Path) -> None:
    """Cut this mount namespace off from the one it was copied from, so that nothing mounted here shows outside.

    In a bare chroot "/" is no mount point and its propagation cannot be changed; then every mount that can be seen
    is made private, and the one that will carry the hosts' roots must be among them. Raises OSError if it is not.
    """
    try:
        mount("none", "/", flags=MS_REC | MS_PRIVATE)
    except OSError:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        points = [line.split()[4] for line in lines]
        for point in points:
            mount("none", point, flags=MS_PRIVATE)
        if not any(directory.is_relative_to(point) for point in points):
            raise OSError(f"{directory}: neither it nor / is on a mount of its own; mount a tmpfs on /tmp") from None


def mounts_below(directory: Path) -> list[str]:
    """The mount points at or below a directory that this process can see."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return [point for point in (line.split()[4] for line in lines) if Path(point).is_relative_to(directory)]
