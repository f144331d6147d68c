"""Makes the mount at the working directory the root of its mount namespace, and becomes a program there.

`python -S -m tests.deploy.machine_root PROGRAM [ARGUMENT...]`. Not chroot(2): in one, the kernel allows nobody a user
namespace, which systemd's sandbox needs. Nor pivot_root(8): it fails in a bare chroot, where "/" is no mount point.
"""

from __future__ import annotations

import os
import sys

from tests.lab import linux


def main() -> None:
    """Change the root for all of the namespace; its mounts become shared, as systemd has them on every machine."""
    root = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    # Whoever enters a mount namespace, its own too, gets the namespace's root in place of that of a chroot.
    linux.setns(os.open("/proc/self/ns/mnt", os.O_RDONLY), linux.CLONE_NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    os.fchdir(root)
    linux.mount(".", "/", flags=linux.MS_MOVE)
    os.chroot(".")
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_SHARED)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  # a test names the program


if __name__ == "__main__":
    main()
