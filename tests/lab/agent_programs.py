"""What both ends of an agent's session have in common, as CloudStack has it: the frames on 8250 and the lines of a log.

Without TLS. Standard library only, and no more of it than needed: the agent runs in User-Mode-Linux hosts too.
"""

from __future__ import annotations

import json
import os
import struct
import time
from typing import NamedTuple

PORT = 8250
REQUEST, FROM_SERVER = 0x1, 0x20
PACKAGE = "com.cloud.agent.api."
LONGEST = 1 << 20

LENGTH = struct.Struct(">I")
HEADER = struct.Struct(">BxHqIqqq")
"""Version, flags, sequence, length of what follows, management server, agent, via; 40 bytes, as of Request.java."""

LAYOUTS = ("4.19", "4.20")


class Message(NamedTuple):
    """A command or the answer to one: its class without the package, and its fields."""

    name: str
    fields: dict[str, object]
    sequence: int
    flags: int = 0
    agent: int = -1

    @property
    def is_request(self) -> bool:
        """Whether it is a command; the answer to one has its sequence."""
        return bool(self.flags & REQUEST)


def pack(message: Message) -> bytes:
    """The message as it goes over the wire, its length before it."""
    body = json.dumps([{PACKAGE + message.name: message.fields}], separators=(",", ":")).encode()
    header = HEADER.pack(0, message.flags, message.sequence, len(body), 0, message.agent, message.agent)
    return LENGTH.pack(HEADER.size + len(body)) + header + body


def length(head: bytes) -> int:
    """How many bytes follow the first four. Raises ValueError if no message is that long."""
    size: int = LENGTH.unpack(head)[0]
    if not HEADER.size < size <= LONGEST:
        raise ValueError(f"a message of {size} bytes")
    return size


def unpack(data: bytes) -> Message:
    """The message in the bytes after its length. Raises ValueError if there is none."""
    _, flags, sequence, _, _, agent, _ = HEADER.unpack_from(data)
    ((name, fields),) = json.loads(data[HEADER.size :])[0].items()
    return Message(name.removeprefix(PACKAGE), fields, sequence, flags, agent)


class Host(NamedTuple):
    """A host as the database has it, and the texts by which logs name it."""

    number: int
    name: str
    kind: str
    uuid: str

    def entity(self, layout: str) -> str:
        """The host, in most lines."""
        if layout == "4.19":
            return str(self.number)
        fields = {"id": self.number, "name": self.name, "type": self.kind, "uuid": self.uuid}
        return f"Host {json.dumps(fields, separators=(',', ':'))}"

    def attache(self, layout: str) -> str:
        """The server's end of the session, in the lines about pings."""
        if layout == "4.19":
            return f"{self.number}({self.name})"
        fields = {"_id": self.number, "_name": self.name, "_uuid": self.uuid}
        return f"AgentAttache {json.dumps(fields, separators=(',', ':'))}"


class Log:
    """A log file in the layout up to 4.19, or since 4.20: they differ in what a thread's context looks like."""

    def __init__(self, path: str, layout: str) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  # pathlib is slow to start in UML
        self.layout = layout
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def roll(self) -> None:
        """What has been written gets another name, and a new file its own, as at midnight."""
        os.rename(self._path, f"{self._path}.{time.time_ns()}")  # noqa: PTH104  # as above
        old, self._file = self._file, os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.close(old)

    def write(self, level: str, logger: str, thread: str, message: str, context: str = "") -> None:
        """One line; `context` is eight hexadecimal digits where the thread works on a job, else empty."""
        if self.layout == "4.19":
            where = f"{thread}:ctx-{context}" if context else f"{thread}:null"
        else:
            where = f"{thread}:[ctx-{context}]" if context else f"{thread}:[]"
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)) + f",{int(now % 1 * 1000):03d}"
        # One system call per line: threads, and a reader that follows the file, never meet half of one.
        os.write(self._file, f"{stamp} {level:<5} [{logger}] ({where}) (logid:{context}) {message}\n".encode())
