"""The assembled collector run for real, under any shell of this machine: requests in, frames and raw bytes out.

It also finds every process that a collector has started, whoever its parent is by now: all carry a mark of this run.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cs_exporter.parsers.collector import EndedFrame, Frame, FrameReader, Hello, ListedFrame, SectionFrame, request_line
from cs_exporter.spec import Section
from cs_exporter.transports.collector.script import assemble
from tests.lab.wait import wait_until_async

Call = tuple[str, int, tuple[str, ...]]

SECTIONS = (
    Section("show", 'for one; do printf "<%s>" "$one"; done'),
    Section("read", 'cat -- "$1"'),
    Section("fail", "echo to stderr >&2; (exit 3)"),
    Section("nap", 'env sleep "$1"; echo slept', blocks=True),
    Section("chunk", 'cat -- "$1"', blocks=True),
    Section("wrong", "echo almost; (exit 4)", blocks=True),
    Section("size", 'stat -f -c %S -- "$1"', blocks=True, tool="stat", mount_argument=True),
    Section("lacking", "echo never", tool="no-such-tool"),
    Section("lacking_worker", "echo never", blocks=True, tool="no-such-tool"),
)
"""One section of each kind; `show` and `read` never block."""

SCRIPT = assemble(SECTIONS).text


@dataclass(frozen=True)
class ShellKind:
    """A shell to run the collector under; `program` also stands behind `sh`, for the collector's workers."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    all_applets: bool = False  # every command that busybox has is busybox's, too

    def directory(self, parent: Path) -> Path:
        """A folder for the front of PATH, in which `sh` is this shell."""
        folder = parent / self.name.replace(" ", "_")
        folder.mkdir(exist_ok=True)
        program = Path(shutil.which(self.program) or self.program)
        names = {"sh", self.program}
        if self.all_applets:
            names |= {"cat", "date", "grep", "printf", "sleep", "stat", "timeout"}
        for name in names:
            with suppress(FileExistsError):
                (folder / name).symlink_to(program)
        return folder


DASH = ShellKind("dash", "dash")
SHELLS = (
    DASH,
    ShellKind("bash", "bash"),
    ShellKind("bash as posix", "bash", ("--posix",)),
    ShellKind("busybox", "busybox", ("sh",)),
    ShellKind("only busybox", "busybox", ("sh",), all_applets=True),
    ShellKind("mksh", "mksh"),
    ShellKind("ksh93", "ksh93"),
)


class RunningCollector:
    """A collector under way. `frames` and `raw` grow as it answers; clearing an event of `reading` holds it back."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        self.process = process
        self.mark = mark
        self.frames: list[Frame] = []
        self.raw = (bytearray(), bytearray())
        self.readers = (FrameReader(), FrameReader())
        self.reading = (asyncio.Event(), asyncio.Event())
        self._requests = 0
        self._tasks = [
            asyncio.create_task(self._read(number, stream))
            for number, stream in enumerate((process.stdout, process.stderr))
            if stream is not None
        ]

    async def _read(self, number: int, stream: asyncio.StreamReader) -> None:
        while True:
            await self.reading[number].wait()
            data = await stream.read(1 << 16)
            if not data:
                return
            self.raw[number].extend(data)
            self.frames.extend(self.readers[number].feed(data))

    def write(self, data: bytes) -> None:
        """Send bytes to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def send(self, *calls: Call) -> str:
        """Ask without waiting; the request's id."""
        self._requests += 1
        request = f"{self._requests:x}.ab"
        self.write(request_line(request, list(calls)))
        return request

    async def hello(self) -> Hello:
        """Its first frame."""
        await wait_until_async(lambda: self.frames, what="the collector's hello")
        assert isinstance(self.frames[0], Hello)
        return self.frames[0]

    def of(self, request: str) -> dict[int, SectionFrame]:
        """The sections of a request that have answered, by index."""
        return {
            frame.index: frame for frame in self.frames if isinstance(frame, SectionFrame) and frame.request == request
        }

    def ended(self, request: str) -> bool:
        """Whether all of a request has been answered."""
        return ListedFrame(request, 0) in self.frames or (
            EndedFrame(request) in self.frames
            and any(isinstance(frame, ListedFrame) and frame.request == request for frame in self.frames)
        )

    async def ask(self, *calls: Call, deadline: float = 15.0) -> dict[int, SectionFrame]:
        """Ask, wait for the end of the request, and give its sections by index."""
        request = self.send(*calls)
        await wait_until_async(lambda: self.ended(request), deadline, f"the end of request {request}")
        return self.of(request)

    def hang_up(self) -> None:
        """End its standard input, as a client does that goes away in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def break_off(self) -> None:
        """Read nothing more and send nothing more, as a client does whose connection breaks."""
        transport = self.process._transport  # type: ignore[attr-defined]  # asyncio gives no other way to the pipes
        for number in range(3):
            transport.get_pipe_transport(number).close()

    @property
    def finished(self) -> bool:
        """Whether both streams have ended and been read."""
        return all(task.done() for task in self._tasks)

    def alive(self) -> dict[int, str]:
        """Everything that it started and that still runs, itself among it: pid and command line."""
        return marked(self.mark)

    async def gone(self, deadline: float = 5.0) -> None:
        """Wait until nothing of it runs."""
        # Twice, since what is born while one looks is not seen.
        await wait_until_async(lambda: not (self.alive() or self.alive()), deadline, f"none of {self.alive()}")

    async def close(self) -> None:
        """Kill what is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pid in self.alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # First, because up to Python 3.11.9 a process whose output is not read to its end is waited for for ever.
        self.break_off()
        await self.process.wait()


def marked(mark: str) -> dict[int, str]:
    """The processes whose environment has this mark: pid and command line. Zombies have no environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:60]
    return found


@asynccontextmanager
async def collector(
    shell: ShellKind, folder: Path, script: str = SCRIPT, environment: Mapping[str, str] | None = None
) -> AsyncIterator[RunningCollector]:
    """A collector streamed to a shell as it is streamed to a host; its hello has been read."""
    mark = f"collector-{uuid.uuid4().hex}"
    path = os.pathsep.join((str(shell.directory(folder)), "/usr/local/bin", "/usr/bin", "/bin"))
    process = await asyncio.create_subprocess_exec(
        shell.program,
        *shell.arguments,
        "-s",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": path, "MARK": mark, **(environment or {})},
    )
    running = RunningCollector(process, mark)
    for event in running.reading:
        event.set()
    try:
        running.write(script.encode())
        if script.endswith("main; exit\n"):
            await running.hello()
        yield running
    finally:
        await running.close()
