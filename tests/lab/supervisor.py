"""The process that owns a lab: everything a lab starts lives in its pid namespace and ends with it, whatever happens.

`python -S -m tests.lab.supervisor CONTROL_FD LOCK_FD DIRECTORY`. Two processes:

* the keeper (subreaper) holds every network namespace open and waits; when the first process of the pid namespace has
  ended, the kernel has killed all others; the keeper then kills strangers that had entered a network namespace of the
  lab (programs the test started there) and removes the directory;
* the first process of the pid namespace makes namespaces, hosts and programs on request. The requests come over a
  socket whose other end only the test process holds: its death, even by SIGKILL, is the end of the lab.

Requests and answers are JSON, one per message; an answer's sender is known by SCM_CREDENTIALS (unix(7)), which the
kernel translates, so the test learns each process's pid as its own namespace counts it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab import hostroot, linux

Request = dict[str, str]
STRANGERS_DEADLINE = 5.0


class Init:
    """The first process of the lab's pid namespace: answers requests until the test process is gone."""

    def __init__(self, control: socket.socket, keeper: socket.socket, directory: Path) -> None:
        self.control = control
        self.keeper = keeper
        self.directory = directory
        self.namespaces: dict[str, int] = {"root": os.open("/proc/self/ns/net", os.O_RDONLY)}

    def serve(self) -> None:
        """Answer requests until the other end closes. Returning ends this process, and with it all of the lab."""
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        linux.unshare(linux.CLONE_NEWNS)
        linux.make_mounts_private(self.directory)
        # libfaketime leaves shared memory behind when its program is killed; here it is gone with the lab.
        linux.mount("shm", "/dev/shm", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=1777")  # noqa: S108
        handlers = {"hello": self.hello, "namespace": self.namespace, "host": self.host, "spawn": self.spawn}
        while message := self.control.recv(1 << 16):
            request = json.loads(message)
            handlers[request["do"]](request)

    def answer(self, **fields: object) -> None:
        """Send one answer; its credentials carry the pid of whichever process calls this."""
        self.control.send(json.dumps(fields).encode())

    def keep(self, fd: int) -> None:
        """Give the keeper a copy of a network namespace's descriptor."""
        socket.send_fds(self.keeper, [b"n"], [fd])

    def hello(self, _: Request) -> None:
        """Tell the test this process's pid."""
        self.answer(name="init")

    def namespace(self, request: Request) -> None:
        """Make a network namespace without a process in it; the answer says under which descriptor it is held."""
        linux.unshare(linux.CLONE_NEWNET)
        fd = os.open("/proc/self/ns/net", os.O_RDONLY)
        linux.setns(self.namespaces["root"], linux.CLONE_NEWNET)
        self.namespaces[request["name"]] = fd
        self.keep(fd)
        self.answer(name=request["name"], fd=fd)

    def host(self, request: Request) -> None:
        """Start a host; its own first process answers once its file tree stands."""

        def first_process() -> None:
            hostroot.build(hostroot.Plan(**request["plan"]))  # type: ignore[arg-type]  # JSON carries a mapping here
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            self.answer(name=request["name"])
            while True:
                signal.pause()

        def launcher() -> None:
            flags = linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC
            linux.unshare(flags | linux.CLONE_NEWPID)
            fd = os.open("/proc/self/ns/net", os.O_RDONLY)
            self.keep(fd)
            os.close(fd)
            self.in_child(first_process)

        self.in_child(launcher)

    def spawn(self, request: Request) -> None:
        """Start a program in a network namespace of the lab; the answer comes from the process that becomes it."""

        def program() -> None:
            linux.setns(self.namespaces[request["namespace"]], linux.CLONE_NEWNET)
            os.setsid()
            output = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.chdir(request["cwd"])
            self.answer(name=request["name"])
            argv: list[str] = json.loads(request["argv"])
            os.execvpe(argv[0], argv, json.loads(request["env"]))  # noqa: S606  # a test names the program

        self.in_child(program)

    def in_child(self, work: Callable[[], None]) -> None:
        """Run `work` in a forked process that never comes back from it; its errors go to the log and as an answer."""
        if os.fork():
            return
        status = 1
        try:
            for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            work()
            status = 0
        except OSError as error:
            self.answer(error=str(error))
        finally:
            if status:
                sys.excepthook(*sys.exc_info())
                sys.stderr.flush()
            os._exit(status)


def strangers(namespaces: set[tuple[int, int]]) -> list[int]:
    """Pids of all processes that live in one of these network namespaces (device and inode of /proc/N/ns/net)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                identity = (entry / "ns/net").stat()
            except OSError:
                continue
            if (identity.st_dev, identity.st_ino) in namespaces:
                found.append(int(entry.name))
    return found


def keep(init: int, keeper: socket.socket, directory: Path) -> None:
    """Hold the namespaces until the lab has ended, then clear what is left of it."""
    held: list[int] = []
    while True:
        message, fds, _, _ = socket.recv_fds(keeper, 1, 1)
        if not message:
            break
        held += fds
    os.waitpid(init, 0)
    # Only while their descriptors are held can these inode numbers not belong to somebody else's namespace.
    namespaces = {(status.st_dev, status.st_ino) for status in map(os.fstat, held)}
    end = time.monotonic() + STRANGERS_DEADLINE
    while (left := strangers(namespaces)) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    remove(directory)


def remove(directory: Path) -> None:
    """Delete a lab's directory, unless something is mounted in it: what is mounted belongs to the machine."""
    if not linux.mounts_below(directory):
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    """Become the keeper, and start the first process of the lab."""
    control_fd, lock_fd, directory = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    fcntl.fcntl(lock_fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    control = socket.socket(fileno=control_fd)
    fcntl.fcntl(control_fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    linux.unshare(linux.CLONE_NEWPID)
    init = os.fork()
    if init == 0:
        ours.close()
        Init(control, theirs, directory).serve()
        os._exit(0)
    control.close()
    theirs.close()
    keep(init, ours, directory)


if __name__ == "__main__":
    main()
