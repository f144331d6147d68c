"""The section nfs_proc on hosts with many mounts: what is wanted of them comes, and nothing in its way.

Run by every awk and shell of this machine, on files as a kernel writes them and in a name space full of real mounts.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cs_exporter.parsers import mountinfo
from cs_exporter.parsers.collector import MAX_ANSWER
from cs_exporter.parsers.mountinfo import escape
from cs_exporter.probes.nfs.nfs_mounts import NFS_PROC

MANY = 5000
SHELLS = (("dash",), ("bash",), ("busybox", "sh"))
each_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
STATS = "device 10.0.0.1:/x mounted on {} with fstype nfs4 statvers=1.1\n\tage:\t1\n\tper-op statistics\n"


def line(point: str, fstype: str = "nfs4") -> str:
    """A line of mountinfo."""
    return f"30 25 0:41 / {escape(point)} rw shared:1 - {fstype} 10.0.0.1:/x rw,addr=10.0.0.1\n"


def section(shell: tuple[str, ...]) -> str:
    """The section's body; with busybox's shell by busybox's awk."""
    return NFS_PROC.body.replace("awk", "busybox awk", 1) if shell[0] == "busybox" else NFS_PROC.body


def said(shell: tuple[str, ...], folder: Path, *points: str) -> list[str]:
    """The lines that the section prints of the files in a folder, asked for these mount points."""
    body = section(shell).replace("/proc/self", str(folder))
    done = subprocess.run([*shell, "-c", body, "sh", *map(escape, points)], capture_output=True, text=True, check=True)
    assert "" == done.stderr
    assert len(done.stdout) < MAX_ANSWER
    return done.stdout.splitlines(keepends=True)


def write(folder: Path, info: str, stats: str = "") -> None:
    """The two files."""
    (folder / "mountinfo").write_text(info, encoding="utf-8")
    (folder / "mountstats").write_text(stats, encoding="utf-8")


@each_shell
def test_what_is_asked_for_comes(shell: tuple[str, ...], tmp_path: Path) -> None:
    """A mount point given comes whatever is mounted there, however it is written; others only with NFS."""
    odd = "/mnt/a b\\c=d"
    write(tmp_path, line("/", "ext4") + line(odd, "ext4") + line("/var/x", "tmpfs") + line("/mnt/n", "nfs"))
    assert [line(odd, "ext4"), line("/mnt/n", "nfs")] == said(shell, tmp_path, odd, "/mnt/none")
    assert [line("/mnt/n", "nfs")] == said(shell, tmp_path)


@each_shell
def test_what_covers_a_mount_comes_in_its_place(shell: tuple[str, ...], tmp_path: Path) -> None:
    """The last of several on one mount point is what is seen; an automounter above comes as well."""
    covered = line("/mnt/n") + line("/mnt/n", "tmpfs")
    auto = (
        line("/home", "autofs") + line("/home/ann") + line("/net/x", "autofs") + line("/net/x") + line("/n", "autofs")
    )
    write(tmp_path, covered + auto)
    expected = [line("/mnt/n", "tmpfs"), line("/home", "autofs"), line("/home/ann")]
    assert [*expected, line("/net/x", "autofs"), line("/net/x")] == said(shell, tmp_path)


@each_shell
def test_very_many_nfs_mounts(shell: tuple[str, ...], tmp_path: Path) -> None:
    """The answer is bounded, and those that were asked for are in it, though they come last."""
    points = [f"/mnt/{'x' * 100}/{number}" for number in range(MANY)]
    counts = "".join(f"\t{name}: 1 1 0 44 24 0 0 0 0\n" for name in range(60))
    write(tmp_path, "".join(map(line, points)), "".join(STATS.format(point) + counts for point in points))
    lines = said(shell, tmp_path, points[-1])
    assert line(points[-1]) in lines
    assert line(points[0]) in lines


def mount_namespace() -> list[str]:
    """The command that gives another one mounts of its own. In a bare chroot, unshare(1) can't make them private."""
    if os.geteuid() != 0:
        return ["unshare", "--user", "--map-root-user", "--mount"]
    private = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    return ["unshare", "--mount", *([] if private else ["--propagation=unchanged"])]


@each_shell
def test_a_machine_with_thousands_of_mounts(shell: tuple[str, ...], tmp_path: Path) -> None:
    """In a mount name space of its own, as a node of Kubernetes looks: only the one that is asked for is told."""
    script = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def mount(source, point, kind, flags):
    os.makedirs(point)
    if libc.mount(source.encode(), point.encode(), kind, flags, None):
        sys.exit(os.strerror(ctypes.get_errno()))
top = {str(tmp_path / "top")!r}
mount("none", top, b"tmpfs", 0)
os.mkdir(top + "/source")
for number in range({MANY}):
    mount(top + "/source", f"{{top}}/{{'kubelet-pods-volume-subpaths/' * 4}}{{number}}", None, 4096)
print(os.stat("/proc/self/mountinfo").st_size, len(open("/proc/self/mountinfo").read()), flush=True)
os.execvp(sys.argv[1], sys.argv[1:])
"""
    point = f"{tmp_path}/top/{'kubelet-pods-volume-subpaths/' * 4}{MANY - 1}"
    command = [*mount_namespace(), "/usr/bin/env", "python3", "-c", script]
    done = subprocess.run(
        [*command, *shell, "-c", section(shell), "sh", point], capture_output=True, text=True, check=True
    )
    sizes, *lines = done.stdout.splitlines()
    assert int(sizes.split()[1]) > 1_000_000
    mounts = mountinfo.parse("\n".join(found for found in lines if found[:1].isdecimal()))
    assert [point] == [mount.mountpoint for mount in mounts if mount.fstype not in {"nfs", "nfs4", "autofs"}]
