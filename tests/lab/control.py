"""The test's end of a lab's supervisor: starts it, asks it for namespaces, hosts and programs, and ends it.

Apart from `supervisor.py` because that one runs as a process of its own and must stay free of everything else.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.daemon import Daemon
from tests.lab.supervisor import remove

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "cslab-"
ANSWER_DEADLINE = 20.0
CLOSE_DEADLINE = 20.0
UNLOCKED_GRACE = 60.0


class LabError(Exception):
    """Raised when the lab itself, not the program under test, cannot do what it was asked."""


@dataclass(frozen=True)
class Answer:
    """What the supervisor answered: the sender's pid as this process counts it, and the fields."""

    pid: int
    fields: dict[str, int | str]


class Supervisor:
    """A running supervisor and its directory; `close` (or the end of this process) ends everything that it started."""

    def __init__(self) -> None:
        sweep_stale()
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.directory.chmod(0o755)
        self.log = self.directory / "supervisor.log"
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        ours.settimeout(ANSWER_DEADLINE)
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        arguments = [str(theirs.fileno()), str(lock), str(self.directory)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-m", "tests.lab.supervisor", *arguments],
                cwd=PROJECT,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(), lock),
                start_new_session=True,
            )
        theirs.close()
        os.close(lock)
        self._socket = ours

    @property
    def pid(self) -> int:
        """The keeper's pid."""
        return self._process.pid

    def send(self, **fields: object) -> None:
        """Send a request. Raises LabError when the supervisor is gone."""
        try:
            self._socket.send(json.dumps(fields).encode())
        except OSError as error:
            raise self._failure(str(error)) from error

    def receive(self) -> Answer:
        """Wait for the next answer. Raises LabError when it tells of an error, is late, or the supervisor is gone."""
        credentials = struct.Struct("3i")
        try:
            message, ancillary, _, _ = self._socket.recvmsg(1 << 16, socket.CMSG_SPACE(credentials.size))
        except OSError as error:
            raise self._failure(str(error)) from error
        if not message:
            raise self._failure("it has ended")
        fields = json.loads(message)
        if "error" in fields:
            raise self._failure(fields["error"])
        pid, _, _ = credentials.unpack(ancillary[0][2])
        return Answer(pid, fields)

    def ask(self, **fields: object) -> Answer:
        """One request and its answer."""
        self.send(**fields)
        return self.receive()

    def spawn(self, argv: Sequence[str], namespace: str, log: Path, cwd: Path = Path("/")) -> Daemon:
        """Start a program that belongs to the lab: it ends with it, and its orphans are reaped."""
        answer = self.ask(
            do="spawn",
            name=argv[0],
            namespace=namespace,
            argv=json.dumps(list(argv)),
            env=json.dumps(dict(os.environ)),
            log=str(log),
            cwd=str(cwd),
        )
        return Daemon(answer.pid, log)

    def close(self) -> None:
        """End the lab and wait until nothing of it is left. Raises subprocess.TimeoutExpired."""
        self._socket.close()
        self._process.wait(CLOSE_DEADLINE)

    def _failure(self, what: str) -> LabError:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return LabError(f"lab supervisor: {what}\n{text[-2000:]}")


def sweep_stale() -> None:
    """Remove directories of labs whose keeper was killed before it could; a live lab holds the lock on its own."""
    for directory in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        try:
            lock = os.open(directory / "lock", os.O_RDWR)
        except OSError:
            if directory.exists() and time.time() - directory.stat().st_mtime > UNLOCKED_GRACE:
                remove(directory)
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(directory)
        except BlockingIOError:
            continue
        finally:
            os.close(lock)
