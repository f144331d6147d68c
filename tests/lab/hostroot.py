"""Builds the file tree of a lab host: programs of this machine read-only, everything that can be written its own.

A host gets a whole private root (tmpfs) and not single files mounted over this machine's: such mounts vanish when the
file underneath is replaced, and daemons would share /var and /run with the machine.
"""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab import linux

CSMON_UID = 64001

ACCOUNTS = """root:x:0:0:root:/root:/bin/sh
sshd:x:64010:65534::/run/sshd:/usr/sbin/nologin
_chrony:x:64011:65534::/var/lib/chrony:/usr/sbin/nologin
_rpc:x:64012:65534::/run/rpcbind:/usr/sbin/nologin
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
csmon:x:{uid}:{uid}::/home/csmon:{shell}
"""
SHADOW = "root:*:19000:0:99999:7:::\nsshd:*:19000::::::\ncsmon:*:19000:0:99999:7:::\n"
GROUP = "root:x:0:\nnogroup:x:65534:\ntty:x:5:\ncsmon:x:{uid}:\n"

PROGRAM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "fuse")
FOLDERS = (
    "proc", "sys", "dev/pts", "dev/shm", "etc", "root", "home/csmon", "mnt", "run/sshd", "run/rpcbind", "run/chrony",
    "run/ganesha", "tmp", "var/lib/nfs/ganesha", "var/lib/chrony", "var/log", "var/tmp", "srv",
)  # fmt: skip
LARGE_IN_ETC = ("apt", "fonts", "java", "ssh", "ssl", "systemd", "X11", "passwd", "shadow", "group", "gshadow")


@dataclass(frozen=True)
class Plan:
    """What a file tree is built from: where to mount it, the host's name, login shell, and which `sh` it has."""

    directory: str
    hostname: str
    shell: str
    sh: str
    hosts_file: str


def build(plan: Plan) -> None:
    """Make the tree and enter it by chroot(2); this process must be first in fresh mount, uts and pid namespaces."""
    root = Path(plan.directory)
    linux.mount("lab", root, "tmpfs", data="mode=755")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    _programs(root, plan.sh)
    _devices(root)
    _settings(root, plan)
    os.chroot(root)
    os.chdir("/")
    linux.mount("proc", "/proc", "proc")
    linux.mount("sysfs", "/sys", "sysfs", linux.MS_RDONLY)
    socket.sethostname(plan.hostname)


def _programs(root: Path, sh: str) -> None:
    """Show this machine's programs in the host, unwritable, with the wanted shell under the name sh."""
    (root / "usr").mkdir()
    linux.mount("/usr", root / "usr", flags=linux.MS_BIND | linux.MS_REC)
    linux.mount("none", root / "usr", flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY)
    for name in PROGRAM_FOLDERS:
        original = Path("/", name)
        if original.is_symlink():
            (root / name).symlink_to(original.readlink())
        elif original.is_dir():
            (root / name).mkdir()
            linux.mount(str(original), root / name, flags=linux.MS_BIND | linux.MS_REC)
            linux.mount("none", root / name, flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY)
    wanted, present = Path("/bin", sh).resolve(), Path("/bin/sh").resolve()
    if wanted != present:
        linux.mount(str(wanted), root / present.relative_to("/"), flags=linux.MS_BIND)


def _devices(root: Path) -> None:
    """A /dev with the harmless devices, its own terminals and its own shared memory."""
    for name in DEVICES:
        device = Path("/dev", name)
        if device.exists():
            (root / "dev" / name).touch()
            linux.mount(str(device), root / "dev" / name, flags=linux.MS_BIND)
    linux.mount("devpts", root / "dev/pts", "devpts", data="newinstance,ptmxmode=0666,mode=0620,gid=5")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    (root / "dev/fd").symlink_to("/proc/self/fd")
    for folder in ("dev/shm", "tmp", "var/tmp"):
        (root / folder).chmod(0o1777)


def _settings(root: Path, plan: Plan) -> None:
    """A private /etc: this machine's small settings, with accounts of the host's own."""
    names = [str(path) for path in Path("/etc").iterdir() if not path.name.startswith(LARGE_IN_ETC)]
    subprocess.run(["cp", "-a", *names, str(root / "etc")], check=True, stdin=subprocess.DEVNULL)
    (root / "etc/ssh/authorized_keys").mkdir(parents=True)
    files = {
        "passwd": ACCOUNTS.format(uid=CSMON_UID, shell=plan.shell),
        "shadow": SHADOW,
        "group": GROUP.format(uid=CSMON_UID),
        "hostname": f"{plan.hostname}\n",
        "hosts": plan.hosts_file,
    }
    for name, text in files.items():
        target = root / "etc" / name
        target.unlink(missing_ok=True)
        target.write_text(text, encoding="utf-8")
    (root / "etc/shadow").chmod(0o600)
    (root / "var/run").symlink_to("/run")
    (root / "etc/mtab").unlink(missing_ok=True)
    (root / "etc/mtab").symlink_to("../proc/self/mounts")
    os.chown(root / "home/csmon", CSMON_UID, CSMON_UID)
    (root / "home/csmon").chmod(0o700)
    (root / "root").chmod(0o700)
