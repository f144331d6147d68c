"""What /proc says about a lab's processes, seen from the test's own namespaces, where they can be signalled.

Proof of what an exporter leaves on a host is taken here, from outside, without a program run in the host.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.wait import wait_until


@dataclass(frozen=True)
class Process:
    """One process: pid as the test sees it, pid inside its host, owner, state letter of proc(5), command line."""

    pid: int
    inner_pid: int
    uid: int
    state: str
    name: str
    command: str


def read(pid: int) -> Process | None:
    """The process with that pid, or None when it is gone or a zombie."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    state = fields["State"].split()[0]
    if state in "ZX":
        return None
    inner = int(fields["NSpid"].split()[-1])
    return Process(pid, inner, int(fields["Uid"].split()[0]), state, fields["Name"].strip(), command)


def everywhere() -> Iterator[int]:
    """All pids that this process can see."""
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def in_namespace(kind: str, identity: str) -> list[Process]:
    """The live processes whose namespace of that kind ("pid", "net") is `identity`, as /proc/N/ns shows it."""

    def inside(pid: int) -> bool:
        try:
            return str(Path(f"/proc/{pid}/ns/{kind}").readlink()) == identity
        except OSError:
            return False

    found = (read(pid) for pid in everywhere() if inside(pid))
    return [process for process in found if process is not None]


def signal_all(processes: list[Process], number: signal.Signals) -> None:
    """Send a signal to each; one that has ended meanwhile is no error."""
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue


def freeze_and_wait(find: Callable[[], list[Process]], deadline: float = 5.0) -> None:
    """SIGSTOP all that `find` gives, those too that they fork meanwhile, until all are stopped. Raises WaitedInVain."""

    def stopped() -> bool:
        running = [process for process in find() if process.state != "T"]
        signal_all(running, signal.SIGSTOP)
        return not running

    wait_until(stopped, deadline, "frozen processes to stand still")


def kill_and_wait(find: Callable[[], list[Process]], deadline: float = 5.0) -> None:
    """SIGKILL all that `find` gives until it gives none. Raises WaitedInVain if some outlive the deadline."""

    def gone() -> bool:
        left = find()
        signal_all(left, signal.SIGKILL)
        return not left

    wait_until(gone, deadline, "killed processes to end")
