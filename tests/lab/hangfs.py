"""A FUSE file system that can stop answering: arguments HOST_PID MOUNT_POINT SOURCE; SIGUSR1 hangs, SIGUSR2 frees.

It speaks the kernel's protocol itself (linux/fuse.h, version 7.31; man 4 fuse) and so needs no library. While hung it
takes requests and keeps them: a process waiting for one becomes unkillable, harsher than a dead NFS server. SIGTERM
unmounts and ends; however it ends, the kernel then fails all waiting requests, so that nothing stays stuck.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tests.lab import linux

BUFFER = 1 << 17
IN_HEADER = struct.Struct("<IIQQIIII")
OUT_HEADER = struct.Struct("<IiQ")
ATTRIBUTES = struct.Struct("<6Q10I")
ENTRY = struct.Struct("<4Q2I")
STATFS = struct.Struct("<5Q3I28x")
INIT_OUT = struct.Struct("<4I2H2I2HI28x")
SILENT = frozenset({2, 36, 42})  # FORGET, INTERRUPT, BATCH_FORGET take no answer
ROOT, FILE = 1, 2
NAME, CONTENT = b"hello", b"hello\n"
MNT_DETACH = 2


def attributes(node: int) -> bytes:
    """A struct fuse_attr, of a node; nothing may be cached, so every look at the mount asks us."""
    mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o644
    size = 0 if node == ROOT else len(CONTENT)
    return ATTRIBUTES.pack(node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def directory() -> bytes:
    """The root's entries as struct fuse_dirent."""
    found = b""
    for offset, (node, kind, name) in enumerate(((ROOT, 4, b"."), (ROOT, 4, b".."), (FILE, 8, NAME)), start=1):
        entry = struct.pack("<QQII", node, offset, len(name), kind) + name
        found += entry + b"\0" * (-len(entry) % 8)
    return found


def look_up(_: int, body: bytes) -> bytes | int:
    """A name's node: only `hello` is known."""
    known = body.rstrip(b"\0") == NAME
    return ENTRY.pack(FILE, 0, 0, 0, 0, 0) + attributes(FILE) if known else errno.ENOENT


def read(_: int, body: bytes) -> bytes:
    """The file from the wanted offset on; it is small enough to be given whole."""
    offset: int = struct.unpack_from("<Q", body, 8)[0]
    return CONTENT[offset:]


def read_directory(_: int, body: bytes) -> bytes:
    """All entries at the first call, none at the next."""
    return b"" if struct.unpack_from("<Q", body, 8)[0] else directory()


def opened(_: int, __: bytes) -> bytes:
    """A struct fuse_open_out."""
    return struct.pack("<QII", 1, 0, 0)


def nothing(_: int, __: bytes) -> bytes:
    """Done, without a payload."""
    return b""


ANSWERS: dict[int, Callable[[int, bytes], bytes | int]] = {
    1: look_up,
    3: lambda node, _: struct.pack("<QII", 0, 0, 0) + attributes(node),  # GETATTR
    14: opened,  # OPEN
    15: read,
    17: lambda _, __: STATFS.pack(1000, 400, 400, 100, 50, 4096, 255, 4096),
    18: nothing,  # RELEASE
    25: nothing,  # FLUSH
    26: lambda _, __: INIT_OUT.pack(7, 31, 0, 0, 12, 9, 4096, 1, 0, 0, 0),
    27: opened,  # OPENDIR
    28: read_directory,
    29: nothing,  # RELEASEDIR
    34: nothing,  # ACCESS
}
"""What a request of each opcode (node, body) is answered: a payload, or the error number it fails with."""


class HangFs:
    """The mounted file system and the requests it keeps while hung."""

    def __init__(self, host_pid: int, mount_point: str, source: str) -> None:
        self._mount_point = mount_point
        self._hung = False
        self._kept: list[bytes] = []
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        enter_host(host_pid)
        Path(mount_point).mkdir(parents=True, exist_ok=True)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other"
        linux.mount(source, mount_point, "fuse.hang", linux.MS_NOSUID | linux.MS_NODEV, options)

    def serve(self) -> None:
        """Answer until unmounted."""
        for number, handler in (
            (signal.SIGUSR1, self.hang),
            (signal.SIGUSR2, self.free),
            (signal.SIGTERM, self.unmount),
        ):
            signal.signal(number, handler)
        say("mounted")
        while True:
            try:
                request = os.read(self._device, BUFFER)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                if error.errno in (errno.ENOENT, errno.EAGAIN, errno.EINTR):
                    continue
                raise
            if self._hung and IN_HEADER.unpack_from(request)[1] not in SILENT:
                self._kept.append(request)
            else:
                self._reply(request)

    def hang(self, _: int = 0, __: FrameType | None = None) -> None:
        """Keep every request from now on."""
        self._hung = True
        say("hung")

    def free(self, _: int = 0, __: FrameType | None = None) -> None:
        """Answer what was kept, and go on."""
        self._hung = False
        kept, self._kept = self._kept, []
        for request in kept:
            self._reply(request)
        say("free")

    def unmount(self, _: int = 0, __: FrameType | None = None) -> None:
        """Take the mount away and end; requests that are waiting fail."""
        ctypes.CDLL(None).umount2(self._mount_point.encode(), MNT_DETACH)
        os._exit(0)

    def _reply(self, request: bytes) -> None:
        _, opcode, unique, node, *_ = IN_HEADER.unpack_from(request)
        if opcode in SILENT:
            return
        answer = ANSWERS.get(opcode)
        found = errno.ENOSYS if answer is None else answer(node, request[IN_HEADER.size :])
        payload, error = (b"", -found) if isinstance(found, int) else (found, 0)
        try:
            os.write(self._device, OUT_HEADER.pack(OUT_HEADER.size + len(payload), error, unique) + payload)
        except FileNotFoundError:
            return  # whoever had asked was killed meanwhile


def enter_host(pid: int) -> None:
    """Go over to the mount namespace and root of that process."""
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY)
    mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    linux.setns(mounts, linux.CLONE_NEWNS)
    os.fchdir(root)
    os.chroot(".")
    os.chdir("/")


def say(word: str) -> None:
    """Tell the test, which reads our output, what holds from now on."""
    os.write(1, f"{word}\n".encode())


def main() -> None:
    """Mount and serve; the arguments are those of the command line."""
    HangFs(int(sys.argv[1]), sys.argv[2], sys.argv[3]).serve()
