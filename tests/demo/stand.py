"""The demo as users start it, for its tests: a process, what it prints, and all that it has on this machine.

What belongs to a demo is told by descent, since other labs may be up at the same time.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.control import PROJECT
from tests.lab.netns import run
from tests.lab.wait import wait_until

UP_DEADLINE, END_DEADLINE = 90.0, 30.0
COMMAND = [sys.executable, "-m", "tests.demo"]


def free_port() -> int:
    """A port that nobody has right now."""
    with closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


def command(control: str, *words: str) -> tuple[int, str]:
    """A command of the demo of that name, to its end: status, and what was printed."""
    argv = [*COMMAND, f"--control={control}", *words]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=END_DEADLINE, check=False)
    return done.returncode, done.stdout + done.stderr


@dataclass(frozen=True)
class Process:
    """A process, known again by when it began."""

    pid: int
    began: str

    def alive(self) -> bool:
        """Whether it still runs."""
        return dict(_processes()).get(self.pid, ("", ""))[1] == self.began


class Demo:
    """`with Demo(control):` it runs, at ports of its own."""

    def __init__(self, control: str, log: Path) -> None:
        self.exporter, self.prometheus, self.alertmanager = (free_port() for _ in range(3))
        self._control = control
        self._log = log
        flags = {"exporter": self.exporter, "prometheus": self.prometheus, "alertmanager": self.alertmanager}
        ports = [f"--{name}-port={port}" for name, port in flags.items()]
        with log.open("w") as output:
            argv = [*COMMAND, f"--control={control}", *ports]
            self.process = subprocess.Popen(argv, cwd=PROJECT, stdout=output, stderr=output)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGTERM)

    def said(self) -> str:
        """All that it has printed."""
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until it has printed something so often. Raises WaitedInVain, AssertionError if it ends before."""

        def there() -> bool:
            assert self.process.poll() is None, self.said()
            return self.said().count(words) >= times

        wait_until(there, UP_DEADLINE, f"the demo to say {words!r}")

    def ask(self, *words: str) -> tuple[int, str]:
        """A command of its user in another terminal."""
        return command(self._control, *words)

    def end(self, number: signal.Signals) -> int:
        """End it by a signal; its status."""
        self.process.send_signal(number)
        return self.process.wait(END_DEADLINE)

    def belongings(self) -> Belongings:
        """What it has on this machine now."""
        table = dict(_processes())
        parents = {pid: parent for pid, (parent, _) in table.items()}
        descending = {pid for pid in parents if self.process.pid in _ancestors(pid, parents)}
        found = re.search(r"--config\.file=(/\S+?)/cs_exporter\.yml", "\0".join(map(_command_line, descending)))
        network = re.search(r"ms1 +([0-9.]+)\.[0-9]+ ", self.said())
        assert found is not None
        assert network is not None
        return Belongings(
            frozenset(Process(pid, table[pid][1]) for pid in descending), Path(found[1]), f"{network[1]}.3"
        )


@dataclass(frozen=True)
class Belongings:
    """Processes, the folder, and the address of the wire into the lab."""

    processes: frozenset[Process]
    folder: Path
    address: str

    def left(self) -> list[str]:
        """What of it is still there."""
        alive = [f"process {process.pid}" for process in self.processes if process.alive()]
        folder = [str(self.folder)] if self.folder.exists() else []
        mounted = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(self.folder) in line]
        addresses = [
            info["local"] for link in json.loads(run(["ip", "-j", "-4", "address"])) for info in link["addr_info"]
        ]
        return [*alive, *folder, *mounted, *(one for one in addresses if one == self.address)]


def _processes() -> Iterator[tuple[int, tuple[int, str]]]:
    """Pid, its parent's and its start time, of all that live (proc(5))."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            yield int(entry.name), (int(fields[1]), fields[19])


def _command_line(pid: int) -> str:
    """Empty where the process has gone meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _ancestors(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid in parents:
        pid = parents[pid]
        yield pid
